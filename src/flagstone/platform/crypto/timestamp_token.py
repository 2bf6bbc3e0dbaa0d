# SPDX-License-Identifier: EUPL-1.2
"""The shape of a time-stamp token: TSTInfo inside CMS SignedData (RFC 3161 section 2.4.2, RFC 5652)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.crypto import der, identifiers
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.der import DerRefused, Element
from flagstone.platform.crypto.digests import Digest, DigestRefused
from flagstone.platform.crypto.names import Names, loose_key, names_of, text_of
from flagstone.platform.crypto.signing import Algorithm, SignatureAlgorithmRefused

TOKEN_BYTES_MAX = 131_072
CERTIFICATES_MAX = 20
ATTRIBUTES_MAX = 32
TOKENS_KEPT = 256

SIGNED_DATA_OID = "1.2.840.113549.1.7.2"
TST_INFO_OID = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE_OID = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST_OID = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_OID = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2_OID = "1.2.840.113549.1.9.16.2.47"
CERTIFICATES_TAG, ATTRIBUTES_TAG, EXTENSIONS_TAG, KEY_ID_TAG = 0xA0, 0xA0, 0xA1, 0x80


class TimestampUnreadable(Fault):
    """Bytes are not a time-stamp token, query or reply."""

    code = "crypto.timestamp-unreadable"
    kind = Kind.INVALID
    title = "The time-stamp cannot be read"
    remedy = (
        "Look at what the address answers; a proxy's or an error page often comes instead of a time-stamp."
    )


@dataclass(frozen=True)
class TimeInfo:
    """What an authority states: these bytes' digest was there at that time (TSTInfo)."""

    policy: str
    digest: Digest
    imprint: bytes
    serial: int
    time: datetime
    nonce: int | None


@dataclass(frozen=True)
class CertificateBinding:
    """By which digest the signed attributes name the signer's certificate (ESSCertID, ESSCertIDv2)."""

    digest: Digest
    value: bytes
    serial: int | None


@dataclass(frozen=True, eq=False)
class TimeStampToken:
    """A token as it was read; nothing of it is believed yet.

    The signer is named by `signer_issuer` (DER) and `signer_serial`, or by `signer_key_id`.
    """

    info: TimeInfo
    info_bytes: bytes
    certificates: tuple[bytes, ...]
    signers: int
    signer_issuer: bytes
    signer_serial: int | None
    signer_key_id: bytes | None
    digest: Digest
    algorithm: Algorithm
    signature: bytes
    signed_bytes: bytes
    content_type: str
    message_digest: bytes
    bindings: tuple[CertificateBinding, ...]

    @property
    def signer_text(self) -> str:
        """Return how the token names its signer, for people."""
        if self.signer_key_id is not None:
            return f"the key {self.signer_key_id.hex()}"
        return f"serial {self.signer_serial or 0:02x} of {_issuer_text(self.signer_issuer)}"

    def names(self, candidate: Certificate) -> bool:
        """Tell whether `candidate` is the certificate that the token names as its signer's."""
        if self.signer_key_id is not None:
            return candidate.subject_key_id == self.signer_key_id
        if candidate.serial != self.signer_serial:
            return False
        same_bytes = candidate.issuer_der == self.signer_issuer
        return same_bytes or loose_key(candidate.issuer) == loose_key(_issuer_names(self.signer_issuer))


def read_token(token: bytes) -> TimeStampToken:
    """Return what a token (a CMS ContentInfo, DER or BER) holds.

    Raises TimestampUnreadable beyond 128 KiB, for other CMS content, and for algorithms that are not known.
    A token of several signers is read, as it must be told apart: `signers` counts them, the first is kept.
    """
    if len(token) > TOKEN_BYTES_MAX:
        raise TimestampUnreadable(f"{len(token)} bytes are too many for a time-stamp")
    return _read(token)


def read_imprint(element: Element) -> tuple[Digest, bytes]:
    """Return digest and value of a MessageImprint; DerRefused or DigestRefused otherwise."""
    algorithm, value = _parts(element, 2)
    digest = identifiers.read_digest(algorithm)
    imprint = value.of(der.OCTET_STRING).body
    if len(imprint) != digest.octets:
        raise DerRefused(f"an imprint of {len(imprint)} bytes is no {digest.title}")
    return digest, imprint


def content_of(token: bytes) -> list[Element]:
    """Return the parts of the SignedData inside a ContentInfo; DerRefused for other content."""
    kind, wrapped = _parts(der.read(token, bytes_max=TOKEN_BYTES_MAX), 2)
    if kind.oid() != SIGNED_DATA_OID:
        raise DerRefused("it is not signed data")
    return _parts(wrapped.of(0xA0).children()[0], 4)


def definite_of(token: bytes) -> bytes:
    """Return the token, with definite lengths where it has others; TimestampUnreadable when it is none."""
    read_token(token)
    try:
        _value(content_of(token))
        return token
    except (DerRefused, ValueError, IndexError):
        return der.definite(token, bytes_max=TOKEN_BYTES_MAX)


@lru_cache(TOKENS_KEPT)
def _read(token: bytes) -> TimeStampToken:
    """Return what a token holds, read once."""
    try:
        try:
            return _value(content_of(token))
        except (DerRefused, ValueError, IndexError):
            return _value(content_of(der.definite(token, bytes_max=TOKEN_BYTES_MAX)))
    except (DerRefused, DigestRefused, SignatureAlgorithmRefused) as error:
        raise TimestampUnreadable(error.detail) from error
    except (ValueError, IndexError, KeyError) as error:
        raise TimestampUnreadable("a part is missing or stands at the wrong place") from error


def _value(parts: list[Element]) -> TimeStampToken:
    """Return the token of the parts of a SignedData."""
    content = _parts(parts[2], 2)
    if content[0].oid() != TST_INFO_OID:
        raise DerRefused("it signs something else than a time")
    info_bytes = content[1].of(0xA0).children()[0].of(der.OCTET_STRING).body
    certificates = [each for part in parts[3:-1] if part.tag == CERTIFICATES_TAG for each in part.children()]
    if len(certificates) > CERTIFICATES_MAX:
        raise DerRefused(f"{len(certificates)} certificates are too many")
    signers = parts[-1].of(der.SET).children()
    _, named, digest_id, attributes, algorithm_id, signature, *_ = signers[0].of(der.SEQUENCE).children()
    digest = identifiers.read_digest(digest_id)
    values = _attributes(attributes)
    issuer, serial, key_id = _signer(named)
    return TimeStampToken(
        info=_info(info_bytes),
        info_bytes=info_bytes,
        certificates=tuple(each.whole for each in certificates if each.tag == der.SEQUENCE),
        signers=len(signers),
        signer_issuer=issuer,
        signer_serial=serial,
        signer_key_id=key_id,
        digest=digest,
        algorithm=identifiers.read_signature(algorithm_id, digest),
        signature=signature.of(der.OCTET_STRING).body,
        signed_bytes=der.set_of(*(each.whole for each in attributes.children())),
        content_type=values[CONTENT_TYPE_OID].oid(),
        message_digest=values[MESSAGE_DIGEST_OID].of(der.OCTET_STRING).body,
        bindings=tuple(_bindings(values)),
    )


def _signer(named: Element) -> tuple[bytes, int | None, bytes | None]:
    """Return issuer and serial number, or the key identifier, by which the signer is named."""
    if named.tag == KEY_ID_TAG:
        return b"", None, named.body
    issuer, serial = _parts(named, 2)
    return issuer.whole, serial.integer(), None


def _info(data: bytes) -> TimeInfo:
    """Return the statement; optional fields are told apart by their tags."""
    version, policy, imprint, serial, time, *rest = der.read(data).of(der.SEQUENCE).children()
    if version.integer() != 1:
        raise DerRefused("the statement is of another version than 1")
    digest, value = read_imprint(imprint)
    nonces = [each.integer() for each in rest if each.tag == der.INTEGER]
    known = {der.SEQUENCE, der.BOOLEAN, der.INTEGER, 0xA0, 0xA1}
    if len(nonces) > 1 or any(each.tag not in known for each in rest):
        raise DerRefused("the statement has parts that are not known")
    if any(each.tag == EXTENSIONS_TAG and _has_critical(each) for each in rest):
        raise DerRefused("the statement has a critical extension")
    return TimeInfo(policy.oid(), digest, value, serial.integer(), time.time(), nonces[0] if nonces else None)


def _has_critical(extensions: Element) -> bool:
    """Tell whether an extension must be understood; none is."""
    marks = (part for each in extensions.children() for part in each.children())
    return any(part.tag == der.BOOLEAN and part.body != b"\x00" for part in marks)


def _attributes(attributes: Element) -> dict[str, Element]:
    """Return the one value of each signed attribute that is looked at; DerRefused when one comes twice."""
    looked_at = {CONTENT_TYPE_OID, MESSAGE_DIGEST_OID, SIGNING_CERTIFICATE_OID, SIGNING_CERTIFICATE_V2_OID}
    found: dict[str, Element] = {}
    children = attributes.of(ATTRIBUTES_TAG).children()
    if len(children) > ATTRIBUTES_MAX:
        raise DerRefused(f"{len(children)} signed attributes are too many")
    for each in children:
        kind, values = _parts(each, 2)
        name = kind.oid()
        if name in looked_at:
            held = values.of(der.SET).children()
            if name in found or len(held) != 1:
                raise DerRefused("a signed attribute comes twice or has not one value")
            found[name] = held[0]
    return found


def _bindings(values: dict[str, Element]) -> list[CertificateBinding]:
    """Return by which digests the signer's certificate is named; the first certificate is the signer's."""
    found = []
    if SIGNING_CERTIFICATE_OID in values:
        first = values[SIGNING_CERTIFICATE_OID].of(der.SEQUENCE).children()[0].children()[0]
        found.append(_binding(first.children(), Digest.SHA1))
    if SIGNING_CERTIFICATE_V2_OID in values:
        parts = values[SIGNING_CERTIFICATE_V2_OID].of(der.SEQUENCE).children()[0].children()[0].children()
        digest = Digest.SHA256
        if parts[0].tag == der.SEQUENCE:
            digest = identifiers.read_digest(parts.pop(0))
        found.append(_binding(parts, digest))
    return found


def _binding(parts: list[Element], digest: Digest) -> CertificateBinding:
    """Return one binding: the digest, and the serial number where it is said (RFC 5035 section 4)."""
    serial = parts[1].of(der.SEQUENCE).children()[1].integer() if len(parts) > 1 else None
    return CertificateBinding(digest, parts[0].of(der.OCTET_STRING).body, serial)


def _parts(element: Element, least: int) -> list[Element]:
    """Return the children of a sequence that has at least so many; DerRefused otherwise."""
    parts = element.of(der.SEQUENCE).children()
    if len(parts) < least:
        raise DerRefused(f"{len(parts)} parts stand where {least} were expected")
    return parts


def _issuer_names(issuer: bytes) -> Names:
    """Return the pairs of an issuer's name; nothing when it cannot be read."""
    try:
        return names_of(issuer)
    except (DerRefused, ValueError):
        return ()


def _issuer_text(issuer: bytes) -> str:
    """Return an issuer's name as text."""
    return text_of(_issuer_names(issuer)) or "an unreadable name"

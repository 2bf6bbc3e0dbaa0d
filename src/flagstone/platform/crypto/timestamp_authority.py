# SPDX-License-Identifier: EUPL-1.2
"""The stamping side: reads queries and signs statements of time (RFC 3161 section 2.4, RFC 5816)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flagstone.platform.crypto import der, identifiers
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.der import DerRefused, Element
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of
from flagstone.platform.crypto.signing import Algorithm, Family, PrivateKey
from flagstone.platform.crypto.timestamp_token import (
    ATTRIBUTES_TAG,
    CERTIFICATES_TAG,
    CONTENT_TYPE_OID,
    MESSAGE_DIGEST_OID,
    SIGNED_DATA_OID,
    SIGNING_CERTIFICATE_V2_OID,
    TST_INFO_OID,
    read_imprint,
)

QUERY_BYTES_MAX = 4_096
BAD_ALGORITHM, BAD_REQUEST, BAD_FORMAT, BAD_POLICY, BAD_EXTENSION = 0, 2, 5, 15, 16
TIME_NOT_AVAILABLE, SYSTEM_FAILURE = 14, 25
_EXTENSIONS_TAG = 0xA0
_RSA_OID = "1.2.840.113549.1.1.1"
_REJECTION = 2


@dataclass(frozen=True)
class Authority:
    """Who stamps: key and certificate (critical usage timeStamping alone), policy, and how exact it is."""

    key: PrivateKey
    certificate: Certificate
    policy_oid: str
    chain: tuple[Certificate, ...] = ()
    accuracy_ms: int = 1000
    algorithm: Algorithm | None = None


@dataclass(frozen=True)
class Query:
    """A query as it was read: the imprint, and what the asker wants besides."""

    digest: Digest
    imprint: bytes
    policy_oid: str = ""
    nonce: int | None = None
    cert_req: bool = False


class _Rejected(Exception):
    """A query that is not granted: the bit of PKIFailureInfo, and the reason in words."""

    def __init__(self, bit: int, words: str) -> None:
        super().__init__(words)
        self.bit, self.words = bit, words


def grant(query: bytes, authority: Authority, *, serial: Callable[[], int], now: datetime) -> bytes:
    """Return the `application/timestamp-reply` to a query: a token, or a rejection with failure information.

    `serial` gives the next serial number, never one twice; it is called only when a token is made. Imprints
    on SHA-1 are rejected. PrivateKeyUnusable comes from the key.
    """
    try:
        asked = _read_query(query, authority.policy_oid)
    except _Rejected as rejected:
        return _rejection(rejected)
    token = _token(_statement(asked, authority, serial(), now), asked, authority)
    return der.sequence(der.sequence(der.integer(0)), token)


def rejection(bit: int, words: str) -> bytes:
    """Return a reply that grants nothing: one bit of PKIFailureInfo (2.4.2), and the reason in words."""
    return _rejection(_Rejected(bit, words))


def _read_query(query: bytes, policy_oid: str) -> Query:
    """Return what a query asks; _Rejected when it cannot be granted."""
    try:
        version, imprint, *rest = der.read(query, bytes_max=QUERY_BYTES_MAX).of(der.SEQUENCE).children()
        if version.integer() != 1:
            raise _Rejected(BAD_REQUEST, "the query is of another version than 1")
        digest, value = read_imprint(imprint)
        asked = _asked(digest, value, rest)
    except DigestRefused as error:
        raise _Rejected(BAD_ALGORITHM, error.detail) from error
    except (DerRefused, ValueError) as error:
        raise _Rejected(BAD_FORMAT, "the query cannot be read") from error
    if asked.digest is Digest.SHA1:
        raise _Rejected(BAD_ALGORITHM, "SHA-1 is not stamped")
    if asked.policy_oid not in {"", policy_oid}:
        raise _Rejected(BAD_POLICY, f"only the policy {policy_oid} is stamped under")
    return asked


def _asked(digest: Digest, imprint: bytes, rest: list[Element]) -> Query:
    """Return the query with its optional fields, each at most once; _Rejected for extensions."""
    found = {each.tag: each for each in rest}
    if _EXTENSIONS_TAG in found:
        raise _Rejected(BAD_EXTENSION, "no extension is known here")
    if len(found) != len(rest) or not found.keys() <= {der.OID, der.INTEGER, der.BOOLEAN}:
        raise _Rejected(BAD_FORMAT, "the query has parts that are not known")
    return Query(
        digest,
        imprint,
        policy_oid=found[der.OID].oid() if der.OID in found else "",
        nonce=found[der.INTEGER].integer() if der.INTEGER in found else None,
        cert_req=der.BOOLEAN in found and found[der.BOOLEAN].body != b"\x00",
    )


def _statement(asked: Query, authority: Authority, serial: int, now: datetime) -> bytes:
    """Return the TSTInfo."""
    return der.sequence(
        der.integer(1),
        der.oid(authority.policy_oid),
        der.sequence(identifiers.digest_identifier(asked.digest), der.octets(asked.imprint)),
        der.integer(serial),
        der.time(now, digits=3),
        _accuracy(authority.accuracy_ms),
        b"" if asked.nonce is None else der.integer(asked.nonce),
    )


def _accuracy(milliseconds: int) -> bytes:
    """Return an Accuracy: whole seconds, and the rest in milliseconds where there is one."""
    seconds, rest = divmod(milliseconds, 1000)
    parts = [der.integer(seconds)] if seconds else []
    return der.sequence(*parts, *([der.integer(rest, 0x80)] if rest else []))


def _token(info: bytes, asked: Query, authority: Authority) -> bytes:
    """Return the CMS ContentInfo around a statement, signed (RFC 5652 section 5)."""
    algorithm = authority.algorithm or authority.key.algorithm
    attributes = sorted(_attributes(info, authority.certificate, algorithm.digest))
    signature = authority.key.sign(der.set_of(*attributes), algorithm)
    signer = der.sequence(
        der.integer(1),
        der.sequence(authority.certificate.issuer_der, der.integer(authority.certificate.serial)),
        identifiers.digest_identifier(algorithm.digest),
        der.tlv(ATTRIBUTES_TAG, b"".join(attributes)),
        _signature_identifier(algorithm),
        der.octets(signature),
    )
    signed = der.sequence(
        der.integer(3),
        der.set_of(identifiers.digest_identifier(algorithm.digest)),
        der.sequence(der.oid(TST_INFO_OID), der.explicit(0, der.octets(info))),
        _certificates(authority) if asked.cert_req else b"",
        der.set_of(signer),
    )
    return der.sequence(der.oid(SIGNED_DATA_OID), der.explicit(0, signed))


def _attributes(info: bytes, certificate: Certificate, digest: Digest) -> list[bytes]:
    """Return the signed attributes: content type, digest of the statement, and the certificate (RFC 5816)."""
    issuer = der.sequence(
        der.sequence(der.explicit(4, certificate.issuer_der)), der.integer(certificate.serial)
    )
    binding = der.sequence(der.sequence(der.sequence(der.octets(certificate.sha256), issuer)))
    return [
        _attribute(CONTENT_TYPE_OID, der.oid(TST_INFO_OID)),
        _attribute(MESSAGE_DIGEST_OID, der.octets(digest_of(info, digest))),
        _attribute(SIGNING_CERTIFICATE_V2_OID, binding),
    ]


def _attribute(name: str, value: bytes) -> bytes:
    """Return one attribute of one value."""
    return der.sequence(der.oid(name), der.set_of(value))


def _signature_identifier(algorithm: Algorithm) -> bytes:
    """Return the algorithm as CMS names it: plain RSA stands beside its digest (RFC 3370 section 3.2)."""
    if algorithm.family is Family.RSA:
        return der.sequence(der.oid(_RSA_OID), der.null())
    return identifiers.signature_identifier(algorithm)


def _certificates(authority: Authority) -> bytes:
    """Return the certificates field: the authority's own and those above it."""
    sent = sorted(each.der for each in (authority.certificate, *authority.chain))
    return der.tlv(CERTIFICATES_TAG, b"".join(sent))


def _rejection(rejected: _Rejected) -> bytes:
    """Return a reply that grants nothing: status, words, one failure bit (a named bit list)."""
    octet, unused = 0x80 >> rejected.bit % 8, 7 - rejected.bit % 8
    failure = bytes((unused, *([0] * (rejected.bit // 8)), octet))
    words = der.sequence(der.tlv(der.UTF8_STRING, rejected.words.encode()))
    return der.sequence(der.sequence(der.integer(_REJECTION), words, der.tlv(der.BIT_STRING, failure)))

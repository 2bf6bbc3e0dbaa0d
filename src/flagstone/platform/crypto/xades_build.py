# SPDX-License-Identifier: EUPL-1.2
"""XAdES signatures made, in the form that X-Road 6 and 7 accept (ETSI TS 101 903 v1.3.2).

The document is written as text in its canonical form, so that what is digested and signed needs no parser:
the canonical bytes of an element in its place are its text with the root's namespaces in its first tag.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from flagstone.platform.crypto import signing, xades_form
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.digests import digest_of
from flagstone.platform.crypto.hash_chain_build import SIGNATURE_CHAIN, Leaf, build_chains
from flagstone.platform.crypto.issuer_name import issuer_name
from flagstone.platform.crypto.signing import Algorithm, Family, PrivateKey
from flagstone.platform.crypto.xades import ATTACHMENT, CHAIN_RESULT, MESSAGE, OCSP_RESPONSES_MAX
from flagstone.platform.crypto.xades_form import DIGEST, DIGEST_METHOD, NAMESPACES
from flagstone.platform.crypto.xmldsig import CERTIFICATES_MAX, REFERENCES_MAX, SignatureRefused

TIMESTAMP_BYTES_MAX = 1 << 16


@dataclass(frozen=True)
class Signer:
    """A signing key with its certificate and the intermediate ones (DER), prepared for many signatures.

    `algorithm` is the key's own with SHA-512 where it is None.
    """

    key: PrivateKey
    certificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    algorithm: Algorithm | None = None

    @cached_property
    def texts(self) -> _Texts:
        """Return what is the same in all signatures by this key; SignatureRefused where they do not fit."""
        return _prepared(self)


@dataclass(frozen=True)
class Evidence:
    """What goes with one signed message: its signature, and the chain to it where it needs one.

    `result` and `chain` are empty where the signature refers to the message itself.
    """

    signature: bytes = field(repr=False)
    result: bytes = field(default=b"", repr=False)
    chain: bytes = field(default=b"", repr=False)


def build(parts: Leaf, signer: Signer, ocsp_responses: Sequence[bytes], at: datetime) -> bytes:
    """Return the signature document (UTF-8) with one reference to each of `parts`, SHA-512 by URI.

    X-Road 7 takes one part: the message or the result of a hash chain (`build_batch`); several are the form
    of X-Road 8. `ocsp_responses` (DER) are of the signing certificate and the intermediate ones, in that
    order; `at` is the signing time that is claimed. SignatureRefused where something does not fit.
    """
    _check(parts, ocsp_responses)
    texts = signer.texts
    properties = (
        f"{xades_form.BEFORE_TIME}{_time(at)}{texts.after_time}{_formats(parts)}{xades_form.PROPERTIES_END}"
    )
    signed = digest_of(f"<xades:SignedProperties{NAMESPACES}{properties}".encode(), DIGEST)
    info = (
        f'{texts.method}{_references(parts)}<ds:Reference Id="signature-reference-{len(parts)}"'
        f"{xades_form.TO_PROPERTIES}{_base64(signed)}{xades_form.INFO_END}"
    )
    value = signer.key.sign(f"<ds:SignedInfo{NAMESPACES}{info}".encode(), texts.algorithm)
    if texts.algorithm.family is Family.ECDSA:
        value = signing.raw_of_der(value, signer.key.public_der)
    return (
        f"{xades_form.ROOT}<ds:SignedInfo{info}{xades_form.VALUE}{_base64(value)}{texts.key_info}{properties}"
        f"{texts.unsigned}{_responses(ocsp_responses)}{xades_form.END}"
    ).encode()


def build_batch(
    messages: Sequence[Leaf], signer: Signer, ocsp_responses: Sequence[bytes], at: datetime
) -> list[Evidence]:
    """Return the evidence of each of `messages` in order, all by one signature (section 2.7 of the profile).

    One message of one part is signed itself; anything else by a hash chain. Raises SignatureRefused or
    HashChainRefused where something does not fit.
    """
    if len(messages) == 1 and len(messages[0]) == 1:
        return [Evidence(build(messages[0], signer, ocsp_responses, at))]
    made = build_chains(messages, SIGNATURE_CHAIN, DIGEST)
    signature = build({CHAIN_RESULT: digest_of(made.result, DIGEST)}, signer, ocsp_responses, at)
    return [Evidence(signature, made.result, chain) for chain in made.chains]


def with_timestamp(document: bytes, token: bytes) -> bytes:
    """Return the signature document with an RFC 3161 token (DER) over its value (XAdES 7.3).

    No other byte changes. SignatureRefused where there is no single place for it, or one is there already.
    """
    place = b"<xades:UnsignedSignatureProperties>"
    if document.count(place) != 1 or b"EncapsulatedTimeStamp" in document:
        raise SignatureRefused("there is no place for a time-stamp, or it has one")
    if not 0 < len(token) <= TIMESTAMP_BYTES_MAX:
        raise SignatureRefused(f"a time-stamp of {len(token)} bytes")
    head, tail = document.split(place)
    before, after = xades_form.STAMP
    return b"".join((head, place, before.encode(), base64.b64encode(token), after.encode(), tail))


@dataclass(frozen=True)
class _Texts:
    """What all signatures by one key have in common, as text between what differs."""

    algorithm: Algorithm
    method: str
    key_info: str
    after_time: str
    unsigned: str


def _prepared(signer: Signer) -> _Texts:
    certificate, *chain = _certificates(signer)
    algorithm = signer.algorithm or signer.key.algorithm
    return _Texts(
        algorithm=algorithm,
        method=algorithm.uri.join(xades_form.METHODS),
        key_info=_base64(certificate.der).join(xades_form.KEY_INFO),
        after_time=f"{xades_form.AFTER_TIME}{_named(certificate)}{xades_form.BEFORE_FORMATS}",
        unsigned=f"{xades_form.UNSIGNED}{_chain(chain)}{xades_form.RESPONSES}",
    )


def _certificates(signer: Signer) -> list[Certificate]:
    """Return the certificates, the signer's first; SignatureRefused where it is not the key's."""
    if len(signer.chain) > CERTIFICATES_MAX:
        raise SignatureRefused(f"{len(signer.chain)} intermediate certificates")
    try:
        certificates = [Certificate.read(each) for each in (signer.certificate, *signer.chain)]
    except CertificateUnreadable as error:
        raise SignatureRefused(f"{error.title}: {error.detail}") from None
    if certificates[0].public_der != signer.key.public_der:
        raise SignatureRefused("the certificate is not that of the key")
    return certificates


def _named(certificate: Certificate) -> str:
    """Return CertDigest and IssuerSerial of a certificate (XAdES 7.1.2)."""
    digest, name, serial, end = xades_form.CERTIFIED
    issuer = _text(issuer_name(certificate.issuer_der))
    return f"{digest}{_base64(certificate.sha512)}{name}{issuer}{serial}{certificate.serial}{end}"


def _chain(chain: Sequence[Certificate]) -> str:
    """Return the intermediate certificates and the references to them (XAdES 7.4.1 and 7.6.1)."""
    if not chain:
        return ""
    names = [f"encapsulated-cert-{place}" for place in range(1, len(chain) + 1)]
    references = "".join(
        f'<xades:Cert URI="#{name}">{_named(each)}</xades:Cert>'
        for name, each in zip(names, chain, strict=True)
    )
    values = "".join(
        f'<xades:EncapsulatedX509Certificate Id="{name}">{_base64(each.der)}'
        "</xades:EncapsulatedX509Certificate>"
        for name, each in zip(names, chain, strict=True)
    )
    return (
        f'<xades:CompleteCertificateRefs Id="complete-certificate-refs"><xades:CertRefs>{references}'
        "</xades:CertRefs></xades:CompleteCertificateRefs>"
        f"<xades:CertificateValues>{values}</xades:CertificateValues>"
    )


def _references(parts: Leaf) -> str:
    return "".join(
        f'<ds:Reference Id="signature-reference-{place}" URI="{uri}">{DIGEST_METHOD}{_base64(value)}'
        "</ds:DigestValue></ds:Reference>"
        for place, (uri, value) in enumerate(parts.items())
    )


def _formats(parts: Leaf) -> str:
    before, after = xades_form.FORMAT
    types = [xades_form.MEDIA_TYPES.get(uri, xades_form.ATTACHMENT_TYPE) for uri in parts]
    return "".join(f"{before}{place}{xades_form.MEDIA_TYPE}{each}{after}" for place, each in enumerate(types))


def _responses(responses: Sequence[bytes]) -> str:
    before, after = xades_form.RESPONSE
    return "".join(f'{before}{place}">{_base64(each)}{after}' for place, each in enumerate(responses, 1))


def _check(parts: Mapping[str, bytes], responses: Sequence[bytes]) -> None:
    if not 1 <= len(parts) < REFERENCES_MAX:
        raise SignatureRefused(f"{len(parts)} parts; 1 to {REFERENCES_MAX - 1} are signed")
    if not 1 <= len(responses) <= OCSP_RESPONSES_MAX or not all(responses):
        raise SignatureRefused(f"{len(responses)} OCSP responses; a signature holds one for each certificate")
    alone = len(parts) == 1 and CHAIN_RESULT in parts
    for uri, value in parts.items():
        if not (alone or uri == MESSAGE or ATTACHMENT.fullmatch(uri)) or len(value) != DIGEST.octets:
            raise SignatureRefused(f"{uri[:80]!r} is not a part, or its digest not a {DIGEST.title}")
    if not alone and MESSAGE not in parts:
        raise SignatureRefused("the message itself is not among the parts")


def _time(at: datetime) -> str:
    if at.tzinfo is None:
        raise SignatureRefused("the signing time has no zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})


def _text(value: str) -> str:
    """Return `value` as the text of an element in canonical form."""
    return value.translate(_ESCAPED)

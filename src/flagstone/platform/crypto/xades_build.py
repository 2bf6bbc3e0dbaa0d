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

from flagstone.platform.crypto import signing
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.hash_chain_build import SIGNATURE_CHAIN, Leaf, build_chains
from flagstone.platform.crypto.issuer_name import issuer_name
from flagstone.platform.crypto.signing import Algorithm, Family, PrivateKey
from flagstone.platform.crypto.xades import (
    ATTACHMENT,
    CHAIN_RESULT,
    CONTAINERS,
    MESSAGE,
    OCSP_RESPONSES_MAX,
    POLICY_OF_XROAD,
    SIGNED_PROPERTIES_TYPE,
    XADES,
)
from flagstone.platform.crypto.xml import INCLUSIVE
from flagstone.platform.crypto.xmldsig import CERTIFICATES_MAX, DS, REFERENCES_MAX, SignatureRefused

POLICY_DESCRIPTION = "Profile for High Performance Digital Signatures (version 1.2)"
POLICY_SHA512 = "BuO0EDNfkxSVlUbxCzmQPzX1AUF1/xx9ytWHk3/6SAOePxQiniEfDYk+90QeYb3lWpV3Izhuz9fKaYyE+lTcXw=="
POLICY_LOCATION = "https://repo.cyber.ee/dsig-profile-1.2.pdf"
MEDIA_TYPES = {MESSAGE: "text/xml", CHAIN_RESULT: "application/hash-chain-result"}
ATTACHMENT_TYPE = "application/octet-stream"
DIGEST = Digest.SHA512
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
    properties = f"{texts.before_time}{_time(at)}{texts.after_time}{_formats(parts)}{_PROPERTIES_END}"
    signed = digest_of(f"<xades:SignedProperties{_NAMESPACES}{properties}".encode(), DIGEST)
    info = (
        f"{texts.method}{_references(parts)}"
        f'<ds:Reference Id="signature-reference-{len(parts)}" Type="{SIGNED_PROPERTIES_TYPE}"'
        f' URI="#signed-properties">{_DIGEST_METHOD}{_base64(signed)}{_INFO_END}'
    )
    value = signer.key.sign(f"<ds:SignedInfo{_NAMESPACES}{info}".encode(), texts.algorithm)
    if texts.algorithm.family is Family.ECDSA:
        value = signing.raw_of_der(value, signer.key.public_der)
    return (
        f"{_ROOT}<ds:SignedInfo{info}{_VALUE}{_base64(value)}{texts.key_info}{properties}"
        f"{texts.unsigned}{_responses(ocsp_responses)}{_END}"
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
    return b"".join((head, place, _STAMP[0], base64.b64encode(token), _STAMP[1], tail))


@dataclass(frozen=True)
class _Texts:
    """What all signatures by one key have in common, as text between what differs."""

    algorithm: Algorithm
    method: str
    key_info: str
    before_time: str
    after_time: str
    unsigned: str


_NAMESPACES = (
    f' xmlns:asic="{CONTAINERS[0]}" xmlns:ds="{DS}" xmlns:xades="{XADES}"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
_ROOT = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><asic:XAdESSignatures{_NAMESPACES}>'
    '<ds:Signature Id="signature">'
)
_DIGEST_METHOD = f'<ds:DigestMethod Algorithm="{DIGEST.uri}"></ds:DigestMethod><ds:DigestValue>'
_INFO_END = "</ds:DigestValue></ds:Reference></ds:SignedInfo>"
_VALUE = '<ds:SignatureValue Id="signature-value">'
_PROPERTIES_END = "</xades:SignedDataObjectProperties></xades:SignedProperties>"
_END = (
    "</xades:OCSPValues></xades:RevocationValues></xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    "</xades:QualifyingProperties></ds:Object></ds:Signature></asic:XAdESSignatures>"
)
_STAMP = (
    b"<xades:SignatureTimeStamp><xades:EncapsulatedTimeStamp>",
    b"</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>",
)
_POLICY = (
    "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId><xades:SigPolicyId>"
    f'<xades:Identifier Qualifier="OIDAsURN">{POLICY_OF_XROAD}</xades:Identifier>'
    f"<xades:Description>{POLICY_DESCRIPTION}</xades:Description></xades:SigPolicyId>"
    f"<xades:SigPolicyHash>{_DIGEST_METHOD}{POLICY_SHA512}</ds:DigestValue></xades:SigPolicyHash>"
    f"<xades:SigPolicyQualifiers><xades:SigPolicyQualifier><xades:SPURI>{POLICY_LOCATION}</xades:SPURI>"
    "</xades:SigPolicyQualifier></xades:SigPolicyQualifiers></xades:SignaturePolicyId>"
    "</xades:SignaturePolicyIdentifier>"
)


def _prepared(signer: Signer) -> _Texts:
    certificate, *chain = _certificates(signer)
    algorithm = signer.algorithm or signer.key.algorithm
    return _Texts(
        algorithm=algorithm,
        method=f'><ds:CanonicalizationMethod Algorithm="{INCLUSIVE}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{algorithm.uri}"></ds:SignatureMethod>',
        key_info="</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
        f"{_base64(certificate.der)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        '<ds:Object><xades:QualifyingProperties Target="#signature"><xades:SignedProperties',
        before_time=' Id="signed-properties"><xades:SignedSignatureProperties><xades:SigningTime>',
        after_time=f"</xades:SigningTime><xades:SigningCertificate><xades:Cert>{_named(certificate)}"
        f"</xades:Cert></xades:SigningCertificate>{_POLICY}</xades:SignedSignatureProperties>"
        "<xades:SignedDataObjectProperties>",
        unsigned="<xades:UnsignedProperties><xades:UnsignedSignatureProperties>"
        f"{_chain(chain)}<xades:RevocationValues><xades:OCSPValues>",
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
    return (
        f"<xades:CertDigest>{_DIGEST_METHOD}{_base64(certificate.sha512)}</ds:DigestValue></xades:CertDigest>"
        f"<xades:IssuerSerial><ds:X509IssuerName>{_text(issuer_name(certificate.issuer_der))}"
        f"</ds:X509IssuerName><ds:X509SerialNumber>{certificate.serial}</ds:X509SerialNumber>"
        "</xades:IssuerSerial>"
    )


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
        f'<ds:Reference Id="signature-reference-{place}" URI="{uri}">{_DIGEST_METHOD}{_base64(value)}'
        "</ds:DigestValue></ds:Reference>"
        for place, (uri, value) in enumerate(parts.items())
    )


def _formats(parts: Leaf) -> str:
    return "".join(
        f'<xades:DataObjectFormat ObjectReference="#signature-reference-{place}"><xades:MimeType>'
        f"{MEDIA_TYPES.get(uri, ATTACHMENT_TYPE)}</xades:MimeType></xades:DataObjectFormat>"
        for place, uri in enumerate(parts)
    )


def _responses(responses: Sequence[bytes]) -> str:
    return "".join(
        f'<xades:EncapsulatedOCSPValue Id="ocsp-response-{place}">{_base64(each)}'
        "</xades:EncapsulatedOCSPValue>"
        for place, each in enumerate(responses, 1)
    )


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

# SPDX-License-Identifier: EUPL-1.2
"""What a certification authority writes: certificates, revocation lists (RFC 5280) and requests (RFC 2986).

A certificate is made in two halves, so that it can be on record before it is signed: `to_be_signed` gives
the bytes of its TBSCertificate, `signed` the certificate over exactly those bytes. Keys may be anywhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]
from asn1crypto import csr as asn1_csr
from asn1crypto import x509 as asn1
from asn1crypto.algos import SignedDigestAlgorithm  # type: ignore[import-untyped]
from asn1crypto.core import OctetBitString, ParsableOctetString  # type: ignore[import-untyped]
from asn1crypto.keys import PublicKeyInfo  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.pem import der_of, to_pem
from flagstone.platform.crypto.signing import (
    Algorithm,
    Family,
    PrivateKey,
    PublicKeyRefused,
    algorithm_of,
    read_public,
    verify,
)

REQUEST_BYTES_MAX = 16_384
SERIAL_BITS = 128
VALUE_LENGTH_MAX = 64  # the upper bounds of RFC 5280, appendix A.1, for what we write

Name = tuple[tuple[str, str], ...]
"""A distinguished name: attribute (a key of `ATTRIBUTES`) and value, in the order in which it is written."""

ATTRIBUTES = {
    "C": "country_name",
    "O": "organization_name",
    "OU": "organizational_unit_name",
    "CN": "common_name",
    "serialNumber": "serial_number",
    "GN": "given_name",
    "SN": "surname",
    "businessCategory": "business_category",
}


class CertificateRequestRefused(Fault):
    """The bytes are no PKCS#10 request, its signature does not fit its key, or the key is not accepted."""

    code = "crypto.certificate-request-refused"
    kind = Kind.INVALID
    title = "The certificate request is not accepted"
    remedy = "Make the request anew with the key that it is for: RSA of 2048 bits or more, or P-256."


class CertificateNotMade(Fault):
    """What was to be signed cannot be a certificate, or the signature does not fit the issuer."""

    code = "crypto.certificate-not-made"
    kind = Kind.INVALID
    title = "The certificate could not be made"
    remedy = "Check names, times and the issuer's key; nothing was issued."


@dataclass(frozen=True)
class Extensions:
    """What a certificate says of its use (RFC 5280, 4.2), names as in asn1crypto (`digital_signature`).

    `hosts` are DNS names, `ocsp_urls`, `issuer_urls` and `crl_urls` where to ask, `policies` dotted object
    identifiers. `path_length` counts only for a CA. `ocsp_no_check` is RFC 6960, 4.2.2.2.1.
    """

    key_usage: tuple[str, ...]
    extended: tuple[str, ...] = ()
    extended_critical: bool = False
    ca: bool = False
    path_length: int | None = None
    hosts: tuple[str, ...] = ()
    ocsp_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    ocsp_no_check: bool = False


@dataclass(frozen=True)
class Draft:
    """A certificate to be: `public_der` is the key's SubjectPublicKeyInfo; times are aware, whole seconds."""

    serial: int
    subject: Name
    not_before: datetime
    not_after: datetime
    public_der: bytes = field(repr=False)
    extensions: Extensions = field(repr=False)


@dataclass(frozen=True)
class CertificateRequest:
    """A PKCS#10 request whose proof of possession holds: its key and, for information, what it asks for."""

    public_der: bytes = field(repr=False)
    key_kind: str  # `rsa-2048`, `ec-p256`
    subject_text: str = field(repr=False)


@dataclass(frozen=True)
class Revoked:
    """One line of a revocation list; `reason` is a name of RFC 5280, 5.3.1, as in asn1crypto."""

    serial: int
    at: datetime
    reason: str


def fresh_serial() -> int:
    """Return a serial number of 128 random bits, never zero, of at most 17 octets (RFC 5280, 4.1.2.2)."""
    return secrets.randbits(SERIAL_BITS) | 1 << (SERIAL_BITS - 1)


def algorithm_for(public_der: bytes) -> Algorithm:
    """Return what certificates of that issuer's key are signed with: SHA-256, SHA-384 on larger curves."""
    shape = read_public(public_der)
    if shape.kind == "RSA":
        return Algorithm.RSA_SHA256
    return algorithm_of(Family.ECDSA, Digest.SHA256 if shape.bits <= 256 else Digest.SHA384)


def key_kind(public_der: bytes) -> str:
    """Return `rsa-BITS` or `ec-CURVE`; PublicKeyRefused for other keys."""
    shape = read_public(public_der)
    return f"rsa-{shape.bits}" if shape.kind == "RSA" else f"ec-{shape.curve.replace('-', '').lower()}"


def key_identifier(public_der: bytes) -> bytes:
    """Return the SHA-1 of the key's bits (RFC 5280, 4.2.1.2, method 1)."""
    bits = bytes(PublicKeyInfo.load(public_der)["public_key"])
    return sha1(bits, usedforsecurity=False).digest()


def to_be_signed(draft: Draft, issuer: bytes | None, algorithm: Algorithm) -> bytes:
    """Return the DER TBSCertificate of `draft` under the issuer's certificate, self-issued when None.

    CertificateNotMade for a value that no name may hold, or an end before the beginning.
    """
    if draft.not_after <= draft.not_before:
        raise CertificateNotMade("it would end before it begins")
    above = asn1.Certificate.load(issuer) if issuer else None
    subject = written_name(draft.subject)
    issuer_public = above.public_key.dump() if above else draft.public_der
    made = asn1.TbsCertificate(
        {
            "version": "v3",
            "serial_number": draft.serial,
            "signature": _algorithm(algorithm),
            "issuer": above.subject if above else subject,
            "validity": {"not_before": _time(draft.not_before), "not_after": _time(draft.not_after)},
            "subject": subject,
            "subject_public_key_info": PublicKeyInfo.load(draft.public_der),
            "extensions": _extensions(draft, key_identifier(issuer_public)),
        }
    )
    return bytes(made.dump())


def signed(tbs: bytes, key: PrivateKey, algorithm: Algorithm) -> bytes:
    """Return the DER certificate over exactly `tbs`; CertificateNotMade when it cannot be read back."""
    made = asn1.Certificate(
        {
            "tbs_certificate": asn1.TbsCertificate.load(tbs),
            "signature_algorithm": _algorithm(algorithm),
            "signature_value": OctetBitString(key.sign(tbs, algorithm)),
        }
    ).dump()
    _read_back(made, tbs, key.public_der, algorithm)
    return bytes(made)


def read_request(data: bytes) -> CertificateRequest:
    """Return the key of a PKCS#10 request, PEM or DER; CertificateRequestRefused when it proves nothing."""
    if len(data) > REQUEST_BYTES_MAX:
        raise CertificateRequestRefused(f"{len(data)} bytes are too many for a request")
    try:
        found = x509.load_der_x509_csr(der_of(data))
        proven = found.is_signature_valid and found.signature_hash_algorithm is not None
        weak = found.signature_hash_algorithm is not None and found.signature_hash_algorithm.digest_size < 28
        public = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        subject = found.subject.rfc4514_string()
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise CertificateRequestRefused("the bytes are no PKCS#10 request that can be checked") from error
    if not proven or weak:
        raise CertificateRequestRefused("the request is not signed by its own key with SHA-224 or better")
    try:
        return CertificateRequest(public, key_kind(public), subject)
    except PublicKeyRefused as error:
        raise CertificateRequestRefused(error.detail) from error


def write_request(key: PrivateKey, subject: Name) -> bytes:
    """Return a PKCS#10 request for `key`, PEM (RFC 2986, RFC 7468)."""
    algorithm = algorithm_for(key.public_der)
    information = asn1_csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": written_name(subject),
            "subject_pk_info": PublicKeyInfo.load(key.public_der),
            "attributes": [],
        }
    )
    made = asn1_csr.CertificationRequest(
        {
            "certification_request_info": information,
            "signature_algorithm": _algorithm(algorithm),
            "signature": OctetBitString(key.sign(information.dump(), algorithm)),
        }
    )
    return to_pem(made.dump(), "CERTIFICATE REQUEST")


def revocation_list(
    issuer: bytes,
    key: PrivateKey,
    number: int,
    *,
    within: tuple[datetime, datetime],
    revoked: Iterable[Revoked],
) -> bytes:
    """Return the DER CRL number `number` of the issuer, from the first until the second time of `within`."""
    above = asn1.Certificate.load(issuer)
    algorithm = algorithm_for(key.public_der)
    lines = [_line(one) for one in revoked]
    content: dict[str, Any] = {
        "version": "v2",
        "signature": _algorithm(algorithm),
        "issuer": above.subject,
        "this_update": _time(within[0]),
        "next_update": _time(within[1]),
        "crl_extensions": [
            _crl_extension("authority_key_identifier", {"key_identifier": key_identifier(key.public_der)}),
            _crl_extension("crl_number", number),
        ],
    }
    if lines:  # RFC 5280, 5.1.2.6: absent rather than empty
        content["revoked_certificates"] = lines
    listed = asn1_crl.TbsCertList(content)
    made = asn1_crl.CertificateList(
        {
            "tbs_cert_list": listed,
            "signature_algorithm": _algorithm(algorithm),
            "signature": OctetBitString(key.sign(listed.dump(), algorithm)),
        }
    )
    return bytes(made.dump())


def public_of(certificate: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a DER certificate; CertificateNotMade when it is none."""
    try:
        return bytes(asn1.Certificate.load(certificate, strict=True).public_key.dump())
    except (ValueError, TypeError, KeyError) as error:
        raise CertificateNotMade("the bytes are no certificate") from error


def ends(certificate: bytes) -> datetime:
    """Return until when a DER certificate holds."""
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc


def is_issued_by(certificate: bytes, issuer: bytes) -> bool:
    """Tell whether the signature of a DER certificate is the issuer's, and the names follow each other."""
    try:
        found, above = x509.load_der_x509_certificate(certificate), x509.load_der_x509_certificate(issuer)
        found.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def written_name(name: Name) -> asn1.Name:
    """Return an X.501 name in UTF-8, the country as PrintableString; CertificateNotMade for odd values."""
    for attribute, value in name:
        if attribute not in ATTRIBUTES or not 0 < len(value) <= VALUE_LENGTH_MAX or not value.isprintable():
            raise CertificateNotMade(f"{attribute} of a name is unknown, empty, too long or not printable")
        if attribute == "C" and not (len(value) == 2 and value.isascii() and value.isalpha()):
            raise CertificateNotMade("a country has two letters")
    if len({attribute for attribute, _ in name}) != len(name) or not name:
        raise CertificateNotMade("a name has each attribute once, and at least one")
    return asn1.Name.build({ATTRIBUTES[attribute]: value for attribute, value in name})


def _extensions(draft: Draft, authority: bytes) -> list[dict[str, Any]]:
    """Return the extensions of a certificate in the usual order."""
    said = draft.extensions
    basic: dict[str, Any] = {"ca": said.ca}
    if said.ca:
        basic["path_len_constraint"] = said.path_length
    found: list[tuple[str, bool, Any]] = [
        ("basic_constraints", True, basic),
        ("key_usage", True, set(said.key_usage)),
        ("extended_key_usage", said.extended_critical, list(said.extended)),
        ("key_identifier", False, key_identifier(draft.public_der)),
        ("authority_key_identifier", False, {"key_identifier": authority}),
        ("subject_alt_name", False, [asn1.GeneralName("dns_name", host) for host in said.hosts]),
        ("certificate_policies", False, [{"policy_identifier": each} for each in said.policies]),
        ("authority_information_access", False, _access(said)),
        ("crl_distribution_points", False, _points(said)),
    ]
    if said.ocsp_no_check:
        found.append(("ocsp_no_check", False, asn1.Null()))
    return [
        {"extn_id": name, "critical": critical, "extn_value": value}
        for name, critical, value in found
        if not isinstance(value, list) or value
    ]


def _access(said: Extensions) -> list[dict[str, Any]]:
    """Return where to ask for status and for the issuer's certificate (RFC 5280, 4.2.2.1)."""
    pairs = [("ocsp", url) for url in said.ocsp_urls] + [("ca_issuers", url) for url in said.issuer_urls]
    return [{"access_method": method, "access_location": _url(url)} for method, url in pairs]


def _points(said: Extensions) -> list[dict[str, Any]]:
    """Return where the revocation list is (RFC 5280, 4.2.1.13)."""
    return [
        {"distribution_point": asn1.DistributionPointName("full_name", [_url(url)])} for url in said.crl_urls
    ]


def _url(url: str) -> asn1.GeneralName:
    return asn1.GeneralName("uniform_resource_identifier", url)


def _line(one: Revoked) -> dict[str, Any]:
    """Return one revoked certificate; without a reason for `unspecified` (RFC 5280, 5.3.1)."""
    line: dict[str, Any] = {"user_certificate": one.serial, "revocation_date": _time(one.at)}
    if one.reason != "unspecified":
        value = asn1_crl.CRLReason(one.reason)
        line["crl_entry_extensions"] = [
            {"extn_id": "crl_reason", "critical": False, "extn_value": ParsableOctetString(value.dump())}
        ]
    return line


def _crl_extension(name: str, value: Any) -> dict[str, Any]:
    return {"extn_id": name, "critical": False, "extn_value": value}


def _time(at: datetime) -> asn1.Time:
    """Return UTCTime through 2049 and GeneralizedTime after it, in whole seconds (RFC 5280, 4.1.2.5)."""
    whole = at.astimezone(UTC).replace(microsecond=0)
    return asn1.Time("utc_time" if whole.year < 2050 else "general_time", whole)


def _algorithm(algorithm: Algorithm) -> SignedDigestAlgorithm:
    """Return the AlgorithmIdentifier, with NULL for RSA and nothing for ECDSA (RFC 4055, RFC 5758)."""
    if algorithm.family is Family.PSS or algorithm.digest is Digest.SHA1:
        raise CertificateNotMade("certificates are signed with RSA PKCS#1 v1.5 or ECDSA on SHA-224 or better")
    return SignedDigestAlgorithm({"algorithm": algorithm.oid})


def _read_back(der: bytes, tbs: bytes, public_der: bytes, algorithm: Algorithm) -> None:
    """Refuse a certificate that another reader does not read as it was meant; nothing leaves unverified."""
    try:
        found = x509.load_der_x509_certificate(der)
        fits = found.tbs_certificate_bytes == tbs and len(list(found.extensions)) > 0
    except (ValueError, TypeError, x509.DuplicateExtension) as error:
        raise CertificateNotMade("what was signed cannot be read back") from error
    if not fits or not verify(public_der, found.signature, tbs, algorithm):
        raise CertificateNotMade("what was signed is not what was meant")

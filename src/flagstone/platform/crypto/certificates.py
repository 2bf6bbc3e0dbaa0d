# SPDX-License-Identifier: EUPL-1.2
"""X.509 certificates as values (RFC 5280 section 4): what they say, without judging whether it is so."""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import AuthorityInformationAccessOID

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.crypto import signing
from flagstone.platform.crypto.der import DerRefused
from flagstone.platform.crypto.der import read as read_der
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.names import Names, name_key, names_of, text_of
from flagstone.platform.crypto.signing import PSS_OID, Algorithm, SignatureAlgorithmRefused

CERTIFICATE_BYTES_MAX = 65_536
WRAPPINGS_MAX = 3
BUNDLE_MAX = 64
CERTIFICATES_KEPT = 1024
LINKS_KEPT = 4096
VERSION_TAG = 0xA0

KEY_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
EXTENDED_USAGES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}
_UNDERSTOOD = (
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.BasicConstraints,
    x509.SubjectAlternativeName,
    x509.IssuerAlternativeName,
    x509.AuthorityKeyIdentifier,
    x509.SubjectKeyIdentifier,
    x509.CertificatePolicies,
    x509.OCSPNoCheck,
)
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)
_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    DerRefused,
)
_PEM = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END", re.DOTALL)


class CertificateUnreadable(Fault):
    """Bytes are not an X.509 certificate, or hold parts that nobody could agree on."""

    code = "crypto.certificate-unreadable"
    kind = Kind.INVALID
    title = "The certificate cannot be read"
    remedy = "Give one X.509 certificate as PEM, DER or base64."


@dataclass(frozen=True, eq=False)
class Certificate:
    """One X.509 certificate; two are equal when their bytes are.

    Names are ordered pairs of (short name or dotted OID, value), as the certificate holds them: `CN`, `O`,
    `OU`, `C`, `serialNumber`, `businessCategory`, `organizationIdentifier` and so on. Key usages are spelt as
    in RFC 5280 (`nonRepudiation`); None says that the extension is absent. Times are UTC.
    """

    der: bytes = field(repr=False)
    subject: Names
    issuer: Names
    serial: int
    not_before: datetime
    not_after: datetime
    key_usage: frozenset[str] | None
    extended: frozenset[str] | None
    extended_critical: bool
    subject_key_id: bytes | None
    authority_key_id: bytes | None
    authority_serial: int | None
    is_ca: bool
    path_length: int | None
    version: int
    unknown_critical: tuple[str, ...]
    ocsp_urls: tuple[str, ...]
    ocsp_no_check: bool
    public_der: bytes = field(repr=False)
    subject_der: bytes = field(repr=False)
    issuer_der: bytes = field(repr=False)
    signed_bytes: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    signature_oid: str
    signature_algorithm: Algorithm | None
    """None when the algorithm is not one that is verified here; `signature_oid` names it."""

    @classmethod
    def read(cls, data: bytes) -> Certificate:
        """Return the certificate in DER, PEM, base64 of DER or base64 of PEM, whitespace allowed.

        Raises CertificateUnreadable for anything else, for more bytes than 64 KiB and for trailing bytes.
        """
        return _read(der_of(data))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    @cached_property
    def subject_text(self) -> str:
        """Return the subject as RFC 4514 text, the last name first: `CN=ss1,O=Aralia`."""
        return text_of(self.subject)

    @cached_property
    def issuer_text(self) -> str:
        """Return the issuer as RFC 4514 text."""
        return text_of(self.issuer)

    @cached_property
    def subject_key(self) -> bytes:
        """Return the subject for comparison: case and runs of spaces do not count (RFC 5280 7.1)."""
        return name_key(self.subject)

    @cached_property
    def issuer_key(self) -> bytes:
        """Return the issuer for comparison, as `subject_key`."""
        return name_key(self.issuer)

    @cached_property
    def sha1(self) -> bytes:
        """Return the SHA-1 of the DER: a look-up name among peers, never a proof."""
        return digest_of(self.der, Digest.SHA1)

    @cached_property
    def sha256(self) -> bytes:
        """Return the SHA-256 of the DER."""
        return digest_of(self.der, Digest.SHA256)

    @cached_property
    def sha512(self) -> bytes:
        """Return the SHA-512 of the DER."""
        return digest_of(self.der, Digest.SHA512)

    @cached_property
    def key_bits(self) -> bytes:
        """Return the content of the public key's bit string, which RFC 6960 and key identifiers digest."""
        return read_der(self.public_der).children()[1].body[1:]

    @property
    def serial_hex(self) -> str:
        """Return the serial number in lower-case hexadecimal, at least two digits."""
        return f"{self.serial:02x}"

    @property
    def is_signing(self) -> bool:
        """Tell whether it may sign messages: key usage nonRepudiation."""
        return "nonRepudiation" in (self.key_usage or ())

    @property
    def is_authentication(self) -> bool:
        """Tell whether it may authenticate a server: clientAuth, or a key usage of TLS."""
        tls = {"digitalSignature", "keyEncipherment", "dataEncipherment"}
        return "clientAuth" in (self.extended or ()) or not tls.isdisjoint(self.key_usage or ())

    @property
    def self_issued(self) -> bool:
        """Tell whether subject and issuer have the same name."""
        return self.subject_key == self.issuer_key

    def valid_at(self, at: datetime) -> bool:
        """Tell whether `at` lies within the certificate's times, both ends included."""
        return self.not_before <= at <= self.not_after

    def is_signed_by(self, issuer: Certificate) -> bool:
        """Tell whether the key of `issuer` made the signature; nothing else is looked at."""
        return _linked(self, issuer.public_der)

    def describe(self) -> str:
        """Return how findings name it: subject, serial number, and the first 16 digits of the SHA-256."""
        return self._described

    @cached_property
    def _described(self) -> str:
        """Return what `describe` says, put together once."""
        return (
            f"{self.subject_text or '(no name)'}, serial {self.serial_hex}, SHA-256 {self.sha256.hex()[:16]}"
        )

    def pem(self) -> bytes:
        """Return the certificate as PEM."""
        body = base64.encodebytes(self.der).replace(b"\n", b"")
        lines = b"\n".join(body[at : at + 64] for at in range(0, len(body), 64))
        return b"-----BEGIN CERTIFICATE-----\n" + lines + b"\n-----END CERTIFICATE-----\n"


def der_of(data: bytes) -> bytes:
    """Return the DER inside PEM, base64 of DER or base64 of PEM; CertificateUnreadable when there is none."""
    if len(data) > 2 * CERTIFICATE_BYTES_MAX:
        raise CertificateUnreadable(f"{len(data)} bytes are too many for a certificate")
    for _ in range(WRAPPINGS_MAX):
        if data[:1] == b"\x30":
            return data
        found = _PEM.search(data)
        text = re.sub(rb"\s+", b"", found.group(1) if found else data)
        try:
            data = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise CertificateUnreadable("it is neither DER nor PEM nor base64 of one of them") from error
    raise CertificateUnreadable("no certificate is inside")


def read_all(pem: bytes) -> tuple[Certificate, ...]:
    """Return every certificate of a PEM bundle, in order; empty when there is none.

    Raises CertificateUnreadable when one cannot be read, and for more than 64.
    """
    found = [each.group(0) for each in _PEM.finditer(pem)]
    if len(found) > BUNDLE_MAX:
        raise CertificateUnreadable(f"{len(found)} certificates are too many for a bundle")
    return tuple(Certificate.read(each) for each in found)


@lru_cache(CERTIFICATES_KEPT)
def _read(der: bytes) -> Certificate:
    """Return the certificate of `der`, read once."""
    if len(der) > CERTIFICATE_BYTES_MAX:
        raise CertificateUnreadable(f"{len(der)} bytes are too many for a certificate")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _value(der, x509.load_der_x509_certificate(der))
    except _UNREADABLE as error:
        raise CertificateUnreadable("its parts cannot be read") from error


def _value(der: bytes, read: x509.Certificate) -> Certificate:
    """Return the value of a certificate that cryptography has read; ValueError for malformed parts."""
    body, outside, _ = read_der(der).children()
    fields = [each.whole for each in body.children() if each.tag != VERSION_TAG]
    if fields[1] != outside.whole:
        raise ValueError("the algorithm inside is not the algorithm outside")
    extensions = read.extensions
    usages = _find(extensions, x509.ExtendedKeyUsage)
    constraints = _find(extensions, x509.BasicConstraints)
    key_id, authority = _identifiers(extensions)
    return Certificate(
        der=der,
        subject=names_of(fields[4]),
        issuer=names_of(fields[2]),
        serial=read.serial_number,
        not_before=read.not_valid_before_utc,
        not_after=read.not_valid_after_utc,
        key_usage=_key_usage(_find(extensions, x509.KeyUsage)),
        extended=_extended(usages.value if usages else None),
        extended_critical=usages is not None and usages.critical,
        subject_key_id=key_id,
        authority_key_id=authority.key_identifier if authority else None,
        authority_serial=authority.authority_cert_serial_number if authority else None,
        is_ca=constraints is not None and constraints.value.ca,
        path_length=constraints.value.path_length if constraints else None,
        version=read.version.value + 1,
        unknown_critical=_not_understood(extensions),
        ocsp_urls=_ocsp_urls(_find(extensions, x509.AuthorityInformationAccess)),
        ocsp_no_check=_find(extensions, x509.OCSPNoCheck) is not None,
        public_der=fields[5],
        subject_der=fields[4],
        issuer_der=fields[2],
        signed_bytes=read.tbs_certificate_bytes,
        signature=read.signature,
        signature_oid=read.signature_algorithm_oid.dotted_string,
        signature_algorithm=_algorithm(read),
    )


def _find(extensions: x509.Extensions, kind: type[_Kind]) -> x509.Extension[_Kind] | None:
    """Return the extension of a kind, if there is one."""
    try:
        return extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _identifiers(extensions: x509.Extensions) -> tuple[bytes | None, x509.AuthorityKeyIdentifier | None]:
    """Return the subject's key identifier and what is said of the issuer's key."""
    own, authority = (
        _find(extensions, x509.SubjectKeyIdentifier),
        _find(extensions, x509.AuthorityKeyIdentifier),
    )
    return own.value.digest if own else None, authority.value if authority else None


def _key_usage(found: x509.Extension[x509.KeyUsage] | None) -> frozenset[str] | None:
    """Return the key usages by the names of RFC 5280 section 4.2.1.3."""
    if found is None:
        return None
    return frozenset(name for attribute, name in KEY_USAGES.items() if getattr(found.value, attribute))


def _extended(found: Iterable[x509.ObjectIdentifier] | None) -> frozenset[str] | None:
    """Return the extended key usages by name, unknown ones dotted."""
    if found is None:
        return None
    return frozenset(EXTENDED_USAGES.get(each.dotted_string, each.dotted_string) for each in found)


def _not_understood(extensions: x509.Extensions) -> tuple[str, ...]:
    """Return the extensions that forbid what nobody here can judge, dotted (RFC 5280 section 4.2).

    Name constraints count even where their issuer forgot to mark them critical.
    """
    return tuple(
        each.oid.dotted_string
        for each in extensions
        if isinstance(each.value, x509.NameConstraints)
        or (each.critical and not isinstance(each.value, _UNDERSTOOD))
    )


def _ocsp_urls(found: x509.Extension[x509.AuthorityInformationAccess] | None) -> tuple[str, ...]:
    """Return the addresses of OCSP responders that the certificate names (RFC 5280 section 4.2.2.1)."""
    return tuple(
        each.access_location.value
        for each in (found.value if found else ())
        if each.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(each.access_location, x509.UniformResourceIdentifier)
    )


def _algorithm(read: x509.Certificate) -> Algorithm | None:
    """Return how the certificate was signed, or None when such signatures are not verified here."""
    digest = None
    try:
        if read.signature_algorithm_oid.dotted_string == PSS_OID:
            parameters = read.signature_algorithm_parameters
            if not isinstance(parameters, padding.PSS) or read.signature_hash_algorithm is None:
                return None
            digest = Digest(read.signature_hash_algorithm.name)
        return signing.by_oid(read.signature_algorithm_oid.dotted_string, digest)
    except (SignatureAlgorithmRefused, UnsupportedAlgorithm, ValueError):
        return None


@lru_cache(LINKS_KEPT)
def _linked(certificate: Certificate, issuer_public_der: bytes) -> bool:
    """Tell whether the key made the certificate's signature; each pair is computed once."""
    algorithm = certificate.signature_algorithm
    return algorithm is not None and signing.verify(
        issuer_public_der, certificate.signature, certificate.signed_bytes, algorithm
    )

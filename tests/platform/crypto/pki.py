# SPDX-License-Identifier: EUPL-1.2
"""A small made-up public-key infrastructure: authorities, and the certificates that they issue."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

from flagstone.platform.crypto.builder_key import builder_digest, builder_key
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.signing import PrivateKey, SoftKey

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "xroad"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="the published X-Road vectors are not here")
OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


@dataclass(frozen=True)
class Holder:
    """A certificate and its private key."""

    key: SoftKey
    certificate: Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.pem()


@dataclass(frozen=True)
class Wish:
    """What a certificate shall say."""

    ca: bool | None = None
    path_length: int | None = None
    usages: tuple[str, ...] | None = ()
    extended: tuple[x509.ObjectIdentifier, ...] = ()
    extended_critical: bool = True
    not_before: datetime = NOW - YEAR
    not_after: datetime = NOW + YEAR
    serial: int = 0
    key_ids: bool = True
    more: tuple[tuple[x509.ExtensionType, bool], ...] = field(default=())


AUTHORITY = Wish(ca=True, usages=("key_cert_sign", "crl_sign"))
SIGNER = Wish(usages=("content_commitment",))
SERVER = Wish(
    usages=("digital_signature", "key_encipherment"), extended=(Usage.CLIENT_AUTH, Usage.SERVER_AUTH)
)
RESPONDER = Wish(usages=("digital_signature",), extended=(Usage.OCSP_SIGNING,))
STAMPER = Wish(usages=("digital_signature",), extended=(Usage.TIME_STAMPING,))


@cache
def key(name: str, kind: str = "P-256") -> SoftKey:
    """The key of a name, made once a run."""
    return SoftKey.generate_rsa(2048) if kind == "RSA" else SoftKey.generate_ec(kind)


def name_of(text: str) -> x509.Name:
    """A name of country, organisation and common name."""
    parts = [(NameOID.COUNTRY_NAME, "XA"), (NameOID.ORGANIZATION_NAME, "Aralia"), (NameOID.COMMON_NAME, text)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


_SERIALS = iter(range(1000, 1_000_000))


def issue(
    name: str,
    wish: Wish,
    issuer: Holder | None = None,
    *,
    kind: str = "P-256",
    key_name: str = "",
    other: PrivateKey | None = None,
) -> Holder:
    """A certificate for `name` by `issuer`, or by itself; for the public key of `other`, if given."""
    own = key(key_name or name, kind)
    signer = issuer.key if issuer else own
    public = builder_key(other or own).public_key()
    above = builder_key(signer).public_key()
    issuer_name = x509.load_der_x509_certificate(issuer.certificate.der).subject if issuer else name_of(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(name))
        .issuer_name(issuer_name)
        .public_key(public)
        .serial_number(wish.serial or next(_SERIALS))
        .not_valid_before(wish.not_before)
        .not_valid_after(wish.not_after)
    )
    if wish.ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(wish.ca, wish.path_length), critical=True)
    if wish.usages:
        names = (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        )
        builder = builder.add_extension(
            x509.KeyUsage(**{each: each in wish.usages for each in names}), critical=True
        )
    if wish.extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(wish.extended), critical=wish.extended_critical)
    if wish.key_ids:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False
        )
    for extension, critical in wish.more:
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(builder_key(signer), builder_digest(signer.algorithm))
    return Holder(own, Certificate.read(made.public_bytes(serialization.Encoding.DER)))


def openssl(*arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run openssl; the caller looks at the result."""
    assert OPENSSL is not None
    return subprocess.run(
        [OPENSSL, *map(str, arguments)], input=data, capture_output=True, check=False, timeout=60
    )

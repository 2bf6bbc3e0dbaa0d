# SPDX-License-Identifier: EUPL-1.2
"""Keys that are kept elsewhere, as cryptography's builders see them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from flagstone.platform.crypto import signing
from flagstone.platform.crypto.builder_key import builder_digest, builder_key, builder_padding
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.signing import Algorithm, Family, PrivateKeyUnusable
from tests.platform.crypto.pki import NOW, key, name_of


@dataclass
class Elsewhere:
    """A key that keeps the Protocol and nothing more, and counts its use."""

    public_der: bytes
    algorithm: Algorithm
    name: tuple[str, str]
    used: int = 0

    def sign(self, data: bytes, algorithm: Algorithm | None = None) -> bytes:
        self.used += 1
        return key(*self.name).sign(data, algorithm)


def elsewhere(kind: str) -> Elsewhere:
    kept = key("kept", kind)
    return Elsewhere(kept.public_der, kept.algorithm, ("kept", kind))


@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "P-521"])
def test_a_builder_signs_with_a_key_that_is_kept_elsewhere(kind: str) -> None:
    kept = elsewhere(kind)
    for algorithm in Algorithm:
        fits = (algorithm.family is Family.ECDSA) == (kind != "RSA")
        if not fits or algorithm.digest.value == "sha1":
            continue
        built = builder_key(kept)
        made = (
            x509.CertificateBuilder()
            .subject_name(name_of("it"))
            .issuer_name(name_of("it"))
            .public_key(built.public_key())
            .serial_number(7)
            .not_valid_before(NOW)
            .not_valid_after(NOW + timedelta(days=1))
            .sign(built, builder_digest(algorithm), rsa_padding=builder_padding(algorithm))
        )
        read = Certificate.read(made.public_bytes(serialization.Encoding.DER))
        assert read.signature_algorithm is algorithm
        assert read.is_signed_by(read)
        assert read.public_der == kept.public_der
    assert kept.used == (8 if kind == "RSA" else 4)


@pytest.mark.parametrize("kind", ["RSA", "P-256"])
def test_such_a_key_does_nothing_but_sign(kind: str) -> None:
    built = builder_key(elsewhere(kind))
    assert built.key_size == (2048 if kind == "RSA" else 256)
    with pytest.raises(PrivateKeyUnusable):
        built.private_numbers()
    with pytest.raises(PrivateKeyUnusable):
        built.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    for copied in (copy.copy, copy.deepcopy):
        with pytest.raises(PrivateKeyUnusable):
            copied(built)


def test_sha_1_is_not_signed() -> None:
    built = builder_key(elsewhere("P-256"))
    from cryptography.hazmat.primitives.asymmetric import ec

    assert isinstance(built, ec.EllipticCurvePrivateKey)
    with pytest.raises(PrivateKeyUnusable):
        built.sign(b"x", ec.ECDSA(hashes.SHA1()))
    assert signing.verify(
        built_public(), built.sign(b"x", ec.ECDSA(hashes.SHA256())), b"x", Algorithm.ECDSA_SHA256
    )


def built_public() -> bytes:
    return key("kept", "P-256").public_der

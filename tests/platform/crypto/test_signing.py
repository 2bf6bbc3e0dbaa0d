# SPDX-License-Identifier: EUPL-1.2
"""Signatures by RSA and elliptic curves, against openssl and against misuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto import signing
from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.keys import KeyFileExists, KeyFileUnusable
from flagstone.platform.crypto.signing import (
    Algorithm,
    Family,
    PrivateKeyUnusable,
    PublicKeyRefused,
    SignatureAlgorithmRefused,
    SignatureMalformed,
    SoftKey,
)
from tests.platform.crypto.pki import key, needs_openssl, openssl

KINDS = ["RSA", "P-256", "P-384", "P-521"]
MADE = [each for each in Algorithm if each.digest is not Digest.SHA1]


def fitting(kind: str) -> list[Algorithm]:
    """The algorithms that a kind of key signs with."""
    return [each for each in MADE if (each.family is Family.ECDSA) == (kind != "RSA")]


def spki(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_key_signs_verifies_and_nothing_else_does(kind: str) -> None:
    signer, other = key("signer", kind), key("other", kind)
    for algorithm in fitting(kind):
        signature = signer.sign(b"message", algorithm)
        assert signing.verify(signer.public_der, signature, b"message", algorithm)
        assert not signing.verify(signer.public_der, signature, b"another", algorithm)
        assert not signing.verify(other.public_der, signature, b"message", algorithm)
        for wrong in set(Algorithm) - {algorithm}:
            assert not signing.verify(signer.public_der, signature, b"message", wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_signs_on_sha_512_unless_told_otherwise(kind: str) -> None:
    signer = key("signer", kind)
    assert signer.algorithm.digest is Digest.SHA512
    assert signing.verify(signer.public_der, signer.sign(b"x"), b"x", signer.algorithm)


@needs_openssl
@pytest.mark.parametrize("algorithm", MADE, ids=lambda each: each.title)
def test_openssl_verifies_what_is_signed_and_we_verify_what_openssl_signs(
    algorithm: Algorithm, tmp_path: Path
) -> None:
    signer = key("signer", "P-256" if algorithm.family is Family.ECDSA else "RSA")
    (tmp_path / "key.pem").write_bytes(signer.to_pem())
    (tmp_path / "data").write_bytes(b"message")
    (tmp_path / "signature").write_bytes(signer.sign(b"message", algorithm))
    options = ["dgst", f"-{algorithm.digest.value}"]
    if algorithm.family is Family.PSS:
        options += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    checked = openssl(
        *options, "-prverify", tmp_path / "key.pem", "-signature", tmp_path / "signature", tmp_path / "data"
    )
    assert checked.returncode == 0, checked.stderr
    made = openssl(*options, "-sign", tmp_path / "key.pem", tmp_path / "data")
    assert signing.verify(signer.public_der, made.stdout, b"message", algorithm)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_signs_only_what_it_can(kind: str) -> None:
    for algorithm in set(Algorithm) - set(fitting(kind)):
        with pytest.raises(PrivateKeyUnusable):
            key("signer", kind).sign(b"x", algorithm)


def test_algorithms_are_found_again_by_each_of_their_names() -> None:
    for algorithm in Algorithm:
        assert signing.by_uri(algorithm.uri) is algorithm
        assert signing.by_title(algorithm.title) is algorithm
        assert signing.by_oid(algorithm.oid, algorithm.digest) is algorithm
    assert Algorithm.RSA_SHA512.uri == "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
    assert Algorithm.ECDSA_SHA512.uri == "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"
    assert Algorithm.PSS_SHA256.uri == "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    assert Algorithm.RSA_SHA512.title == "SHA512withRSA"
    assert Algorithm.PSS_SHA256.title == "SHA256withRSAandMGF1"


@pytest.mark.parametrize(
    "name", ["", "MD5withRSA", "1.2.840.113549.1.1.4", "http://www.w3.org/2000/09/xmldsig#dsa-sha1"]
)
def test_unknown_algorithms_are_refused(name: str) -> None:
    for find in (signing.by_uri, signing.by_title, signing.by_oid):
        with pytest.raises(SignatureAlgorithmRefused):
            find(name)


def test_pss_without_a_digest_says_nothing() -> None:
    with pytest.raises(SignatureAlgorithmRefused):
        signing.by_oid(signing.PSS_OID)
    with pytest.raises(SignatureAlgorithmRefused):
        signing.algorithm_of(Family.PSS, Digest.SHA1)


@pytest.mark.parametrize(("kind", "size"), [("P-256", 64), ("P-384", 96), ("P-521", 132)])
def test_raw_and_der_forms_of_a_signature_are_the_same(kind: str, size: int) -> None:
    signer = key("signer", kind)
    signature = signer.sign(b"message")
    raw = signing.raw_of_der(signature, signer.public_der)
    assert len(raw) == size
    assert signing.der_of_raw(raw, signer.public_der) == signature


@given(st.binary(max_size=200))
@settings(max_examples=150)
def test_raw_signatures_of_another_size_and_broken_der_are_refused(data: bytes) -> None:
    public = key("signer", "P-256").public_der
    if len(data) != 64:
        with pytest.raises(SignatureMalformed):
            signing.der_of_raw(data, public)
    with pytest.raises(SignatureMalformed):
        signing.raw_of_der(data, public)
    assert not signing.verify(public, data, b"message", Algorithm.ECDSA_SHA512)


def test_numbers_beyond_the_curve_are_refused() -> None:
    wide = key("signer", "P-521")
    with pytest.raises(SignatureMalformed):
        signing.raw_of_der(wide.sign(b"x"), key("signer", "P-256").public_der)
    with pytest.raises(PublicKeyRefused):
        signing.raw_of_der(wide.sign(b"x"), key("signer", "RSA").public_der)


@given(st.integers(0, 70), st.integers(1, 255))
@settings(max_examples=80)
def test_a_changed_signature_never_verifies(at: int, change: int) -> None:
    signer = key("signer", "P-256")
    signature = bytearray(signer.sign(b"message"))
    signature[at % len(signature)] ^= change
    assert not signing.verify(signer.public_der, bytes(signature), b"message", signer.algorithm)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_comes_back_from_its_file(kind: str, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    path, signer = tmp_path / "keys" / "k.pem", key("signer", kind)
    signer.to_file(path, b"open sesame")
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in path.read_bytes()
    assert SoftKey.from_file(path, b"open sesame") == signer
    with pytest.raises(PrivateKeyUnusable):
        SoftKey.from_file(path, b"wrong")
    with pytest.raises(PrivateKeyUnusable):
        SoftKey.from_file(path)
    with pytest.raises(KeyFileExists):
        signer.to_file(path)
    path.chmod(0o644)
    with pytest.raises(KeyFileUnusable):
        SoftKey.from_file(path, b"open sesame")


def test_the_secret_never_shows() -> None:
    signer = key("signer", "P-256")
    shown = repr(signer)
    assert "_key" not in shown
    assert "PrivateKey" not in shown


@pytest.mark.parametrize(
    "pem", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\x00" * 100]
)
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(PrivateKeyUnusable):
        SoftKey.from_pem(pem)


def test_other_kinds_and_sizes_of_keys_are_refused() -> None:
    with pytest.raises(PrivateKeyUnusable):
        SoftKey.generate_rsa(1024)
    with pytest.raises(PrivateKeyUnusable):
        SoftKey.generate_ec("P-192")
    edwards = ed25519.Ed25519PrivateKey.generate()
    pem = edwards.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(PrivateKeyUnusable):
        SoftKey.from_pem(pem)
    refused = [
        spki(edwards.public_key()),
        spki(ec.generate_private_key(ec.SECP256K1()).public_key()),
        spki(rsa.generate_private_key(65537, 1024).public_key()),
        b"",
        b"\x30\x00",
        b"\x30" * 100_000,
    ]
    for public in refused:
        with pytest.raises(PublicKeyRefused):
            signing.read_public(public)
        assert not signing.verify(public, b"x", b"y", Algorithm.RSA_SHA512)


def test_a_short_key_of_old_times_verifies_only_when_asked_by_name() -> None:
    old = rsa.generate_private_key(65537, 1024)
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    signature = old.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
    public = spki(old.public_key())
    assert not signing.verify(public, signature, b"x", Algorithm.RSA_SHA256)
    assert signing.verify(public, signature, b"x", Algorithm.RSA_SHA256, rsa_bits_min=signing.RSA_BITS_ONCE)


def test_public_keys_say_what_they_are() -> None:
    assert signing.read_public(key("signer", "RSA").public_der) == signing.PublicShape("RSA", 2048)
    assert signing.read_public(key("signer", "P-384").public_der) == signing.PublicShape("EC", 384, "P-384")

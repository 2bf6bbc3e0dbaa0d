# SPDX-License-Identifier: EUPL-1.2
"""Algorithm identifiers, against asn1crypto."""

from __future__ import annotations

import pytest
from asn1crypto import algos  # type: ignore[import-untyped]

from flagstone.platform.crypto import der, identifiers
from flagstone.platform.crypto.digests import Digest, DigestRefused
from flagstone.platform.crypto.signing import Algorithm, Family, SignatureAlgorithmRefused


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.title)
def test_signatures_come_back_and_others_read_them(algorithm: Algorithm) -> None:
    written = identifiers.signature_identifier(algorithm)
    assert identifiers.read_signature(der.read(written)) is algorithm
    read = algos.SignedDigestAlgorithm.load(written)
    assert read.hash_algo == algorithm.digest.value
    if algorithm.family is Family.PSS:
        assert read["parameters"]["salt_length"].native == algorithm.digest.octets
        assert (
            read["parameters"]["mask_gen_algorithm"]["parameters"]["algorithm"].native
            == algorithm.digest.value
        )


@pytest.mark.parametrize("digest", Digest)
def test_digests_come_back(digest: Digest) -> None:
    written = identifiers.digest_identifier(digest)
    assert identifiers.read_digest(der.read(written)) is digest
    assert algos.DigestAlgorithm.load(written)["algorithm"].native == digest.value


def test_cms_may_name_the_key_alone_beside_the_digest() -> None:
    plain = der.read(der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null()))
    assert identifiers.read_signature(plain, Digest.SHA256) is Algorithm.RSA_SHA256
    with pytest.raises(SignatureAlgorithmRefused):
        identifiers.read_signature(plain)


def test_a_digest_beside_that_disagrees_is_refused() -> None:
    written = der.read(identifiers.signature_identifier(Algorithm.RSA_SHA512))
    with pytest.raises(SignatureAlgorithmRefused):
        identifiers.read_signature(written, Digest.SHA256)


def test_pss_with_mixed_or_default_digests_is_refused() -> None:
    sha512, sha256 = (identifiers.digest_identifier(each) for each in (Digest.SHA512, Digest.SHA256))
    mgf1 = der.oid("1.2.840.113549.1.1.8")
    pss = der.oid("1.2.840.113549.1.1.10")
    mixed = der.sequence(der.explicit(0, sha512), der.explicit(1, der.sequence(mgf1, sha256)))
    for parameters in ([mixed], [der.sequence()], []):
        with pytest.raises(SignatureAlgorithmRefused):
            identifiers.read_signature(der.read(der.sequence(pss, *parameters)))


@pytest.mark.parametrize(
    "data", [b"\x05\x00", b"\x30\x00", b"\x30\x02\x05\x00", der.sequence(der.oid("1.2.3"))]
)
def test_what_names_nothing_known_is_refused(data: bytes) -> None:
    refusals = (der.DerRefused, DigestRefused, SignatureAlgorithmRefused)
    with pytest.raises(refusals):
        identifiers.read_signature(der.read(data))
    with pytest.raises(refusals):
        identifiers.read_digest(der.read(data))

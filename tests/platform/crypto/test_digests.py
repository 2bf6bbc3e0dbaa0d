# SPDX-License-Identifier: EUPL-1.2
"""Digests by name, title, URI and object identifier."""

from __future__ import annotations

import hashlib

import pytest
from asn1crypto.algos import DigestAlgorithmId  # type: ignore[import-untyped]

from flagstone.platform.crypto import digests
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of


@pytest.mark.parametrize("digest", Digest)
def test_a_digest_is_found_again_by_each_of_its_names(digest: Digest) -> None:
    assert digests.by_uri(digest.uri) is digest
    assert digests.by_title(digest.title) is digest
    assert digests.by_title(digest.value.upper()) is digest
    assert digests.by_oid(digest.oid) is digest
    assert DigestAlgorithmId(digest.oid).native == digest.value


@pytest.mark.parametrize("digest", Digest)
def test_a_digest_is_the_one_of_the_standard_library(digest: Digest) -> None:
    assert digest_of(b"abc", digest) == hashlib.new(digest.value, b"abc", usedforsecurity=False).digest()
    assert len(digest_of(b"", digest)) == digest.octets


def test_sha_512_is_the_default() -> None:
    assert digest_of(b"abc") == hashlib.sha512(b"abc").digest()


def test_names_on_the_wire() -> None:
    assert Digest.SHA512.uri == "http://www.w3.org/2001/04/xmlenc#sha512"
    assert Digest.SHA256.uri == "http://www.w3.org/2001/04/xmlenc#sha256"
    assert Digest.SHA384.uri == "http://www.w3.org/2001/04/xmldsig-more#sha384"
    assert Digest.SHA512.title == "SHA-512"


@pytest.mark.parametrize(
    "name", ["", "MD5", "SHA-3", "sha-512", "SHA-512 ", "1.2.840.113549.2.5", "x" * 10_000]
)
def test_unknown_digests_are_refused_without_repeating_all_of_them(name: str) -> None:
    for find in (digests.by_uri, digests.by_title, digests.by_oid):
        with pytest.raises(DigestRefused) as refused:
            find(name)
        assert len(refused.value.detail) < 120

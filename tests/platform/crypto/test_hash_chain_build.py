# SPDX-License-Identifier: EUPL-1.2
"""Merkle trees over messages, and the chain to each of them (`http://cyber.ee/hashchain`)."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import hash_chain
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.hash_chain import Chained, digest_list
from flagstone.platform.crypto.hash_chain_build import SIGNATURE_CHAIN, TIMESTAMP_CHAIN, build_chains, leaf_of
from flagstone.platform.crypto.hash_chain_read import HashChainRefused, read_chain


def test_golden_value() -> None:
    """The published top of SHA-256 over one, two, three, four."""
    leaves = [{"/message.xml": hashlib.sha256(each).digest()} for each in (b"one", b"two", b"three", b"four")]
    made = build_chains(leaves, SIGNATURE_CHAIN, Digest.SHA256)
    assert base64.b64encode(made.top) == b"D7oIIfhfp4ToT729xyx991PvstI5XvpW+d7oeWvXw8E="


def both(left: bytes, right: bytes) -> bytes:
    return digest_of(digest_list([(Digest.SHA512, left), (Digest.SHA512, right)]))


def test_one_without_a_neighbour_moves_up() -> None:
    a, b, c, d, e = (digest_of(each) for each in (b"a", b"b", b"c", b"d", b"e"))
    tops = [
        build_chains([{"/message.xml": each} for each in [a, b, c, d, e][:size]], "/x").top for size in (3, 5)
    ]
    assert tops == [both(both(a, b), c), both(both(both(a, b), both(c, d)), e)]


def test_one_message_of_several_parts() -> None:
    leaf = leaf_of({"/message.xml": b"m", "/attachment1": b"a"})
    made = build_chains([leaf], SIGNATURE_CHAIN)
    assert made.top == both(*leaf.values())
    assert list(read_chain(made.chains[0])) == ["STEP0"]
    assert b'URI="/sig-hashchain.xml#STEP0"' in made.result


messages = st.lists(
    st.lists(st.binary(max_size=8), min_size=1, max_size=3).map(
        lambda contents: {
            ("/message.xml", "/attachment1", "/attachment2")[at]: each for at, each in enumerate(contents)
        }
    ),
    min_size=1,
    max_size=40,
).filter(lambda drawn: len(drawn) > 1 or len(drawn[0]) > 1)


@settings(max_examples=60, deadline=None)
@given(messages, st.sampled_from([Digest.SHA256, Digest.SHA384, Digest.SHA512]))
def test_each_chain_leads_to_its_message(drawn: list[dict[str, bytes]], digest: Digest) -> None:
    made = build_chains([leaf_of(each, digest) for each in drawn], TIMESTAMP_CHAIN, digest)
    assert len(made.chains) == len(drawn)
    for parts, chain in zip(drawn, made.chains, strict=True):
        findings = Findings()
        assert hash_chain.verify(Chained(made.result, chain), parts.get, findings, expected=list(parts))
        assert len(read_chain(chain)) <= len(drawn).bit_length() + 1


def test_chains_stay_short() -> None:
    made = build_chains([{"/message.xml": digest_of(b"%d" % each)} for each in range(1_000)], SIGNATURE_CHAIN)
    assert max(map(len, made.chains)) < 2_600
    assert made.chains[0] != made.chains[1]


DIGEST = digest_of(b"")


@pytest.mark.parametrize(
    "leaves",
    [
        [],
        [{"/message.xml": DIGEST}],
        [{}, {"/message.xml": DIGEST}],
        [{"/message.xml": b"short"}, {"/message.xml": DIGEST}],
        [{"message.xml": DIGEST}, {"/message.xml": DIGEST}],
        [{'/message.xml"': DIGEST}, {"/message.xml": DIGEST}],
        [{f"/attachment{each}": DIGEST for each in range(1, 1_002)}] * 2,
        [{"/message.xml": DIGEST}] * 100_001,
    ],
    ids=["none", "one", "empty", "short", "name", "quote", "parts", "messages"],
)
def test_what_makes_no_tree(leaves: list[dict[str, bytes]]) -> None:
    with pytest.raises(HashChainRefused):
        build_chains(leaves, SIGNATURE_CHAIN)


def test_nothing_new_on_sha_1() -> None:
    with pytest.raises(HashChainRefused):
        build_chains([{"/message.xml": bytes(20)}] * 2, SIGNATURE_CHAIN, Digest.SHA1)

# SPDX-License-Identifier: EUPL-1.2
"""What is recognised as text says the same to the parser, whatever is changed in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.hash_chain_build import SIGNATURE_CHAIN, build_chains
from flagstone.platform.crypto.hash_chain_form import recognise_chain, recognise_result
from flagstone.platform.crypto.hash_chain_read import (
    HashChainRefused,
    parsed_chain,
    parsed_result,
    read_chain,
    read_result,
)
from tests.platform.crypto.evidence import needs_vectors, vector

LEAVES = [{"/message.xml": digest_of(b"%d" % each), "/attachment1": digest_of(b"")} for each in range(5)]
MADE = build_chains([*LEAVES, {"/META-INF/signatures.xml": digest_of(b"x")}], SIGNATURE_CHAIN)
CHAINS = [*MADE.chains, build_chains(LEAVES[:1], SIGNATURE_CHAIN).chains[0]]


def same(document: bytes, read: Callable[[bytes], object], parsed: Callable[[bytes], object]) -> None:
    try:
        whole = parsed(document)
    except HashChainRefused:
        with pytest.raises(HashChainRefused):
            read(document)
        return
    assert read(document) == whole


def alike(document: bytes) -> None:
    """Compare both ways of reading: the same values, or a refusal by both."""
    same(document, read_chain, parsed_chain)
    same(document, read_result, parsed_result)


@pytest.mark.parametrize("digest", [Digest.SHA224, Digest.SHA256, Digest.SHA384, Digest.SHA512])
def test_what_we_write_is_recognised(digest: Digest) -> None:
    made = build_chains([{"/message.xml": bytes(digest.octets)}] * 9, SIGNATURE_CHAIN, digest)
    assert recognise_result(made.result) is not None
    assert all(recognise_chain(each) for each in made.chains)
    for each in (made.result, *made.chains):
        alike(each)


@needs_vectors
def test_vectors_are_left_to_the_parser() -> None:
    for number in (1, 2, 3):
        assert recognise_chain(vector(f"hashchain/hc-verifier{number}-hashchain.xml")) is None
        assert recognise_result(vector(f"hashchain/hc-verifier{number}-hashchainresult.xml")) is None


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([MADE.result, *CHAINS]), st.data())
def test_changed_at_random(document: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(document)))
    end = draw.draw(st.integers(start, min(len(document), start + 3)))
    pieces = st.sampled_from(
        [b"", b" ", b"<", b"&", b'"', b"A", b"=", b"0", b"\r", b"<x/>", b"\xc3\xb5", b"#"]
    )
    alike(document[:start] + draw.draw(pieces | st.binary(max_size=2)) + document[end:])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Digest.SHA512.uri.encode(), Digest.SHA1.uri.encode()),
        (Digest.SHA512.uri.encode(), b"urn:x"),
        (b'id="STEP1"', b'id="STEP01"'),
        (b'id="STEP1"', b'id="STEP0"'),
        (b'"#STEP1"', b'"#STEP01"'),
        (b'"#STEP1"', b'"#STEP"'),
        (b'"/message.xml"', b'"/message.xml?x"'),
        (b'"/message.xml"', b'"message.xml"'),
        (b"</ds:DigestValue>", b"AAAA</ds:DigestValue>"),
        (b"==</ds:DigestValue>", b"</ds:DigestValue>"),
        (b"==</ds:DigestValue>", b"=</ds:DigestValue>"),
        (b"</hc:HashStep>", b"</hc:HashStep>\n"),
        (b"standalone", b"Standalone"),
    ],
)
def test_changed_in_one_place(old: bytes, new: bytes) -> None:
    for document in (MADE.result, *CHAINS):
        alike(document.replace(old, new))
        alike(document.replace(old, new, 1))


def test_no_time_is_lost_in_refusing() -> None:
    step = CHAINS[0][CHAINS[0].index(b"<hc:HashStep") : CHAINS[0].index(b"</hc:HashStep>") + 14]
    assert recognise_chain(CHAINS[0].replace(step, step * 3_000 + b"!")) is None
    value = b"<hc:HashValue><ds:DigestValue>AAAA</ds:DigestValue></hc:HashValue>"
    assert recognise_chain(CHAINS[0].replace(b"</hc:HashStep>", value * 10_000 + b"!</hc:HashStep>")) is None
    alike(CHAINS[0].replace(b"</hc:HashStep>", value * 9_000 + b"</hc:HashStep>", 1))

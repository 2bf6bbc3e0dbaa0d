# SPDX-License-Identifier: EUPL-1.2
"""Hash chains of X-Road and of ours are followed, forged ones are not (`http://cyber.ee/hashchain`)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from asn1crypto import core  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.kernel.findings import Findings, Verdict
from flagstone.platform.crypto import hash_chain
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.hash_chain import Chained, digest_list, parts_of
from flagstone.platform.crypto.hash_chain_build import SIGNATURE_CHAIN, Chains, build_chains, leaf_of
from flagstone.platform.crypto.hash_chain_form import HASH_CHAIN
from flagstone.platform.crypto.hash_chain_read import HashChainRefused, read_chain, read_result
from flagstone.platform.crypto.xml import INCLUSIVE
from flagstone.platform.crypto.xmldsig import DS, Hashed
from tests.platform.crypto.evidence import needs_vectors, vector

FORM, RESULT, PART = "hash-chain.form", "hash-chain.result", "hash-chain.part-digest"
PRESENT, UNUSED, BY_DIGEST = "hash-chain.part-present", "hash-chain.inputs-used", "hash-chain.part-by-digest"
Parts = Mapping[str, bytes | Hashed]


def found(result: bytes, chain: bytes, parts: Parts, expected: Sequence[str] = ("/message.xml",)) -> Verdict:
    findings = Findings()
    so = hash_chain.verify(Chained(result, chain), parts.get, findings, expected=expected)
    assert so == findings.verdict.good
    return findings.verdict


def codes(verdict: Verdict) -> list[str]:
    return [each.code for each in verdict.failed]


def known(*values: int) -> Parts:
    uris = ("/message.xml", "/attachment1", "/attachment2", "/attachment3")
    return {uri: Hashed(Digest.SHA256, bytes([value])) for uri, value in zip(uris, values, strict=True)}


@needs_vectors
@pytest.mark.parametrize(
    ("number", "chain", "parts", "expected"),
    [
        (1, "1-hashchain", {}, []),
        (2, "2-hashchain", known(11, 12, 13, 14), []),
        (2, "2-hashchain", known(11, 12, 13, 15), [PART]),
        (3, "3-hashchain", {}, []),
        (3, "3-hashchain-invalid", {}, [PART]),
        (4, "4-hashchain1", {}, []),
        (1, "5-hashchain-invalid-schema", {}, [FORM]),
        (3, "1-hashchain", {}, [PART, RESULT]),
    ],
)
def test_vectors(number: int, chain: str, parts: Parts, expected: list[str]) -> None:
    def file(name: str) -> bytes:
        return vector(f"hashchain/hc-verifier{name}.xml")

    whole: dict[str, bytes | Hashed] = {"/hashchain2.xml": file("4-hashchain2")} if number == 4 else {}
    whole.update(parts or {"/message.xml": file(f"{number}-message")})
    assert (
        codes(found(file(f"{number}-hashchainresult"), file(chain), whole, list(parts) or ["/message.xml"]))
        == expected
    )


@needs_vectors
def test_vector_of_a_message_with_an_attachment() -> None:
    result, one, two = (vector(f"signatures/impl/hash-chain-{name}.xml") for name in ("result", "1", "2"))
    assert parts_of(one) == ("/message.xml", "/attachment1")
    digests = [base64.b64decode(each) for each in re.findall(rb"<DigestValue>([^<]+)<", one)]
    parts = {uri: Hashed(Digest.SHA512, each) for uri, each in zip(parts_of(one), digests, strict=True)}
    assert found(result, one, parts, list(parts)).good
    assert RESULT in codes(found(result, two, parts))


def test_digest_list_is_the_der_of_its_structure() -> None:
    class Item(core.Sequence):  # type: ignore[misc]
        _fields = [("digest", core.OctetString), ("method", core.UTF8String), ("none", core.Any)]  # noqa: RUF012

    class Items(core.SequenceOf):  # type: ignore[misc]
        _child_spec = Item

    for size in (1, 2, 3, 400):
        values = [(Digest.SHA512, bytes([each % 256]) * 64) for each in range(size)]
        own = [
            {"digest": value, "method": digest.uri, "none": core.Any.load(b"\x30\x00")}
            for digest, value in values
        ]
        assert digest_list(values) == Items(own).dump()


SEVERAL = [{"/message.xml": b"%d" % each, "/attachment1": b"%d!" % each} for each in range(5)]


@pytest.fixture(scope="module")
def made() -> Chains:
    return build_chains([leaf_of(each) for each in SEVERAL], SIGNATURE_CHAIN)


def test_ours_holds(made: Chains) -> None:
    for parts, chain in zip(SEVERAL, made.chains, strict=True):
        assert found(made.result, chain, parts, list(parts)).good


def test_an_attachment_that_is_not_kept(made: Chains) -> None:
    parts: dict[str, bytes | Hashed] = {"/message.xml": b"0"}
    assert codes(found(made.result, made.chains[0], parts)) == [PRESENT]
    findings = Findings()
    chained = Chained(made.result, made.chains[0])
    assert hash_chain.verify(chained, parts.get, findings, expected=["/message.xml"], partly=True)
    (by_digest,) = [each for each in findings.verdict.findings if each.code == BY_DIGEST]
    assert by_digest.subject == "/attachment1"
    assert by_digest.facts["digest"] == "SHA-512 " + digest_of(b"0!").hex()
    assert not hash_chain.verify(chained, lambda _: None, Findings(), expected=["/message.xml"], partly=True)


def test_changed_parts(made: Chains) -> None:
    chain = made.chains[0]
    assert codes(found(made.result, chain, {**SEVERAL[0], "/attachment1": b"x"})) == [PART]
    assert codes(found(made.result, chain, SEVERAL[0], ["/message.xml", "/attachment2"])) == [UNUSED]
    assert codes(found(made.result, made.chains[1], SEVERAL[0])) == [PART, PART]
    known_otherwise: Parts = {
        **SEVERAL[0],
        "/message.xml": Hashed(Digest.SHA256, digest_of(b"0", Digest.SHA256)),
    }
    assert codes(found(made.result, chain, known_otherwise)) == [PART]


def step(chain: bytes, number: int) -> bytes:
    match = re.search(rb'<hc:HashStep id="STEP%d">.*?</hc:HashStep>' % number, chain)
    assert match
    return match[0]


def swap(chain: bytes, old: bytes, new: bytes) -> bytes:
    assert old in chain
    return chain.replace(old, new, 1)


REF = b'<hc:StepRef URI="#STEP1"/>'
DATA = b'<hc:DataRef URI="/message.xml">'
EMPTY_STEP = b'<hc:HashStep id="STEP1"></hc:HashStep>'
TRANSFORM = b'<ds:Transforms><ds:Transform Algorithm="%s"/></ds:Transforms>'
TWO_VALUES = rb'(<hc:StepRef URI="#STEP1"/>)(<hc:HashValue>.*?</hc:HashValue>)'


def exchanged(match: re.Match[bytes]) -> bytes:
    return b'id="STEP2"' if match[1] == b"1" else b'id="STEP1"'


def ref_by(digest: Digest) -> bytes:
    return REF[:-2] + b'><ds:DigestMethod Algorithm="%s"/></hc:StepRef>' % digest.uri.encode()


FORGED: dict[str, Callable[[bytes], bytes]] = {
    "a circle": lambda chain: swap(chain, b'URI="#STEP2"', b'URI="#STEP0"'),
    "itself": lambda chain: swap(chain, b'URI="#STEP1"', b'URI="#STEP0"'),
    "no such step": lambda chain: swap(chain, b'URI="#STEP1"', b'URI="#STEP9"'),
    "no fragment": lambda chain: swap(chain, b'URI="#STEP1"', b'URI="#"'),
    "no URI": lambda chain: swap(chain, b' URI="#STEP1"', b""),
    "another file": lambda chain: swap(chain, b'URI="#STEP1"', b'URI="/other.xml#STEP1"'),
    "two steps of one name": lambda chain: swap(chain, step(chain, 0), step(chain, 0) + step(chain, 0)),
    "a step without values": lambda chain: swap(chain, step(chain, 1), EMPTY_STEP),
    "a step without a name": lambda chain: swap(chain, b' id="STEP1"', b""),
    "an unknown value": lambda chain: swap(chain, REF, b'<hc:Ref URI="#STEP1"/>'),
    "text in a step": lambda chain: swap(chain, REF, REF + b"x"),
    "a comment": lambda chain: swap(chain, REF, REF + b"<!-- -->"),
    "a document type": lambda chain: swap(chain, b"<hc:HashChain", b"<!DOCTYPE x><hc:HashChain"),
    "SHA-1 by default": lambda chain: swap(chain, Digest.SHA512.uri.encode(), Digest.SHA1.uri.encode()),
    "SHA-1 of a value": lambda chain: swap(chain, REF, ref_by(Digest.SHA1)),
    "SHA-256 of a value": lambda chain: swap(chain, REF, ref_by(Digest.SHA256)),
    "no method": lambda chain: re.sub(rb"<hc:DefaultDigestMethod[^>]*>", b"", chain),
    "values swapped": lambda chain: re.sub(TWO_VALUES, rb"\2\1", chain, count=1),
    "steps swapped": lambda chain: re.sub(rb'id="STEP([12])"', exchanged, chain),
    "a value more": lambda chain: swap(chain, REF, REF + REF),
    "a value less": lambda chain: swap(chain, REF, b""),
    "a long digest": lambda chain: swap(chain, b"<ds:DigestValue>", b"<ds:DigestValue>" + b"AAAA" * 30),
    "no digest": lambda chain: re.sub(rb"<ds:DigestValue>[^<]*<", b"<ds:DigestValue><", chain),
    "a folder's file": lambda chain: swap(chain, b'URI="/message.xml"', b'URI="message.xml"'),
    "XPath": lambda chain: swap(chain, DATA, DATA + TRANSFORM % b"http://www.w3.org/TR/1999/REC-xpath-19991116"),
    "canonical where it is no XML": lambda chain: swap(chain, DATA, DATA + TRANSFORM % INCLUSIVE.encode()),
    "another message's name": lambda chain: swap(chain, b'URI="/message.xml"', b'URI="/attachment1"'),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_forged_chains(made: Chains, name: str) -> None:
    forged = FORGED[name](made.chains[0])
    assert forged != made.chains[0]
    verdict = found(made.result, forged, SEVERAL[0], list(SEVERAL[0]))
    assert not verdict.good
    assert all(each.detail for each in verdict.failed)


def test_forged_results(made: Chains) -> None:
    for old, new in (
        (b"#STEP0", b"#STEP1"),
        (b"#STEP0", b""),
        (b"HashChainResult", b"HashChain"),
        (Digest.SHA512.uri.encode(), Digest.SHA1.uri.encode()),
        (Digest.SHA512.uri.encode(), Digest.SHA256.uri.encode()),
        (b"</ds:DigestValue>", b"</ds:DigestValue><x/>"),
    ):
        assert not found(made.result.replace(old, new), made.chains[0], SEVERAL[0]).good
    assert codes(found(made.chains[0], made.result, SEVERAL[0])) == [FORM]
    assert codes(found(b"", b"", SEVERAL[0])) == [FORM]


def chain_of(steps: str) -> bytes:
    return (
        f'<hc:HashChain xmlns:hc="{HASH_CHAIN}" xmlns:ds="{DS}">'
        f'<hc:DefaultDigestMethod Algorithm="{Digest.SHA512.uri}"/>{steps}</hc:HashChain>'
    ).encode()


def test_deep_and_spreading_chains_end(made: Chains) -> None:
    deep = "".join(
        f'<hc:HashStep id="STEP{each}"><hc:StepRef URI="#STEP{each + 1}"/></hc:HashStep>'
        for each in range(2_000)
    )
    assert codes(found(made.result, chain_of(deep), SEVERAL[0])) == [FORM]
    ref = '<hc:StepRef URI="#STEP{0}"/>'
    spreading = "".join(
        f'<hc:HashStep id="STEP{each}">{ref.format(each + 1) * 10}</hc:HashStep>' for each in range(60)
    )
    assert codes(found(made.result, chain_of(spreading), SEVERAL[0])) == [FORM]
    many = "".join(f'<hc:HashStep id="STEP{each}">{ref.format(0)}</hc:HashStep>' for each in range(4_100))
    assert codes(found(made.result, chain_of(many), SEVERAL[0])) == [FORM]


def test_chains_beside_are_asked_for_by_name(made: Chains) -> None:
    chain = swap(made.chains[0], REF, b'<hc:StepRef URI="/more.xml#STEP1"/>')
    first, rest = chain.replace(step(chain, 1), b""), made.chains[0]
    assert found(made.result, first, {**SEVERAL[0], "/more.xml": rest}).good
    assert codes(found(made.result, first, {**SEVERAL[0], "/more.xml": b"<a/>"})) == [FORM]
    assert codes(found(made.result, first, {**SEVERAL[0], "/more.xml": Hashed(Digest.SHA512, b"")})) == [FORM]
    assert codes(found(made.result, first, SEVERAL[0])) == [FORM]


def test_refusals_name_what_is_wrong() -> None:
    for data in (b"", b"<a/>", b"\xff", chain_of("<hc:HashStep/>")):
        with pytest.raises(HashChainRefused) as refused:
            read_chain(data)
        assert refused.value.detail
        with pytest.raises(HashChainRefused):
            read_result(data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_never_vouches_for_other_parts(made: Chains, data: st.DataObject) -> None:
    """Whatever byte changes in result or chain, what still verifies vouches for the same parts."""
    documents = [made.result, made.chains[2]]
    which = data.draw(st.integers(0, 1))
    place = data.draw(st.integers(0, len(documents[which]) - 1))
    changed = bytearray(documents[which])
    changed[place] = data.draw(st.integers(0, 255))
    documents[which] = bytes(changed)
    assert not found(documents[0], documents[1], SEVERAL[1], list(SEVERAL[1])).good
    if found(documents[0], documents[1], SEVERAL[2], list(SEVERAL[2])).good and which:
        assert set(parts_of(documents[1])) == set(SEVERAL[2])

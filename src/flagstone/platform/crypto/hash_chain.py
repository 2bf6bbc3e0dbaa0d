# SPDX-License-Identifier: EUPL-1.2
"""Hash chains, read and verified: one signature or one time-stamp for many parts (`http://cyber.ee/hashchain`).

A result names the digest at the top of a Merkle tree; a chain leads from it, step by step, to the parts of
one message. A step's digest is that of the DER of its values (`digest_list`). `hash_chain_build` makes them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.hash_chain_read import (
    STEPS_MAX,
    DataRef,
    HashChainRefused,
    HashValue,
    Result,
    StepRef,
    Steps,
    Value,
    read_chain,
    read_result,
)
from flagstone.platform.crypto.xml import Bounds, XmlRefused, canonical_document
from flagstone.platform.crypto.xmldsig import Hashed, Part, PartOf, matches, same

DEPTH_MAX = 64
ABSENT_URI = re.compile(r"/attachment[1-9][0-9]{0,5}", re.ASCII)
_TRANSFORMED = Bounds(bytes_max=1 << 24, elements_max=500_000, depth_max=128, remarks=True)

FORM = Check(
    "hash-chain.form",
    "Are the hash chain and its result of the accepted form?",
    "Fetch the container again from the server that made it; its hash chain is damaged or not X-Road's.",
    "malformed_hash_chain",
)
PRESENT = Check(
    "hash-chain.part-present",
    "Is each part that the hash chain refers to at hand?",
    "Fetch the container again from the server that made it; a part that was counted in is missing.",
    "invalid_reference",
)
PART_DIGEST = Check(
    "hash-chain.part-digest",
    "Has each part the digest that the hash chain counts in?",
    "The part was changed after it was signed or time-stamped. Do not rely on it.",
    "invalid_hash_chain_ref",
)
RESULT = Check(
    "hash-chain.result",
    "Does the hash chain lead to the result that was signed or time-stamped?",
    "The chain does not belong to this result, or was changed. Fetch the container again.",
    "invalid_hash_chain",
)
INPUTS_USED = Check(
    "hash-chain.inputs-used",
    "Does the hash chain count in every part of the message?",
    "A part that is not counted in proves nothing. Fetch the container again.",
    "hashchain_unused_inputs",
)
BY_DIGEST = Check(
    "hash-chain.part-by-digest",
    "Which parts are known by their digest alone?",
    "Nothing is wrong: the part was signed but is not kept. Whoever has it can compare its digest.",
)


@dataclass(frozen=True)
class Chained:
    """A result and the chain that leads to it, as their documents (UTF-8 XML)."""

    result: bytes = field(repr=False)
    chain: bytes = field(repr=False)


def verify(
    chained: Chained, part: PartOf, findings: Findings, *, expected: Collection[str], partly: bool = False
) -> bool:
    """Tell whether the chain leads from its result to every part in `expected`, and say what was found.

    `part` gives what a URI such as `/message.xml` leads to (as for a signature), and further chains that a
    step refers to. With `partly` an attachment that is not at hand counts by its digest (BY_DIGEST).
    """
    walk = _Walk(part, findings, partly=partly)
    try:
        result = read_result(chained.result)
        value = walk.follow(result, read_chain(chained.chain))
    except (HashChainRefused, RecursionError) as error:
        findings.fails(FORM, "hash chain", getattr(error, "detail", "") or "the steps nest too deep")
        return False
    so = same(value, result.value)
    top = findings.that(RESULT, result.uri, "" if so else "the chain leads to another digest", so=so)
    return _inputs_used(expected, walk, findings) and top and walk.good


def digest_list(values: Sequence[tuple[Digest, bytes]]) -> bytes:
    """Return the DER of a step's values: a SEQUENCE of (OCTET STRING, UTF8String of the URI, SEQUENCE {})."""
    items = []
    for digest, value in values:
        before, after = _around(digest, len(value))
        items.append(before + value + after)
    return _tlv(0x30, b"".join(items))


def parts_of(document: bytes) -> tuple[str, ...]:
    """Return the URIs of all parts that a HashChain document refers to, in order; HashChainRefused."""
    steps = read_chain(document).values()
    return tuple(each.uri for values in steps for each in values if isinstance(each, DataRef))


class _Walk:
    """Follows the steps of one result, each value computed afresh, within bounds of count and depth."""

    def __init__(self, part: PartOf, findings: Findings, *, partly: bool) -> None:
        self.used: set[str] = set()
        self.good = True
        self._part = part
        self._findings = findings
        self._partly = partly
        self._left = STEPS_MAX
        self._chains: dict[str, Steps] = {}

    def follow(self, result: Result, chain: Steps) -> bytes:
        base, _, _ = result.uri.partition("#")
        self._chains[base] = chain
        return self._step_digest(StepRef(result.digest, result.uri), chain, DEPTH_MAX)

    def _step_digest(self, ref: StepRef, chain: Steps, depth: int) -> bytes:
        self._left -= 1
        if self._left < 0 or depth < 0:
            raise HashChainRefused("the steps go in a circle, or are too many or too deep")
        base, _, name = ref.uri.partition("#")
        chain = self._chain(base) if base else chain
        if not name or name not in chain:
            raise HashChainRefused(f"there is no step {ref.uri[:80]!r}")
        values = [(each.digest, self._value(each, chain, depth)) for each in chain[name]]
        return digest_of(digest_list(values), ref.digest)

    def _value(self, value: Value, chain: Steps, depth: int) -> bytes:
        if isinstance(value, HashValue):
            return value.value
        if isinstance(value, StepRef):
            return self._step_digest(value, chain, depth - 1)
        self.used.add(value.uri)
        self._check(value)
        return value.value

    def _chain(self, uri: str) -> Steps:
        if uri not in self._chains:
            content = self._part(uri)
            if not isinstance(content, bytes):
                raise HashChainRefused(f"the chain {uri[:80]!r} is not at hand")
            self._chains[uri] = read_chain(content)
        return self._chains[uri]

    def _check(self, ref: DataRef) -> None:
        content = self._part(ref.uri)
        if content is None:
            self._absent(ref)
            return
        so = _has_digest(content, ref)
        detail = "" if so else f"its {ref.digest.title} is not the one in the chain"
        self.good = self._findings.that(PART_DIGEST, ref.uri, detail, so=so) and self.good

    def _absent(self, ref: DataRef) -> None:
        if self._partly and ABSENT_URI.fullmatch(ref.uri):
            shown = f"{ref.digest.title} {ref.value.hex()}"
            self._findings.holds(
                BY_DIGEST, ref.uri, "the part is not kept; its digest was counted in", digest=shown
            )
            return
        self._findings.fails(PRESENT, ref.uri, "the part is not at hand")
        self.good = False


def _has_digest(content: Part, ref: DataRef) -> bool:
    if not ref.canonical:
        return matches(content, ref.digest, ref.value)
    if isinstance(content, Hashed):
        return False
    try:
        return matches(canonical_document(content, _TRANSFORMED), ref.digest, ref.value)
    except XmlRefused:
        return False


def _inputs_used(expected: Collection[str], walk: _Walk, findings: Findings) -> bool:
    unused = sorted(set(expected) - walk.used)
    return findings.that(INPUTS_USED, "hash chain", ", ".join(unused), so=not unused)


@lru_cache(maxsize=64)
def _around(digest: Digest, size: int) -> tuple[bytes, bytes]:
    """Return what stands before and after a value of `size` bytes in its DER."""
    method = _tlv(0x0C, digest.uri.encode()) + b"\x30\x00"
    item = _tlv(0x30, _tlv(0x04, bytes(size)) + method)
    return item[: len(item) - size - len(method)], method


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content

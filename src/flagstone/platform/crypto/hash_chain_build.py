# SPDX-License-Identifier: EUPL-1.2
"""Hash chains made: a Merkle tree over the parts of many messages (`http://cyber.ee/hashchain`).

The tree pairs neighbours from left to right, level by level; one without a neighbour moves up as it is. A
message of several parts is one leaf, the digest of the list of its parts.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from flagstone.platform.crypto import hash_chain_form as form
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.hash_chain import digest_list
from flagstone.platform.crypto.hash_chain_read import HashChainRefused

SIGNATURE_CHAIN = "/sig-hashchain.xml"
TIMESTAMP_CHAIN = "/ts-hashchain.xml"
PART_URI = re.compile(r"/message\.xml|/attachment[1-9][0-9]{0,5}|/META-INF/signatures\.xml", re.ASCII)
LEAVES_MAX = 100_000
PARTS_MAX = 1_000

Leaf: TypeAlias = Mapping[str, bytes]
"""One message: the digest of each part by its URI (`/message.xml`, `/attachment1`), in order."""


@dataclass(frozen=True)
class Chains:
    """The result's document, one chain's document for each leaf in order, and the digest at the top."""

    result: bytes = field(repr=False)
    chains: tuple[bytes, ...] = field(repr=False)
    top: bytes


def leaf_of(parts: Mapping[str, bytes], digest: Digest = Digest.SHA512) -> Leaf:
    """Return the leaf of a message from the bytes of its parts by URI."""
    return {uri: digest_of(content, digest) for uri, content in parts.items()}


def build_chains(leaves: Sequence[Leaf], chain_uri: str, digest: Digest = Digest.SHA512) -> Chains:
    """Return the result and the chains of `leaves`; `chain_uri` is what a chain will be called.

    Raises HashChainRefused for no leaf, one leaf of one part (its digest is signed directly), more than
    100,000 leaves or 1,000 parts, a URI that is no part of a message, and a digest of another length.
    """
    _check(leaves, digest)
    tree = _Tree(digest)
    root = tree.grow([tree.leaf(place, each) for place, each in enumerate(leaves)])
    values = (chain_uri, digest.uri, _base64(root.digest), "")
    result = "".join(f"{text}{value}" for text, value in zip(form.RESULT, values, strict=True))
    return Chains(result.encode(), tree.chains(root, leaves), root.digest)


@dataclass(frozen=True, slots=True)
class _Node:
    digest: bytes
    place: int = -1
    left: _Node | None = None
    right: _Node | None = None


class _Tree:
    """Grows a tree from its leaves, and writes the way from the top to each of them."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest

    def leaf(self, place: int, leaf: Leaf) -> _Node:
        """Return the node of one message: its part's digest, or the digest of the list of its parts."""
        if len(leaf) == 1:
            return _Node(next(iter(leaf.values())), place)
        return _Node(self._listed(leaf.values()), place)

    def grow(self, nodes: list[_Node]) -> _Node:
        """Return the top of a tree over `nodes`."""
        while len(nodes) > 1:
            pairs = zip(nodes[::2], nodes[1::2], strict=False)
            above = [_Node(self._listed((a.digest, b.digest)), -1, a, b) for a, b in pairs]
            nodes = above if len(nodes) % 2 == 0 else [*above, nodes[-1]]
        return nodes[0]

    def chains(self, root: _Node, leaves: Sequence[Leaf]) -> tuple[bytes, ...]:
        """Return the chain of each leaf; what leads to a node is written once for all below it."""
        written = [b""] * len(leaves)
        waiting = [(root, self._digest.uri.join(form.HEAD), 0)]
        while waiting:
            node, head, depth = waiting.pop()
            if node.left is None or node.right is None:
                written[node.place] = f"{head}{_last(leaves[node.place], depth)}{form.TAIL}".encode()
                continue
            for side, other, first in ((node.left, node.right, True), (node.right, node.left, False)):
                own = self._own(side, leaves, depth + 1)
                waiting.append(
                    (side, f"{head}{_step(depth, own, _hash_value(other.digest), first=first)}", depth + 1)
                )
        return tuple(written)

    @staticmethod
    def _own(node: _Node, leaves: Sequence[Leaf], depth: int) -> str:
        if node.place >= 0 and len(leaves[node.place]) == 1:
            return _data_refs(leaves[node.place])
        return str(depth).join(form.STEP_REF)

    def _listed(self, values: Iterable[bytes]) -> bytes:
        return digest_of(digest_list([(self._digest, each) for each in values]), self._digest)


def _step(depth: int, own: str, other: str, *, first: bool) -> str:
    """Return the step at `depth` with the way down and its neighbour, in the order of the tree."""
    return f"{form.STEP[0]}{depth}{form.STEP[1]}{own + other if first else other + own}{form.STEP[2]}"


def _last(leaf: Leaf, depth: int) -> str:
    """Return the step of a message of several parts; a single part stands in the step above."""
    return "" if len(leaf) == 1 else f"{form.STEP[0]}{depth}{form.STEP[1]}{_data_refs(leaf)}{form.STEP[2]}"


def _data_refs(leaf: Leaf) -> str:
    before, between, after = form.DATA_REF
    return "".join(f"{before}{uri}{between}{_base64(value)}{after}" for uri, value in leaf.items())


def _hash_value(value: bytes) -> str:
    return _base64(value).join(form.HASH_VALUE)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _check(leaves: Sequence[Leaf], digest: Digest) -> None:
    if not 1 <= len(leaves) <= LEAVES_MAX:
        raise HashChainRefused(f"{len(leaves)} messages; 1 to {LEAVES_MAX} make a tree")
    if len(leaves) == 1 and len(leaves[0]) == 1:
        raise HashChainRefused("one part of one message needs no chain; its digest is signed itself")
    if digest is Digest.SHA1:
        raise HashChainRefused("SHA-1 is too weak to be relied on")
    for leaf in leaves:
        if not 1 <= len(leaf) <= PARTS_MAX:
            raise HashChainRefused(f"a message of {len(leaf)} parts; 1 to {PARTS_MAX} are counted in")
        for uri, value in leaf.items():
            if not PART_URI.fullmatch(uri) or len(value) != digest.octets:
                raise HashChainRefused(f"{uri[:80]!r} is not a part, or its digest not a {digest.title}")

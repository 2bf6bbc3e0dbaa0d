# SPDX-License-Identifier: EUPL-1.2
"""A decision as the bytes that are signed, and what must agree between them and everything beside them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.decision import Decision
from flagstone.blocks.rules.model import canonical_json
from flagstone.blocks.rules.model.canonical_json import NotCanonical
from flagstone.blocks.rules.model.wire import NotOnWire, from_wire, on_wire
from flagstone.kernel.clock import rfc3339

FORMAT = 1
TYPE = "flagstone-decision+json"
"""The `typ` of signatures over decisions, so that no other signature of the site can stand for one."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 12


def content_of(decision: Decision) -> bytes:
    """Return the canonical bytes of a decision; NotCanonical for what JSON cannot carry."""
    return canonical_json.encode({"format": FORMAT, **on_wire(decision), "at": rfc3339(decision.at)})


def decision_of(content: bytes) -> Decision:
    """Return the decision whose canonical bytes are exactly `content`; NotCanonical otherwise."""
    said = canonical_json.decode(content)
    if not isinstance(said, dict) or said.pop("format", None) != FORMAT:
        raise NotCanonical("not a decision of format 1")
    try:
        found = from_wire(Decision, said)
    except NotOnWire as wrong:
        raise NotCanonical(f"not a decision: {wrong.place}") from wrong
    if content_of(found) != content:
        raise NotCanonical("the decision would be written otherwise")
    return found


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of canonical bytes, as lower-case hex."""
    return sha256(content).hexdigest()


def number_of(prefix: str, chance: int) -> str:
    """Return a public number of 60 bits of chance, `D-7K3M-9QX2-PTC4`, which says nothing about anybody."""
    letters = [ALPHABET[(chance >> (5 * at)) & 31] for at in range(NUMBER_LENGTH)]
    groups = ["".join(letters[at : at + 4]) for at in range(0, NUMBER_LENGTH, 4)]
    return "-".join([prefix, *groups])


def columns_of(said: Mapping[str, JsonValue], content: bytes) -> dict[str, JsonValue]:
    """Return what the row of a decision repeats of its bytes, of which `said` is the value."""
    repeated = ("number", "subject", "kind", "at", "archive", "explanation", "previous", "replaces")
    law = said.get("law")
    return {
        **{name: said.get(name) for name in repeated},
        "package": _inside(law, "name", "package"),
        "digest": digest_of(content),
    }


def read_of(said: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return the parameters that a decision read, each as `name@day`."""
    read = said.get("read")
    return tuple(map(str, read)) if isinstance(read, list | tuple) else ()


def pairs_of(read: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return each parameter that was read with the day as of which, once, in order."""
    parted = (each.rpartition("@") for each in sorted(set(read)))
    return [(name, day) for name, _, day in parted]


@lru_cache(maxsize=1_024)
def reads_name(read: tuple[str, ...]) -> str:
    """Return the digest that names a set of reads; many decisions have the same."""
    return digest_of(canonical_json.encode(sorted(set(read))))


def bit_differences(
    before: Mapping[str, JsonValue], after: Mapping[str, JsonValue], named: str
) -> tuple[str, ...]:
    """Return the places at which two sets of values differ in any bit, as `named: place`, in order."""
    places = sorted({*before, *after})
    return tuple(f"{named}: {place}" for place in places if not _same(before, after, place))


def _same(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue], place: str) -> bool:
    if (place in before) != (place in after):
        return False
    return canonical_json.encode(before[place]) == canonical_json.encode(after[place])


def _inside(value: JsonValue, *path: str) -> JsonValue:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value

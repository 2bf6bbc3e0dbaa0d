# SPDX-License-Identifier: EUPL-1.2
"""What a transaction's entries share is put together from kept parts, and is canonical all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from flagstone.kernel.audit import Actor, ActorKind, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.platform.crypto import canonical
from flagstone.platform.storage.entry import Context, shared_bytes

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NUMBERS = st.integers(1, 2**63 - 1)
WORDS = st.text(max_size=40)


def whole(context: Context) -> bytes:
    """Return the shared part as one map, encoded at once."""
    actor, reason = context.actor, context.reason
    said: canonical.Canonical = {
        "origin": context.origin,
        "tx": context.first,
        "of": context.size,
        "actor": [actor.kind.value, actor.id, actor.name, actor.organisation, actor.system],
        "purpose": reason.purpose,
        "basis": reason.legal_basis,
        "xref": reason.message_reference,
        "ts": rfc3339(context.at),
    }
    return canonical.encode(said)


@given(WORDS, WORDS, WORDS, NUMBERS, NUMBERS)
def test_the_shared_part_is_one_canonical_map(
    origin: str, name: str, reference: str, first: int, size: int
) -> None:
    actor = Actor(ActorKind.OFFICIAL, name, name, "org", "system")
    reason = Reason("Because", "Act § 1", reference)
    context = Context(origin, actor, reason, at=AT, first=first, size=size)
    assert shared_bytes(context) == whole(context)


def test_what_differs_between_two_transactions_is_not_taken_from_the_first() -> None:
    first = Context("aralia/test", Actor(ActorKind.JOB, "a"), Reason("One"), at=AT, first=1, size=2)
    for other in (
        replace(first, first=3),
        replace(first, origin="aralia/else"),
        replace(first, actor=Actor(ActorKind.PERSON, "a")),
        replace(first, reason=Reason("One", message_reference="XA-1")),
    ):
        assert shared_bytes(other) == whole(other) != shared_bytes(first)

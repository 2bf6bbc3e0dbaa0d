# SPDX-License-Identifier: EUPL-1.2
"""Reactions: what an event changes in this site's registers, with the event named as the reason.

Each write names the event as its message reference, and a record that has such a revision is left as it
is. So a reaction that died before its mark was set does nothing twice, even when somebody changed the
record meanwhile.
"""

from __future__ import annotations

from contextlib import suppress

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import Event
from flagstone.blocks.exchange.contract.news_faults import EventInvalid, ReactionAmbiguous
from flagstone.blocks.exchange.contract.news_plan import Reaction
from flagstone.blocks.exchange.model.news_rules import filters_of, holds, written
from flagstone.blocks.registry.contract.faults import RecordExists
from flagstone.blocks.registry.contract.record import PAGE_SIZE_MAX, Query, Record
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason

RECORDS_MAX = PAGE_SIZE_MAX


class Reactor:
    """Does reactions through the registry."""

    def __init__(self, registry: Registry) -> None:
        """Change records of `registry`."""
        self._registry = registry

    def react(self, reaction: Reaction, event: Event) -> int:
        """Do a reaction and return how many records it wrote; the registry's faults pass through.

        ReactionAmbiguous when more than 200 records match, EventInvalid when the event lacks a member
        that records are matched by.
        """
        filters = filters_of(reaction, event.payload)
        if filters is None:
            raise EventInvalid("the event lacks what records are matched by")
        caller, reason = _caller(reaction.at, event), _reason(reaction, event)
        page = self._registry.find(
            caller, reaction.register, Query(filters=filters, page_size=RECORDS_MAX), reason
        )
        if page.total > RECORDS_MAX:
            raise ReactionAmbiguous(f"{page.total} records match")
        if reaction.create:
            return 0 if page.records else self._create(reaction, event, caller, reason)
        fitting = [each for each in page.records if holds(reaction.where, each.data)]
        return sum(self._change(reaction, event, record, (caller, reason)) for record in fitting)

    def _create(self, reaction: Reaction, event: Event, caller: Caller, reason: Reason) -> int:
        """Make the record; somebody may have made it just before."""
        values = written(reaction.create, event.payload)
        data = {field: value for field, value in values.items() if value is not None}
        with suppress(RecordExists):
            self._registry.create(caller, reaction.register, data, reason)  # type: ignore[arg-type]  # no floats
            return 1
        return 0

    def _change(self, reaction: Reaction, event: Event, record: Record, who: tuple[Caller, Reason]) -> int:
        """Change or archive one record, unless this event did so before."""
        caller, reason = who
        past = self._registry.history(caller, reaction.register, record.id, reason)
        if any(each.reason.message_reference == event.id for each in past):
            return 0
        if reaction.archive:
            self._registry.archive(caller, reaction.register, record.id, reason)
            return 1
        values = written(reaction.set, event.payload)
        changed = self._registry.update(
            caller,
            reaction.register,
            record.id,
            values,  # type: ignore[arg-type]  # the registry refuses fractions itself
            reason,
            expected_revision=record.revision,
        )
        return int(changed.revision != record.revision)


def _caller(at: ClientId, event: Event) -> Caller:
    """Return the site at work on an event of another system."""
    name = f"event of {event.type.room}"
    return Caller(Actor(ActorKind.JOB, name, name, at.member_code, str(at)))


def _reason(reaction: Reaction, event: Event) -> Reason:
    """Return why: the reaction's purpose with the event and its publisher named."""
    purpose = reaction.purpose or f"Reaction to {event.type.code}"
    return Reason(f"{purpose} ({event.type})", reaction.legal_basis, event.id)

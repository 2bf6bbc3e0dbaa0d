# SPDX-License-Identifier: EUPL-1.2
"""Events that came to this site, and its reactions to them, in the database."""

from __future__ import annotations

import json

from flagstone.blocks.exchange.contract.news import Event, State, Taken, TypeId
from flagstone.blocks.exchange.model.names import subsystem_named
from flagstone.blocks.exchange.store.news_tables import arrivals, reactions
from flagstone.kernel.clock import parse_rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row, select

_BOTH = reactions.join(arrivals, arrivals.c.event == reactions.c.event)


def arrived(view: Reading, event_id: str) -> Row | None:
    """Return an event that came here before."""
    return view.row(select(arrivals).where(arrivals.c.event == event_id))


def arrived_event(row: Row) -> Event:
    """Return an arrival as the event it was."""
    room = subsystem_named(row["room"])
    moment = parse_rfc3339(row["at"])
    payload = json.loads(row["payload"])
    return Event(row["event"], TypeId(room, row["type"]), room, row["sequence"], moment, payload)


def due_reactions(view: Reading, now: str, limit: int) -> list[Row]:
    """Return reactions that are due, the oldest event first."""
    due = select(reactions).select_from(_BOTH)
    due = due.where(reactions.c.state == State.WAITING.value, reactions.c.next_at <= now)
    return view.rows(due.order_by(arrivals.c.at, arrivals.c.sequence, reactions.c.reaction).limit(limit))


def abandoned_reactions(view: Reading, limit: int) -> list[Row]:
    """Return reactions that were given up."""
    query = select(reactions).where(reactions.c.state == State.ABANDONED.value)
    return view.rows(query.order_by(reactions.c.changed_at).limit(limit))


def taken_rows(view: Reading, state: State | None, limit: int) -> list[Row]:
    """Return reactions with their arrivals, the newest first."""
    columns = (*reactions.c, arrivals.c.room, arrivals.c.type, arrivals.c.taken_at)
    query = select(*columns).select_from(_BOTH)
    if state is not None:
        query = query.where(reactions.c.state == state.value)
    return view.rows(query.order_by(arrivals.c.taken_at.desc(), reactions.c.reaction).limit(limit))


def taken_of(row: Row) -> Taken:
    """Return a reaction with its arrival as the contract has it."""
    state = State(row["state"])
    return Taken(
        row["event"],
        TypeId(subsystem_named(row["room"]), row["type"]),
        parse_rfc3339(row["taken_at"]),
        row["reaction"],
        state,
        row["attempts"],
        row["records"],
        parse_rfc3339(row["next_at"]) if state is State.WAITING else None,
        row["last_fault"],
    )


def reaction_key(row: Row) -> dict[str, str]:
    """Return the key of a reaction's row."""
    return {"event": row["event"], "reaction": row["reaction"]}


def old_arrivals(view: Reading, before: str, limit: int) -> list[str]:
    """Return events that came before `before` and have no reaction left to do."""
    waiting = select(reactions.c.event).where(reactions.c.state == State.WAITING.value)
    query = select(arrivals.c.event).where(arrivals.c.taken_at < before, arrivals.c.event.not_in(waiting))
    return [row["event"] for row in view.rows(query.order_by(arrivals.c.taken_at).limit(limit))]


def reactions_to(view: Reading, event_id: str) -> list[Row]:
    """Return the reactions to one event."""
    return view.rows(select(reactions).where(reactions.c.event == event_id))

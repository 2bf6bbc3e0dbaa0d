# SPDX-License-Identifier: EUPL-1.2
"""Types of events, events and subscriptions in the database."""

from __future__ import annotations

import json
from typing import Any

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import Event, EventType, Mode, Subscription, TypeId
from flagstone.blocks.exchange.model.names import named_subject, subject_named, subsystem_named
from flagstone.blocks.exchange.model.news_schema import encoded
from flagstone.blocks.exchange.store.news_tables import deliveries, events, subscriptions, types
from flagstone.kernel.clock import parse_rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import ColumnElement, Row, and_, exists, func, select
from flagstone.platform.storage.writing import Writing


def type_of(row: Row) -> EventType:
    """Return a row as a type of event."""
    return EventType(
        TypeId(subsystem_named(row["room"]), row["code"]),
        json.loads(row["schema"]),
        row["title"],
        row["purpose"],
        row["legal_basis"],
        row["subject"],
        frozenset(subject_named(one) for one in row["subscribers"]),
    )


def type_columns(event_type: EventType) -> dict[str, Any]:
    """Return what is stored of a type beside its key and its count."""
    return {
        "schema": encoded(event_type.schema),
        "title": dict(event_type.title),
        "purpose": event_type.purpose,
        "legal_basis": event_type.legal_basis,
        "subject": event_type.subject,
        "subscribers": sorted(named_subject(one) for one in event_type.subscribers),
    }


def type_key(type_id: TypeId) -> dict[str, str]:
    """Return the key of a type's row."""
    return {"room": str(type_id.room), "code": type_id.code}


def type_row(view: Reading, type_id: TypeId) -> Row | None:
    """Return a type's row."""
    mine = and_(types.c.room == str(type_id.room), types.c.code == type_id.code)
    return view.row(select(types).where(mine))


def locked_type_row(write: Writing, type_id: TypeId) -> Row | None:
    """Return a type's row, so that no other writer counts an event of it meanwhile."""
    mine = and_(types.c.room == str(type_id.room), types.c.code == type_id.code)
    return write.row(select(types).where(mine).with_for_update())


def type_rows(view: Reading, room: ClientId | None) -> list[Row]:
    """Return the types of one room, or of all."""
    query = select(types).order_by(types.c.room, types.c.code)
    return view.rows(query if room is None else query.where(types.c.room == str(room)))


def last_sequence(view: Reading, type_id: TypeId) -> int:
    """Return the highest number that an event of the type has, 0 when there is none."""
    return int(view.scalar(select(func.max(events.c.sequence)).where(_of_type(events, type_id))) or 0)


def event_of(row: Row) -> Event:
    """Return a row as an event."""
    return Event(
        row["id"],
        TypeId(subsystem_named(row["room"]), row["type"]),
        subsystem_named(row["publisher"]),
        row["sequence"],
        parse_rfc3339(row["at"]),
        json.loads(row["payload"]),
    )


def event_row(view: Reading, type_id: TypeId, event_id: str) -> Row | None:
    """Return an event of a type."""
    return view.row(select(events).where(events.c.id == event_id, _of_type(events, type_id)))


def event_anywhere(view: Reading, event_id: str) -> Row | None:
    """Return an event of any type."""
    return view.row(select(events).where(events.c.id == event_id))


def event_from_source(view: Reading, source: str) -> Row | None:
    """Return the event that was made from `source`."""
    return view.row(select(events).where(events.c.source == source))


def event_rows(view: Reading, type_id: TypeId, since: str, limit: int) -> list[Row]:
    """Return events of a type published at `since` or later, the oldest first."""
    query = select(events).where(_of_type(events, type_id), events.c.at >= since)
    return view.rows(query.order_by(events.c.sequence).limit(limit))


def over_and_old(view: Reading, before: str, states: tuple[str, ...], limit: int) -> list[str]:
    """Return the ids of events older than `before` that no delivery in one of `states` holds on to."""
    held = exists().where(deliveries.c.event == events.c.id, deliveries.c.state.in_(states))
    query = select(events.c.id).where(events.c.at < before, ~held).order_by(events.c.at).limit(limit)
    return [row["id"] for row in view.rows(query)]


def subscription_of(row: Row) -> Subscription:
    """Return a row as a subscription."""
    return Subscription(
        TypeId(subsystem_named(row["room"]), row["type"]),
        subsystem_named(row["subscriber"]),
        Mode(row["mode"]),
        row["service"],
        row["ttl_seconds"],
        row["fifo"],
        row["id"],
        parse_rfc3339(row["since"]),
    )


def subscription_columns(wanted: Subscription) -> dict[str, Any]:
    """Return what of a subscription can be changed."""
    return {
        "mode": wanted.mode.value,
        "service": wanted.service,
        "ttl_seconds": wanted.ttl_seconds,
        "fifo": wanted.fifo,
    }


def subscription_key(type_id: TypeId, subscriber: ClientId) -> dict[str, str]:
    """Return the key of a subscription's row."""
    return {"room": str(type_id.room), "type": type_id.code, "subscriber": str(subscriber)}


def subscription_row(view: Reading, type_id: TypeId, subscriber: ClientId) -> Row | None:
    """Return a subscription's row."""
    mine = and_(_of_type(subscriptions, type_id), subscriptions.c.subscriber == str(subscriber))
    return view.row(select(subscriptions).where(mine))


def subscription_rows(
    view: Reading, *, room: ClientId | None = None, type_id: TypeId | None = None, subscriber: str = ""
) -> list[Row]:
    """Return subscriptions to a room, to a type or of a subscriber, by room, type and subscriber."""
    query = select(subscriptions).order_by(
        subscriptions.c.room, subscriptions.c.type, subscriptions.c.subscriber
    )
    if room is not None:
        query = query.where(subscriptions.c.room == str(room))
    if type_id is not None:
        query = query.where(_of_type(subscriptions, type_id))
    if subscriber:
        query = query.where(subscriptions.c.subscriber == subscriber)
    return view.rows(query)


def _of_type(table: Any, type_id: TypeId) -> ColumnElement[bool]:
    """Return the condition that a row is of a type."""
    return and_(table.c.room == str(type_id.room), table.c.type == type_id.code)

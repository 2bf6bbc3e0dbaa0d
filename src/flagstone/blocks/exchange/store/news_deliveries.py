# SPDX-License-Identifier: EUPL-1.2
"""Deliveries of events in the database: what is due, what waits for what, and the log of all."""

from __future__ import annotations

from collections.abc import Sequence

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import Delivery, DeliveryQuery, Mode, State, TypeId
from flagstone.blocks.exchange.model.names import subsystem_named
from flagstone.blocks.exchange.store.news_tables import deliveries, subscriptions
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import ColumnElement, Row, Select, and_, exists, func, or_, select

WAITING = State.WAITING.value
OPEN = (State.WAITING.value, State.DELIVERED.value)
"""States in which a delivery is not done."""

_SUBSCRIBED = and_(
    subscriptions.c.room == deliveries.c.room,
    subscriptions.c.type == deliveries.c.type,
    subscriptions.c.subscriber == deliveries.c.subscriber,
)


def delivery_of(row: Row) -> Delivery:
    """Return a row as a delivery."""
    state = State(row["state"])
    return Delivery(
        row["event"],
        TypeId(subsystem_named(row["room"]), row["type"]),
        subsystem_named(row["subscriber"]),
        state,
        row["sequence"],
        row["attempts"],
        parse_rfc3339(row["published_at"]),
        parse_rfc3339(row["changed_at"]),
        parse_rfc3339(row["next_at"]) if state is State.WAITING else None,
        row["last_fault"],
    )


def delivery_key(row: Row) -> dict[str, str]:
    """Return the key of a delivery's row."""
    return {"event": row["event"], "subscriber": row["subscriber"]}


def delivery_row(view: Reading, event_id: str, subscriber: ClientId) -> Row | None:
    """Return the delivery of an event to a subscriber."""
    mine = and_(deliveries.c.event == event_id, deliveries.c.subscriber == str(subscriber))
    return view.row(select(deliveries).where(mine))


def deliveries_of(view: Reading, event_id: str) -> list[Row]:
    """Return the deliveries of an event, by subscriber."""
    query = select(deliveries).where(deliveries.c.event == event_id)
    return view.rows(query.order_by(deliveries.c.subscriber))


def open_rows(view: Reading, type_id: TypeId, subscriber: str = "", *, limit: int = 1) -> list[Row]:
    """Return deliveries of a type that are not done, the oldest first."""
    query = select(deliveries).where(
        deliveries.c.room == str(type_id.room), deliveries.c.type == type_id.code, _open()
    )
    if subscriber:
        query = query.where(deliveries.c.subscriber == subscriber)
    return view.rows(query.order_by(deliveries.c.sequence).limit(limit))


def handed_out(view: Reading, type_id: TypeId, subscriber: str) -> list[Row]:
    """Return what a subscriber pulled and did not acknowledge."""
    query = select(deliveries).where(
        deliveries.c.room == str(type_id.room),
        deliveries.c.type == type_id.code,
        deliveries.c.subscriber == subscriber,
        deliveries.c.state == State.DELIVERED.value,
    )
    return view.rows(query)


def waiting_count(view: Reading, type_id: TypeId, subscriber: str, limit: int) -> int:
    """Return how many events of a type wait for a subscriber, counted up to `limit`."""
    waiting = select(deliveries.c.event).where(
        deliveries.c.room == str(type_id.room),
        deliveries.c.type == type_id.code,
        deliveries.c.subscriber == subscriber,
        _open(),
    )
    return int(view.scalar(select(func.count()).select_from(waiting.limit(limit).subquery())) or 0)


def due_subscribers(view: Reading, now: str) -> list[str]:
    """Return to whom a push is due; one look a subscription, however much waits."""
    due = exists().where(_SUBSCRIBED, deliveries.c.state == WAITING, deliveries.c.next_at <= now)
    pushed = subscriptions.c.mode == Mode.PUSH.value
    return sorted({row["subscriber"] for row in view.rows(select(subscriptions).where(pushed, due))})


def due_rows(view: Reading, subscriber: str, now: str, limit: int) -> list[Row]:
    """Return pushes that are due to one subscriber, the oldest event first, with how they are sent."""
    columns = (*deliveries.c, subscriptions.c.service, subscriptions.c.fifo)
    query = _pushed(select(*columns), subscriber).where(deliveries.c.next_at <= now)
    return view.rows(query.order_by(deliveries.c.published_at, deliveries.c.sequence).limit(limit))


def delayed_rows(view: Reading, subscriber: str, now: str) -> list[Row]:
    """Return what pushes that wait for their next attempt are about: `room`, `type`, `subject`."""
    columns = (deliveries.c.room, deliveries.c.type, deliveries.c.subject)
    query = _pushed(select(*columns).distinct(), subscriber).where(deliveries.c.next_at > now)
    return view.rows(query)


def expired_rows(view: Reading, now: str, limit: int) -> list[Row]:
    """Return deliveries whose time to live has passed."""
    query = select(deliveries).where(_open(), deliveries.c.expires_at <= now)
    return view.rows(query.order_by(deliveries.c.expires_at).limit(limit))


def orphan_rows(view: Reading, limit: int) -> list[Row]:
    """Return deliveries that are not done and whose subscription has ended."""
    ended = ~exists().where(_SUBSCRIBED)
    query = select(deliveries).where(_open(), ended)
    return view.rows(query.order_by(deliveries.c.published_at).limit(limit))


def log_page(view: Reading, query: DeliveryQuery, seen_by: Sequence[str] | None) -> tuple[list[Row], int]:
    """Return one page of the log and the count of all that match; `seen_by` limits it to some systems.

    `seen_by` holds first the subscriber, then the rooms whose deliveries may be seen; None sees all.
    """
    matching = and_(*_conditions(query, seen_by))
    total = view.scalar(select(func.count()).select_from(deliveries).where(matching))
    newest = (
        select(deliveries)
        .where(matching)
        .order_by(deliveries.c.published_at.desc(), deliveries.c.sequence.desc(), deliveries.c.subscriber)
    )
    rows = view.rows(newest.limit(query.page_size).offset((query.page - 1) * query.page_size))
    return rows, int(total or 0)


def abandoned_rows(view: Reading, query: DeliveryQuery, limit: int) -> list[Row]:
    """Return abandoned deliveries that match, the oldest first."""
    given_up = deliveries.c.state == State.ABANDONED.value
    rows = select(deliveries).where(given_up, *_conditions(query, None))
    return view.rows(rows.order_by(deliveries.c.published_at, deliveries.c.sequence).limit(limit))


def _conditions(query: DeliveryQuery, seen_by: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """Return what a delivery must be to match."""
    found: list[ColumnElement[bool]] = [deliveries.c.deleted_at.is_(None)]
    if query.event:
        found.append(deliveries.c.event == query.event)
    if query.type is not None:
        found += [deliveries.c.room == str(query.type.room), deliveries.c.type == query.type.code]
    if query.subscriber is not None:
        found.append(deliveries.c.subscriber == str(query.subscriber))
    if query.state is not None:
        found.append(deliveries.c.state == query.state.value)
    if query.since is not None:
        found.append(deliveries.c.published_at >= rfc3339(query.since))
    if query.until is not None:
        found.append(deliveries.c.published_at < rfc3339(query.until))
    if seen_by is not None:
        found.append(or_(deliveries.c.subscriber == seen_by[0], deliveries.c.room.in_(seen_by[1:])))
    return found


def _open() -> ColumnElement[bool]:
    """Return the condition that a delivery is not done."""
    return deliveries.c.state.in_(OPEN)


def _pushed(query: Select[tuple[object, ...]], subscriber: str = "") -> Select[tuple[object, ...]]:
    """Return `query` for what waits to be pushed, to one subscriber where one is given."""
    joined = query.select_from(deliveries.join(subscriptions, _SUBSCRIBED))
    found = joined.where(deliveries.c.state == WAITING, subscriptions.c.mode == Mode.PUSH.value)
    return found.where(deliveries.c.subscriber == subscriber) if subscriber else found

# SPDX-License-Identifier: EUPL-1.2
"""The outbox: news written in the transaction of the change, delivered at least once to each listener.

An event is first spread into one delivery a listener, then each delivery is tried until its listener
has taken it or its attempts are used up. A process killed at any point leaves the delivery due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.platform.storage.engine import translated
from flagstone.platform.storage.tables import delivery, outbox

SPREAD_BATCH = 500


@dataclass(frozen=True)
class Delivery:
    """One event for one listener; `id` is the event's number in this block's outbox."""

    id: int
    listener: str
    event: str
    payload: Mapping[str, Any]
    occurred_at: datetime
    attempts: int


class Outbox:
    """The deliveries of one block's database."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        readers: Engine,
        clock: Clock,
    ) -> None:
        """Write in what `transaction` opens, and read by `readers`."""
        self._transaction = transaction
        self._readers = readers
        self._clock = clock
        self._listeners: dict[str, tuple[str, ...]] = {}

    def subscribe(self, event: str, listeners: tuple[str, ...]) -> None:
        """Name the listeners of `event` (a class name); wired once by the composition root."""
        self._listeners[event] = listeners

    def pending(self, limit: int) -> list[Delivery]:
        """Spread new events, then return at most `limit` due deliveries, the oldest event first."""
        self._spread()
        due = (
            select(outbox, delivery.c.listener, delivery.c.attempts)
            .join(delivery, delivery.c.outbox_id == outbox.c.id)
            .where(delivery.c.delivered_at.is_(None), delivery.c.abandoned_at.is_(None))
            .where(delivery.c.next_attempt_at <= rfc3339(self._clock.now()))
            .order_by(outbox.c.id, delivery.c.listener)
            .limit(limit)
        )
        with translated(), self._readers.connect() as connection, connection.begin():
            return [_delivery(row) for row in connection.execute(due).mappings()]

    def delivered(self, id: int, listener: str) -> None:  # noqa: A002 - the field's own name
        """Mark a delivery as taken by its listener."""
        self._mark(id, listener, delivered_at=rfc3339(self._clock.now()), last_error=None)

    def failed(self, id: int, listener: str, error_class: str, next_attempt_at: datetime | None) -> None:  # noqa: A002
        """Count a failed attempt; without a next attempt the delivery is abandoned."""
        marks: dict[str, Any] = {"attempts": delivery.c.attempts + 1, "last_error": error_class}
        if next_attempt_at is None:
            marks["abandoned_at"] = rfc3339(self._clock.now())
        else:
            marks["next_attempt_at"] = rfc3339(next_attempt_at)
        self._mark(id, listener, **marks)

    def abandoned(self) -> int:
        """Return how many deliveries were given up and wait for a person."""
        query = select(func.count()).select_from(delivery).where(delivery.c.abandoned_at.is_not(None))
        with translated(), self._readers.connect() as connection, connection.begin():
            return connection.execute(query).scalar_one()

    def retry(self) -> int:
        """Make every abandoned delivery due again; return how many."""
        now = rfc3339(self._clock.now())
        again = update(delivery).where(delivery.c.abandoned_at.is_not(None))
        with self._transaction() as connection:
            done = connection.execute(again.values(abandoned_at=None, attempts=0, next_attempt_at=now))
            return done.rowcount

    def _mark(self, outbox_id: int, listener: str, **marks: Any) -> None:
        """Change one delivery."""
        one = update(delivery).where(delivery.c.outbox_id == outbox_id, delivery.c.listener == listener)
        with self._transaction() as connection:
            connection.execute(one.values(**marks))

    def _spread(self) -> None:
        """Give each new event its deliveries, in one transaction."""
        fresh = select(outbox).where(outbox.c.spread_at.is_(None)).order_by(outbox.c.id).limit(SPREAD_BATCH)
        with translated(), self._readers.connect() as connection, connection.begin():
            if connection.execute(fresh.limit(1)).first() is None:
                return
        with self._transaction() as connection:
            self._spread_rows(connection, connection.execute(fresh.with_for_update(skip_locked=True)).all())

    def _spread_rows(self, connection: Connection, events: Any) -> None:
        """Write the deliveries of `events` and mark them spread."""
        rows = [
            {
                "outbox_id": event.id,
                "listener": listener,
                "attempts": 0,
                "next_attempt_at": event.occurred_at,
            }
            for event in events
            for listener in self._listeners.get(event.event, ())
        ]
        if rows:
            connection.execute(insert(delivery), rows)
        done = update(outbox).where(outbox.c.id.in_([event.id for event in events]))
        connection.execute(done.values(spread_at=rfc3339(self._clock.now())))


def _delivery(row: Any) -> Delivery:
    """Return a row as a delivery."""
    return Delivery(
        row["id"],
        row["listener"],
        row["event"],
        row["payload"],
        parse_rfc3339(row["occurred_at"]),
        row["attempts"],
    )

# SPDX-License-Identifier: EUPL-1.2
"""Events: publishing them into each subscriber's queue, looking at them, stopping them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flagstone.blocks.exchange.contract.news import Delivery, Event, EventType, Payload, State, TypeId
from flagstone.blocks.exchange.contract.news_faults import EventTypeUnknown, EventUnknown, QueueFull
from flagstone.blocks.exchange.model.news import (
    InGroup,
    about,
    check_payload,
    may_subscribe,
    require_keeper,
    system_of,
)
from flagstone.blocks.exchange.model.news_schema import encoded
from flagstone.blocks.exchange.store import news as store
from flagstone.blocks.exchange.store import news_deliveries as queue
from flagstone.blocks.exchange.store.news_tables import deliveries, events, types
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

QUEUE_MAX = 10_000
"""Events of one type that may wait for one subscriber; later ones are given up, kept and named."""


class Events:
    """The use cases of events."""

    def __init__(self, database: Database, in_group: InGroup, *, queue_max: int = QUEUE_MAX) -> None:
        """Keep events in `database`; `in_group` tells who belongs to a group."""
        self._database = database
        self._in_group = in_group
        self._queue_max = queue_max

    def publish(self, caller: Caller, event_type: EventType, payload: Payload, source: str) -> Event:
        """See `contract.News.publish`."""
        require_keeper(caller, event_type.id.room)
        check_payload(event_type, payload)
        known = self._made_from(source)
        if known is not None:
            return known
        why = Reason(event_type.purpose or "Publishing an event", event_type.legal_basis, source)
        try:
            with self._database.writing(caller.actor, why) as write:
                return self._keep(write, caller, event_type, (payload, source))
        except AlreadyThere:
            known = self._made_from(source)
            if known is None:
                raise
            return known

    def one(self, type_id: TypeId, event_id: str) -> tuple[Event, tuple[Delivery, ...]]:
        """See `contract.News.event`."""
        with self._database.reading() as view:
            row = store.event_row(view, type_id, event_id)
            if row is None:
                raise EventUnknown
            sent = queue.deliveries_of(view, event_id)
        return store.event_of(row), tuple(queue.delivery_of(each) for each in sent)

    def stop(self, caller: Caller, type_id: TypeId, event_id: str, reason: Reason) -> int:
        """See `contract.News.stop`."""
        require_keeper(caller, type_id.room)
        _, sent = self.one(type_id, event_id)
        if not any(each.state in {State.WAITING, State.DELIVERED} for each in sent):
            return 0
        with self._database.writing(caller.actor, reason) as write:
            left = [row for row in queue.deliveries_of(write, event_id) if row["state"] in queue.OPEN]
            for row in left:
                changes = {"state": State.CANCELLED.value, "changed_at": rfc3339(write.at)}
                write.update(deliveries, queue.delivery_key(row), changes)
            return len(left)

    def _made_from(self, source: str) -> Event | None:
        """Return the event that was made from `source` before."""
        if not source:
            return None
        with self._database.reading() as view:
            row = store.event_from_source(view, source)
        return None if row is None else store.event_of(row)

    def _keep(
        self, write: Writing, caller: Caller, event_type: EventType, made: tuple[Payload, str]
    ) -> Event:
        """Write an event and its deliveries."""
        payload, source = made
        counted = store.locked_type_row(write, event_type.id)
        if counted is None:
            raise EventTypeUnknown
        number = counted["last_sequence"] + 1
        write.update(types, store.type_key(event_type.id), {"last_sequence": number})
        row = write.insert(
            events,
            {
                "id": str(fresh_uuid(write.at)),
                "room": str(event_type.id.room),
                "type": event_type.id.code,
                "publisher": str(system_of(caller) or event_type.id.room),
                "sequence": number,
                "subject": about(event_type, payload),
                "source": source or None,
                "at": rfc3339(write.at),
                "payload": encoded(payload),
            },
        )
        write.insert_many(deliveries, self._for_each(write, event_type, row))
        return store.event_of(row)

    def _for_each(self, write: Writing, event_type: EventType, event: Row) -> list[dict[str, Any]]:
        """Return the deliveries of an event to those who subscribed and still may."""
        found = []
        for row in store.subscription_rows(write, type_id=event_type.id):
            subscription = store.subscription_of(row)
            if may_subscribe(event_type, subscription.subscriber, self._in_group):
                waiting = queue.waiting_count(write, event_type.id, row["subscriber"], self._queue_max)
                found.append(queued(event, row, full=waiting >= self._queue_max))
        return found


def queued(event: Row, subscription: Row, *, full: bool = False) -> dict[str, Any]:
    """Return the row of a fresh delivery; of a `full` queue it is given up at once."""
    at, ttl = event["at"], subscription["ttl_seconds"]
    ends = rfc3339(parse_rfc3339(at) + timedelta(seconds=ttl)) if ttl else None
    return {
        "event": event["id"],
        "subscriber": subscription["subscriber"],
        "room": event["room"],
        "type": event["type"],
        "sequence": event["sequence"],
        "subject": event["subject"],
        "state": (State.ABANDONED if full else State.WAITING).value,
        "attempts": 0,
        "published_at": at,
        "changed_at": at,
        "next_at": at,
        "expires_at": ends,
        "last_fault": QueueFull.code if full else "",
    }

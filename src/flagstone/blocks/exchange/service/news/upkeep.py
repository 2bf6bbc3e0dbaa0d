# SPDX-License-Identifier: EUPL-1.2
"""The delivery log and what is done on it: retrying, replaying, giving up, forgetting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from flagstone.blocks.exchange.contract.news import (
    DeliveryPage,
    DeliveryQuery,
    Replay,
    State,
)
from flagstone.blocks.exchange.contract.news_faults import EventExpired, EventUnknown, SubscriptionUnknown
from flagstone.blocks.exchange.model.news import client_of, oversees, require_keeper
from flagstone.blocks.exchange.service.news.events import queued
from flagstone.blocks.exchange.store import news as store
from flagstone.blocks.exchange.store import news_deliveries as queue
from flagstone.blocks.exchange.store.news_tables import deliveries, events
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

AGAIN_MAX = 1_000
PAGE_SIZE_MAX = 200
KEEP_DAYS = 90
STEP = 200
UPKEEP = job("upkeep of events")


class Upkeep:
    """The use cases of the delivery log."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def search(self, caller: Caller, query: DeliveryQuery) -> DeliveryPage:
        """See `contract.News.deliveries`; a page has at most 200."""
        size = min(max(query.page_size, 1), PAGE_SIZE_MAX)
        asked = DeliveryQuery(**{**vars(query), "page_size": size, "page": max(query.page, 1)})
        with self._database.reading() as view:
            rows, total = queue.log_page(view, asked, self._seen_by(view, caller))
        return DeliveryPage(tuple(queue.delivery_of(row) for row in rows), total)

    def retry(self, caller: Caller, query: DeliveryQuery, reason: Reason) -> int:
        """See `contract.News.retry`."""
        with self._database.reading() as view:
            rows = queue.abandoned_rows(view, query, AGAIN_MAX)
        if not rows:
            return 0
        with self._database.writing(caller.actor, reason) as write:
            for row in rows:
                self._again(write, row)
        return len(rows)

    def replay(self, caller: Caller, wanted: Replay, reason: Reason) -> int:
        """See `contract.News.replay`; SubscriptionUnknown when nobody subscribed."""
        require_keeper(caller, wanted.type.room)
        with self._database.reading() as view:
            subscription = store.subscription_row(view, wanted.type, wanted.subscriber)
            if subscription is None:
                raise SubscriptionUnknown
            found = self._events(view, wanted)
        if not found:
            return 0
        with self._database.writing(caller.actor, reason) as write:
            for event in found:
                before = queue.delivery_row(write, event["id"], wanted.subscriber)
                if before is None:
                    write.insert(deliveries, queued(event, {**subscription, "ttl_seconds": 0}))
                else:
                    self._again(write, before)
        return len(found)

    def give_up_late(self) -> int:
        """Give up what was not delivered in time; return how many."""
        now = rfc3339(self._database.clock.now())
        return self._end(lambda view: queue.expired_rows(view, now, STEP), State.ABANDONED, EventExpired.code)

    def cancel_orphans(self) -> int:
        """Cancel what nobody subscribes to any more; return how many."""
        return self._end(lambda view: queue.orphan_rows(view, STEP), State.CANCELLED, "")

    def erase_old(self, days: int = KEEP_DAYS) -> int:
        """Erase events that are older than `days` and done with, and their deliveries; return how many."""
        self.cancel_orphans()
        before = rfc3339(self._database.clock.now() - timedelta(days=days))
        with self._database.reading() as view:
            old = store.over_and_old(view, before, queue.OPEN, STEP)
        if old:
            with self._database.writing(UPKEEP, Reason(f"Events are kept for {days} days")) as write:
                for event_id in old:
                    for row in queue.deliveries_of(write, event_id):
                        write.erase(deliveries, queue.delivery_key(row))
                    write.erase(events, {"id": event_id})
        return len(old)

    def _seen_by(self, view: Reading, caller: Caller) -> Sequence[str] | None:
        """Return the system and the rooms whose deliveries the caller sees; None for all."""
        if oversees(caller):
            return None
        client = client_of(caller)
        rooms = {row["room"] for row in store.type_rows(view, None)}
        return (str(client), *sorted(room for room in rooms if room.startswith(f"{client.member}/")))

    def _events(self, view: Reading, wanted: Replay) -> list[Row]:
        """Return the events to be sent again."""
        if not wanted.events:
            since = rfc3339(wanted.since) if wanted.since else ""
            return store.event_rows(view, wanted.type, since, AGAIN_MAX)
        rows = [store.event_row(view, wanted.type, each) for each in wanted.events[:AGAIN_MAX]]
        found = [row for row in rows if row is not None]
        if len(found) != len(wanted.events):
            raise EventUnknown
        return sorted(found, key=lambda row: row["sequence"])

    def _again(self, write: Writing, row: Row) -> None:
        """Make a delivery due now, without a limit of time."""
        now = rfc3339(write.at)
        changes = {
            "state": State.WAITING.value,
            "attempts": 0,
            "next_at": now,
            "changed_at": now,
            "expires_at": None,
        }
        write.update(deliveries, queue.delivery_key(row), changes)

    def _end(self, find: Callable[[Reading], list[Row]], state: State, fault: str) -> int:
        """Set the state of what `find` returns, step by step until nothing is left."""
        done = 0
        while True:
            with self._database.reading() as view:
                rows = find(view)
            if not rows:
                return done
            with self._database.writing(UPKEEP, Reason("Upkeep of events")) as write:
                for row in rows:
                    changes = {
                        "state": state.value,
                        "changed_at": rfc3339(write.at),
                        "last_fault": fault or row["last_fault"],
                    }
                    write.update(deliveries, queue.delivery_key(row), changes)
            done += len(rows)

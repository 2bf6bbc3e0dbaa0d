# SPDX-License-Identifier: EUPL-1.2
"""Pulling: a subscriber asks for its next event and says when it has it."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.news import Event, Mode, State, Subscription
from flagstone.blocks.exchange.contract.news_faults import EventUnknown, NoEvent, NotPulled
from flagstone.blocks.exchange.store import news as store
from flagstone.blocks.exchange.store import news_deliveries as queue
from flagstone.blocks.exchange.store.news_tables import deliveries
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import Row

WHY = Reason("Delivery of an event")


class Pulling:
    """The use cases of pulling; the caller was found to be the subscriber."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def pull(self, caller: Caller, subscription: Subscription) -> Event:
        """See `contract.News.pull`; what has expired is left out."""
        _require_pulled(subscription)
        with self._database.reading() as view:
            rows = queue.open_rows(view, subscription.type, str(subscription.subscriber), limit=100)
            now = rfc3339(self._database.clock.now())
            row = next((each for each in rows if not each["expires_at"] or each["expires_at"] > now), None)
            event = row and store.event_row(view, subscription.type, row["event"])
        if row is None or event is None:
            raise NoEvent
        if row["state"] == State.WAITING.value:
            self._mark(caller, row, State.DELIVERED)
        return store.event_of(event)

    def acknowledge(self, caller: Caller, subscription: Subscription, event_id: str) -> None:
        """See `contract.News.acknowledge`."""
        _require_pulled(subscription)
        with self._database.reading() as view:
            row = queue.delivery_row(view, event_id, subscription.subscriber)
        mine = row is not None and (row["room"], row["type"]) == (
            str(subscription.type.room),
            subscription.type.code,
        )
        if row is None or not mine or row["state"] == State.CANCELLED.value:
            raise EventUnknown
        if row["state"] != State.ACKNOWLEDGED.value:
            self._mark(caller, row, State.ACKNOWLEDGED)

    def _mark(self, caller: Caller, row: Row, state: State) -> None:
        """Set the state of a delivery."""
        handed_out = state is State.DELIVERED
        with self._database.writing(caller.actor, WHY) as write:
            changes = {
                "state": state.value,
                "attempts": row["attempts"] + handed_out,
                "changed_at": rfc3339(write.at),
                "last_fault": "",
            }
            write.update(deliveries, queue.delivery_key(row), changes, expected_revision=row["revision"])


def _require_pulled(subscription: Subscription) -> None:
    """Raise NotPulled when events are pushed."""
    if subscription.mode is not Mode.PULL:
        raise NotPulled

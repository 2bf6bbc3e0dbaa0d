# SPDX-License-Identifier: EUPL-1.2
"""Subscriptions: who gets which events, and how."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import EventType, Mode, State, Subscription, TypeId
from flagstone.blocks.exchange.contract.news_faults import (
    NewsNotPermitted,
    SubscriptionExists,
    SubscriptionUnknown,
)
from flagstone.blocks.exchange.model.news import (
    InGroup,
    check_subscription,
    governs,
    keeps,
    may_subscribe,
    oversees,
    system_of,
)
from flagstone.blocks.exchange.store import news as store
from flagstone.blocks.exchange.store import news_deliveries as queue
from flagstone.blocks.exchange.store.news_tables import deliveries, subscriptions
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere


class Subscribing:
    """The use cases of subscriptions."""

    def __init__(self, database: Database, in_group: InGroup) -> None:
        """Keep subscriptions in `database`; `in_group` tells who belongs to a group."""
        self._database = database
        self._in_group = in_group

    def subscribe(
        self, caller: Caller, event_type: EventType, wanted: Subscription, reason: Reason
    ) -> Subscription:
        """See `contract.News.subscribe`."""
        self._require(caller, wanted.subscriber)
        check_subscription(wanted)
        if not may_subscribe(event_type, wanted.subscriber, self._in_group):
            raise NewsNotPermitted("the type does not name the subscriber")
        try:
            with self._database.writing(caller.actor, reason) as write:
                made = {"id": str(fresh_uuid(write.at)), "since": rfc3339(write.at)}
                key = store.subscription_key(wanted.type, wanted.subscriber)
                row = write.insert(subscriptions, key | store.subscription_columns(wanted) | made)
        except AlreadyThere as error:
            raise SubscriptionExists from error
        return store.subscription_of(row)

    def change(self, caller: Caller, wanted: Subscription, reason: Reason) -> Subscription:
        """See `contract.News.change`."""
        self._require(caller, wanted.subscriber)
        check_subscription(wanted)
        self.one(wanted.type, wanted.subscriber)
        with self._database.writing(caller.actor, reason) as write:
            key = store.subscription_key(wanted.type, wanted.subscriber)
            row = write.update(subscriptions, key, store.subscription_columns(wanted))
            if wanted.mode is Mode.PUSH:  # what was pulled and not acknowledged is pushed
                for each in queue.handed_out(write, wanted.type, str(wanted.subscriber)):
                    write.update(deliveries, queue.delivery_key(each), {"state": State.WAITING.value})
        return store.subscription_of(row)

    def unsubscribe(self, caller: Caller, type_id: TypeId, subscriber: ClientId, reason: Reason) -> None:
        """End a subscription; what waits is left to `Upkeep`."""
        if not keeps(caller, type_id.room):
            self._require(caller, subscriber)
        self.one(type_id, subscriber)
        with self._database.writing(caller.actor, reason) as write:
            write.erase(subscriptions, store.subscription_key(type_id, subscriber))

    def one(self, type_id: TypeId, subscriber: ClientId) -> Subscription:
        """Return a subscription; SubscriptionUnknown."""
        with self._database.reading() as view:
            row = store.subscription_row(view, type_id, subscriber)
        if row is None:
            raise SubscriptionUnknown
        return store.subscription_of(row)

    def all(
        self, caller: Caller, room: ClientId | None, subscriber: ClientId | None
    ) -> tuple[Subscription, ...]:
        """See `contract.News.subscriptions`."""
        with self._database.reading() as view:
            rows = store.subscription_rows(view, room=room, subscriber=str(subscriber or ""))
        found = (store.subscription_of(row) for row in rows)
        if oversees(caller):
            return tuple(found)
        client = system_of(caller)
        return tuple(each for each in found if each.subscriber == client or keeps(caller, each.type.room))

    def _require(self, caller: Caller, subscriber: ClientId) -> None:
        """Raise NewsNotPermitted unless the caller is the subscriber or governs the site."""
        if not governs(caller) and system_of(caller) != subscriber:
            raise NewsNotPermitted("another system's subscription")

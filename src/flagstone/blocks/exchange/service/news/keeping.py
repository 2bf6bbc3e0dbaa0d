# SPDX-License-Identifier: EUPL-1.2
"""`NewsService`: events of this site's rooms, as `contract.News` promises."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId
from flagstone.blocks.exchange.contract.news import (
    Delivery,
    DeliveryPage,
    DeliveryQuery,
    Event,
    EventType,
    Payload,
    Replay,
    Subscription,
    TypeId,
)
from flagstone.blocks.exchange.model.news import (
    InGroup,
    at_home,
    client_of,
    governs,
    oversees,
    require_keeper,
)
from flagstone.blocks.exchange.service.news.events import QUEUE_MAX, Events
from flagstone.blocks.exchange.service.news.pulling import Pulling
from flagstone.blocks.exchange.service.news.subscribing import Subscribing
from flagstone.blocks.exchange.service.news.types import Types
from flagstone.blocks.exchange.service.news.upkeep import Upkeep
from flagstone.kernel.audit import Caller, Reason
from flagstone.platform.storage.database import Database


def in_no_group(_client: ClientId, _group: GroupId) -> bool:
    """Tell that a client belongs to no group; for sites without a directory."""
    return False


class NewsService:
    """Keeps `contract.News` on one database; safe to share between threads."""

    def __init__(
        self,
        database: Database,
        owner: ClientId | None = None,
        in_group: InGroup = in_no_group,
        *,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        """Keep events in `database` for the member `owner`, in whose name alone roles count here.

        `in_group` tells who belongs to a group.
        """
        self.database = database
        self._owner = owner
        self.upkeep = Upkeep(database)
        self._types = Types(database)
        self._events = Events(database, in_group, queue_max=queue_max)
        self._subscribing = Subscribing(database, in_group)
        self._pulling = Pulling(database)

    def declare(self, caller: Caller, event_type: EventType, reason: Reason) -> None:
        """See `contract.News.declare`."""
        self._types.declare(self._home(caller), event_type, reason)

    def types(self, caller: Caller, room: ClientId | None = None) -> tuple[EventType, ...]:
        """See `contract.News.types`."""
        self._require_known(caller)
        return self._types.all(room)

    def type(self, caller: Caller, type_id: TypeId) -> EventType:
        """See `contract.News.type`."""
        self._require_known(caller)
        return self._types.one(type_id)

    def withdraw(self, caller: Caller, type_id: TypeId, reason: Reason) -> None:
        """See `contract.News.withdraw`."""
        self._types.withdraw(self._home(caller), type_id, reason)
        self.upkeep.cancel_orphans()

    def publish(self, caller: Caller, type_id: TypeId, payload: Payload, *, source: str = "") -> Event:
        """See `contract.News.publish`."""
        caller = self._home(caller)
        require_keeper(caller, type_id.room)
        return self._events.publish(caller, self._types.one(type_id), payload, source)

    def event(self, caller: Caller, type_id: TypeId, event_id: str) -> tuple[Event, tuple[Delivery, ...]]:
        """See `contract.News.event`."""
        require_keeper(self._home(caller), type_id.room)
        return self._events.one(type_id, event_id)

    def stop(self, caller: Caller, type_id: TypeId, event_id: str, reason: Reason) -> int:
        """See `contract.News.stop`."""
        return self._events.stop(self._home(caller), type_id, event_id, reason)

    def subscribe(self, caller: Caller, wanted: Subscription, reason: Reason) -> Subscription:
        """See `contract.News.subscribe`."""
        self._require_known(caller)
        return self._subscribing.subscribe(self._home(caller), self._types.one(wanted.type), wanted, reason)

    def change(self, caller: Caller, wanted: Subscription, reason: Reason) -> Subscription:
        """See `contract.News.change`."""
        return self._subscribing.change(self._home(caller), wanted, reason)

    def unsubscribe(self, caller: Caller, type_id: TypeId, subscriber: ClientId, reason: Reason) -> None:
        """See `contract.News.unsubscribe`."""
        self._subscribing.unsubscribe(self._home(caller), type_id, subscriber, reason)
        self.upkeep.cancel_orphans()

    def subscriptions(
        self, caller: Caller, room: ClientId | None = None, subscriber: ClientId | None = None
    ) -> tuple[Subscription, ...]:
        """See `contract.News.subscriptions`."""
        self._require_known(caller)
        return self._subscribing.all(self._home(caller), room, subscriber)

    def pull(self, caller: Caller, type_id: TypeId) -> Event:
        """See `contract.News.pull`."""
        return self._pulling.pull(caller, self._subscribing.one(type_id, client_of(caller)))

    def acknowledge(self, caller: Caller, type_id: TypeId, event_id: str) -> None:
        """See `contract.News.acknowledge`."""
        self._pulling.acknowledge(caller, self._subscribing.one(type_id, client_of(caller)), event_id)

    def deliveries(self, caller: Caller, query: DeliveryQuery) -> DeliveryPage:
        """See `contract.News.deliveries`."""
        return self.upkeep.search(self._home(caller), query)

    def retry(self, caller: Caller, query: DeliveryQuery, reason: Reason) -> int:
        """See `contract.News.retry`; a room's member names the type."""
        caller = self._home(caller)
        if not governs(caller):
            require_keeper(caller, query.type.room if query.type else ClientId("", "", ""))
        return self.upkeep.retry(caller, query, reason)

    def replay(self, caller: Caller, wanted: Replay, reason: Reason) -> int:
        """See `contract.News.replay`."""
        return self.upkeep.replay(self._home(caller), wanted, reason)

    def _home(self, caller: Caller) -> Caller:
        """Return `caller` with the roles that count here."""
        return at_home(caller, self._owner)

    def _require_known(self, caller: Caller) -> None:
        """Raise NewsNotPermitted unless the caller is a system or oversees the site."""
        if not oversees(self._home(caller)):
            client_of(caller)

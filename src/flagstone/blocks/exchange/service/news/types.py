# SPDX-License-Identifier: EUPL-1.2
"""Types of events: making them, looking at them, withdrawing them."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import EventType, TypeId
from flagstone.blocks.exchange.contract.news_faults import EventTypeExists, EventTypeUnknown
from flagstone.blocks.exchange.model.news import check_type, require_keeper
from flagstone.blocks.exchange.store import news as store
from flagstone.blocks.exchange.store.news_tables import subscriptions, types
from flagstone.kernel.audit import Caller, Reason
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere


class Types:
    """The use cases of types."""

    def __init__(self, database: Database) -> None:
        """Keep types in `database`."""
        self._database = database

    def declare(self, caller: Caller, event_type: EventType, reason: Reason) -> None:
        """See `contract.News.declare`."""
        require_keeper(caller, event_type.id.room)
        check_type(event_type)
        try:
            with self._database.writing(caller.actor, reason) as write:
                counted = {"last_sequence": store.last_sequence(write, event_type.id)}
                write.insert(types, store.type_key(event_type.id) | store.type_columns(event_type) | counted)
        except AlreadyThere as error:
            raise EventTypeExists from error

    def all(self, room: ClientId | None) -> tuple[EventType, ...]:
        """See `contract.News.types`."""
        with self._database.reading() as view:
            return tuple(store.type_of(row) for row in store.type_rows(view, room))

    def one(self, type_id: TypeId) -> EventType:
        """See `contract.News.type`."""
        with self._database.reading() as view:
            row = store.type_row(view, type_id)
        if row is None:
            raise EventTypeUnknown
        return store.type_of(row)

    def withdraw(self, caller: Caller, type_id: TypeId, reason: Reason) -> None:
        """End a type and the subscriptions to it; what waits is left to `Upkeep`."""
        require_keeper(caller, type_id.room)
        self.one(type_id)
        with self._database.writing(caller.actor, reason) as write:
            write.erase(types, store.type_key(type_id))
            for row in store.subscription_rows(write, type_id=type_id):
                ended = store.subscription_of(row)
                write.erase(subscriptions, store.subscription_key(type_id, ended.subscriber))

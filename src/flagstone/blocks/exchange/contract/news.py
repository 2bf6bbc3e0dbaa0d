# SPDX-License-Identifier: EUPL-1.2
"""Events between organisations: what is published, who subscribed, what was delivered (GovStack PubSub 2).

A *room* is the subsystem that publishes (GovStack's `applicationCode`). The publisher's site keeps the
events and a queue for each subscriber, and delivers each event at least once; the subscriber's site takes
it by its id and reacts once. Personal data is in an event's payload and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.blocks.exchange.contract.directory import Words
from flagstone.blocks.exchange.contract.identifiers import ClientId, Subject
from flagstone.kernel.audit import Caller, Reason

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""A JSON value as it is read, without NaN and infinities."""

Payload = Mapping[str, Json]
"""An event's content: a JSON object of at most 16 KiB, 500 values and a depth of 16."""


@dataclass(frozen=True, order=True)
class TypeId:
    """A type of event of one room; `code` has letters, digits, `.`, `_` and `-`, at most 64."""

    room: ClientId
    code: str

    def __str__(self) -> str:
        """Return `INSTANCE/CLASS/CODE/SUBSYSTEM/TYPE`, not encoded."""
        return f"{self.room}/{self.code}"


@dataclass(frozen=True)
class EventType:
    """What a room publishes: a JSON Schema (2020-12, or draft 7) of the payload, and who may subscribe.

    `subject` names the member of the payload that tells whom or what an event is about: events about the
    same one reach a subscriber in their order. `purpose` and `legal_basis` go with each delivery.
    """

    id: TypeId
    schema: Mapping[str, Json]
    title: Words = field(default_factory=dict)
    purpose: str = ""
    legal_basis: str = ""
    subject: str = ""
    subscribers: frozenset[Subject] = frozenset()


@dataclass(frozen=True)
class Event:
    """Something that happened; `id` is a UUID, `sequence` counts the events of its type from 1."""

    id: str
    type: TypeId
    publisher: ClientId
    sequence: int
    at: datetime
    payload: Payload = field(repr=False)


class Mode(Enum):
    """How events come to a subscriber."""

    PUSH = "push"  # as a POST to the subscriber's service, through the exchange
    PULL = "pull"  # the subscriber asks for the next one and acknowledges it


@dataclass(frozen=True)
class Subscription:
    """Events of `type` go to `subscriber`; `service` is the subscriber's service that pushes are sent to.

    An event that is not delivered within `ttl_seconds` (0: never) is given up. With `fifo` no event goes
    out before all earlier ones; without it only those about the same subject wait for each other.
    `id` is a UUID and `since` the moment it was made; both are empty in a request.
    """

    type: TypeId
    subscriber: ClientId
    mode: Mode = Mode.PUSH
    service: str = "events"
    ttl_seconds: int = 0
    fifo: bool = False
    id: str = ""
    since: datetime | None = None


class State(Enum):
    """Where a delivery, or a reaction, is."""

    WAITING = "waiting"
    DELIVERED = "delivered"  # handed to a subscriber who pulls, and not acknowledged yet
    ACKNOWLEDGED = "acknowledged"  # by the answer to a push, or by the one who pulled; a reaction: done
    ABANDONED = "abandoned"  # attempts or time used up, or the queue was full; an operator can retry it
    CANCELLED = "cancelled"  # its publisher stopped it, or the subscription ended


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one subscriber; `last_fault` is a code, never content."""

    event: str
    type: TypeId
    subscriber: ClientId
    state: State
    sequence: int
    attempts: int
    published_at: datetime
    changed_at: datetime
    next_at: datetime | None = None
    last_fault: str = ""


@dataclass(frozen=True)
class DeliveryQuery:
    """Which deliveries: every part that is given must match. Times are UTC; pages count from 1."""

    event: str = ""
    type: TypeId | None = None
    subscriber: ClientId | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True)
class DeliveryPage:
    """One page of deliveries, the newest event first, and the count of all that match."""

    deliveries: tuple[Delivery, ...]
    total: int


@dataclass(frozen=True)
class Replay:
    """Events of `type` that go to `subscriber` once more: those named, else all since an instant."""

    type: TypeId
    subscriber: ClientId
    events: tuple[str, ...] = ()
    since: datetime | None = None


class News(Protocol):
    """Kept by `service.news.keeping.NewsService` at the publisher's site.

    The caller is the system that its actor names (`actor.system`, an identifier of a client), or the
    site itself. Systems of a room's member keep its types and publish in it; whom a type names subscribes
    to it; `operator` and `auditor` see every delivery; `operator` and the room's member retry and replay.
    NewsNotPermitted for all others. Faults are those of `contract.news_faults`.
    """

    def declare(self, caller: Caller, event_type: EventType, reason: Reason) -> None:
        """Make a type of event; EventTypeExists, EventTypeInvalid."""
        ...

    def types(self, caller: Caller, room: ClientId | None = None) -> tuple[EventType, ...]:
        """Return the types of one room, or of all, by room and code."""
        ...

    def type(self, caller: Caller, type_id: TypeId) -> EventType:
        """Return one type; EventTypeUnknown."""
        ...

    def withdraw(self, caller: Caller, type_id: TypeId, reason: Reason) -> None:
        """Publish a type no more: its subscriptions end and what waits is cancelled; EventTypeUnknown."""
        ...

    def publish(self, caller: Caller, type_id: TypeId, payload: Payload, *, source: str = "") -> Event:
        """Keep an event and queue it for each subscriber, in one transaction; EventInvalid.

        The same `source`, where one is given, is the same event: it is kept once and returned again.
        """
        ...

    def event(self, caller: Caller, type_id: TypeId, event_id: str) -> tuple[Event, tuple[Delivery, ...]]:
        """Return an event and its deliveries, for its room's member and operators; EventUnknown."""
        ...

    def stop(self, caller: Caller, type_id: TypeId, event_id: str, reason: Reason) -> int:
        """Cancel every delivery of an event that is not done; return how many. EventUnknown."""
        ...

    def subscribe(self, caller: Caller, wanted: Subscription, reason: Reason) -> Subscription:
        """Send events of a type from now on; EventTypeUnknown, SubscriptionExists, SubscriptionInvalid."""
        ...

    def change(self, caller: Caller, wanted: Subscription, reason: Reason) -> Subscription:
        """Change how events come; those that wait keep their time to live. SubscriptionUnknown."""
        ...

    def unsubscribe(self, caller: Caller, type_id: TypeId, subscriber: ClientId, reason: Reason) -> None:
        """End a subscription; what waits is cancelled. SubscriptionUnknown."""
        ...

    def subscriptions(
        self, caller: Caller, room: ClientId | None = None, subscriber: ClientId | None = None
    ) -> tuple[Subscription, ...]:
        """Return subscriptions: a system sees its own and those to its member's rooms."""
        ...

    def pull(self, caller: Caller, type_id: TypeId) -> Event:
        """Return the caller's next event that is not acknowledged, the same until it is.

        NoEvent when there is none; SubscriptionUnknown; NotPulled when events are pushed.
        """
        ...

    def acknowledge(self, caller: Caller, type_id: TypeId, event_id: str) -> None:
        """Take an event as received; it does not come again. Repeating does nothing. EventUnknown."""
        ...

    def deliveries(self, caller: Caller, query: DeliveryQuery) -> DeliveryPage:
        """Return the delivery log; a system sees its own as subscriber and as publisher."""
        ...

    def retry(self, caller: Caller, query: DeliveryQuery, reason: Reason) -> int:
        """Make abandoned deliveries that match due again, at most 1,000; return how many."""
        ...

    def replay(self, caller: Caller, wanted: Replay, reason: Reason) -> int:
        """Queue events once more, at most 1,000, the oldest first; return how many. EventUnknown."""
        ...


@dataclass(frozen=True)
class Taken:
    """An event that came to this site, and one of the site's reactions to it."""

    event: str
    type: TypeId
    taken_at: datetime
    reaction: str
    state: State
    attempts: int
    records: int
    next_at: datetime | None = None
    last_fault: str = ""


class Inbox(Protocol):
    """Kept by `service.news.inbox.InboxService` at the subscriber's site."""

    def take(self, caller: Caller, event: Event) -> bool:
        """Keep an event that its room pushed, by its id; False when it was taken before.

        EventUnexpected when no reaction of this site waits for the type; EventInvalid; NewsNotPermitted
        when the caller is not the event's room.
        """
        ...

    def taken(self, caller: Caller, *, state: State | None = None, limit: int = 100) -> tuple[Taken, ...]:
        """Return reactions, the newest event first, for operators and auditors."""
        ...

    def retry(self, caller: Caller, reason: Reason) -> int:
        """Make every abandoned reaction due again; return how many."""
        ...


@dataclass(frozen=True)
class Message:
    """A JSON body and the headers that say why it is sent."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str]


class Sender(Protocol):
    """Sends one message through the exchange; given to the site by its composition root."""

    def send(self, sender: ClientId, receiver: ClientId, service: str, path: str, message: Message) -> int:
        """POST `message` to `path` of the receiver's service and return the status of the answer.

        A Fault with a stable code when no answer came or the exchange refused the message.
        """
        ...

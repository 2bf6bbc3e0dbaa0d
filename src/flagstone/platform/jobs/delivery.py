# SPDX-License-Identifier: EUPL-1.2
"""Delivery of news at least once: outboxes are polled, listeners called, and marks kept in the outbox.

The outbox is durable by itself: its marks live in the block's own database. A plain polling thread is
therefore enough, and a durable workflow a delivery would only write the same fact twice. A listener is
called first and the mark set after, so a crash between the two repeats the call and never loses it.

Order: within one outbox and listener, events come in the order of their commits as long as no attempt
fails. A failed delivery waits for its next attempt while later ones go on, so that one bad event does not
silence a listener; a listener that minds the order of one record compares the revision in the payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

import structlog

from flagstone.kernel.clock import Clock
from flagstone.platform.jobs.faults import error_class
from flagstone.platform.jobs.work import Backoff, Probe

log = structlog.get_logger("flagstone.jobs")

DELIVERIES_MAX = 200  # taken from one outbox in one pass, so that no outbox starves another


class Delivery(Protocol):
    """One event for one listener, as an outbox tells it; `id` is unique within its outbox."""

    @property
    def id(self) -> int:
        """The event's number in its outbox."""
        ...

    @property
    def listener(self) -> str:
        """The listener it is for."""
        ...

    @property
    def event(self) -> str:
        """The event's name."""
        ...

    @property
    def payload(self) -> Mapping[str, Any]:
        """The event's fields."""
        ...

    @property
    def occurred_at(self) -> datetime:
        """When the event was committed."""
        ...

    @property
    def attempts(self) -> int:
        """How many attempts failed so far."""
        ...


class Outbox(Protocol):
    """Deliveries of one block's database, with their marks."""

    def subscribe(self, event: str, listeners: tuple[str, ...]) -> None:
        """Name the listeners of `event`."""
        ...

    def pending(self, limit: int) -> Sequence[Delivery]:
        """Return at most `limit` deliveries that are due, the oldest event first."""
        ...

    def delivered(self, id: int, listener: str) -> None:  # noqa: A002 - the field's own name
        """Mark a delivery as taken."""
        ...

    def failed(self, id: int, listener: str, error_class: str, next_attempt_at: datetime | None) -> None:  # noqa: A002
        """Count a failed attempt; None for the next attempt makes the delivery a dead letter."""
        ...

    def abandoned(self) -> int:
        """Return how many dead letters wait for a person."""
        ...

    def retry(self) -> int:
        """Make every dead letter due again; return how many."""
        ...


@dataclass(frozen=True)
class Event:
    """News as a listener gets it; the same `id` may come twice and names the same delivery."""

    id: str  # idempotency key: outbox/number/listener
    name: str
    payload: Mapping[str, Any]
    occurred_at: datetime
    attempts: int


Listener: TypeAlias = Callable[[Event], None]
Listeners: TypeAlias = Mapping[str, Mapping[str, Listener]]
"""Event name to listener name to listener."""


@dataclass
class Tally:
    """Counts since the process began."""

    delivered: int = 0
    failed: int = 0
    abandoned: int = 0
    outbox_errors: int = 0


@dataclass
class Source:
    """One outbox with those who listen to it."""

    name: str
    outbox: Outbox
    listeners: Listeners
    backoff: Backoff
    tally: Tally = field(default_factory=Tally)

    def subscribe(self) -> None:
        """Tell the outbox who listens to what."""
        for event, listeners in self.listeners.items():
            self.outbox.subscribe(event, tuple(listeners))


class MissingListener(Exception):
    """A delivery names a listener that is no longer wired."""


class Courier:
    """Carries what is due from every source to its listeners."""

    def __init__(self, clock: Clock, probe: Probe, stopping: Callable[[], bool]) -> None:
        """Tell the time by `clock`; leave a pass early when `stopping`."""
        self._clock = clock
        self._probe = probe
        self._stopping = stopping
        self.sources: list[Source] = []

    def carry(self) -> int:
        """Try every delivery that is due once; return how many were delivered or failed."""
        return sum(self._carry(source) for source in self.sources)

    def _carry(self, source: Source) -> int:
        """Try what is due in one outbox; an unreachable outbox does not stop the others."""
        try:
            due = source.outbox.pending(DELIVERIES_MAX)
            for count, delivery in enumerate(due):
                if self._stopping():
                    return count
                self._deliver(source, delivery)
        except Exception as error:  # noqa: BLE001 - whatever an outbox raises, the next pass tries again
            source.tally.outbox_errors += 1
            log.warning("outbox unreachable", outbox=source.name, error=error_class(error))
            return 0
        return len(due)

    def _deliver(self, source: Source, delivery: Delivery) -> None:
        """Call one listener, then set the mark."""
        try:
            self._call(source, delivery)
        except Exception as error:  # noqa: BLE001 - whatever a listener raises counts as one failed attempt
            self._fail(source, delivery, error_class(error))
            return
        self._probe("delivery.heard")
        source.outbox.delivered(delivery.id, delivery.listener)
        self._probe("delivery.marked")
        source.tally.delivered += 1

    def _call(self, source: Source, delivery: Delivery) -> None:
        """Hand the event to its listener."""
        listener = source.listeners.get(delivery.event, {}).get(delivery.listener)
        if listener is None:
            raise MissingListener
        key = f"{source.name}/{delivery.id}/{delivery.listener}"
        self._probe("delivery.due")
        listener(Event(key, delivery.event, delivery.payload, delivery.occurred_at, delivery.attempts))

    def _fail(self, source: Source, delivery: Delivery, error: str) -> None:
        """Set the next attempt, or give the delivery up."""
        pause = source.backoff.pause_seconds(delivery.attempts + 1)
        next_at = None if pause is None else self._clock.now() + timedelta(seconds=pause)
        source.outbox.failed(delivery.id, delivery.listener, error, next_at)
        source.tally.failed += 1
        source.tally.abandoned += pause is None
        log.warning(
            "delivery failed",
            outbox=source.name,
            delivery=delivery.id,
            listener=delivery.listener,
            error=error,
            abandoned=pause is None,
        )

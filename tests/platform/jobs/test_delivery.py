# SPDX-License-Identifier: EUPL-1.2
"""News reaches every listener at least once, with pauses after failures and an end to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from flagstone.kernel.clock import SetClock
from flagstone.kernel.errors import Fault
from flagstone.platform.jobs.delivery import Courier, Event, Listeners, Source
from flagstone.platform.jobs.work import Backoff


@dataclass
class Slip:
    """A delivery in memory."""

    id: int
    listener: str
    event: str
    occurred_at: datetime
    next_at: datetime | None
    payload: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    error: str = ""
    done: bool = False


class MemoryOutbox:
    """An outbox in memory, with the marks of the real one."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self.slips: list[Slip] = []
        self.broken = False
        self.subscribed: dict[str, tuple[str, ...]] = {}

    def publish(self, event: str, *listeners: str) -> None:
        number, now = len(self.slips) + 1, self._clock.now()
        self.slips += [Slip(number, listener, event, now, now) for listener in listeners]

    def subscribe(self, event: str, listeners: tuple[str, ...]) -> None:
        self.subscribed[event] = listeners

    def pending(self, limit: int) -> list[Slip]:
        if self.broken:
            raise OSError
        now = self._clock.now()
        return [slip for slip in self.slips if not slip.done and slip.next_at and slip.next_at <= now][:limit]

    def delivered(self, id: int, listener: str) -> None:  # noqa: A002 - as in the protocol
        self._find(id, listener).done = True

    def failed(self, id: int, listener: str, error_class: str, next_attempt_at: datetime | None) -> None:  # noqa: A002
        slip = self._find(id, listener)
        slip.attempts, slip.error, slip.next_at = slip.attempts + 1, error_class, next_attempt_at

    def abandoned(self) -> int:
        return sum(slip.next_at is None for slip in self.slips)

    def retry(self) -> int:
        count = self.abandoned()
        for slip in self.slips:
            if slip.next_at is None:
                slip.next_at, slip.attempts = self._clock.now(), 0
        return count

    def _find(self, number: int, listener: str) -> Slip:
        return next(slip for slip in self.slips if (slip.id, slip.listener) == (number, listener))


@pytest.fixture
def outbox(clock: SetClock) -> MemoryOutbox:
    return MemoryOutbox(clock)


@pytest.fixture
def wire(clock: SetClock, outbox: MemoryOutbox) -> Callable[..., tuple[Courier, Source]]:
    def make(listeners: Listeners, attempts: int = 3) -> tuple[Courier, Source]:
        courier = Courier(clock, lambda _: None, lambda: False)
        source = Source("registry", outbox, listeners, Backoff(attempts=attempts))
        source.subscribe()
        courier.sources.append(source)
        return courier, source

    return make


class Torn(Fault):
    """A listener's own error."""

    code = "test.torn"


def refuse(_event: Event) -> None:
    raise Torn("a person's data")


Wire = Callable[..., tuple[Courier, Source]]


def test_every_listener_hears_each_event_in_order_with_its_own_key(outbox: MemoryOutbox, wire: Wire) -> None:
    heard: list[str] = []
    courier, source = wire(
        {"Born": {"portal": lambda e: heard.append(e.id), "log": lambda e: heard.append(e.id)}}
    )
    assert outbox.subscribed == {"Born": ("portal", "log")}
    outbox.publish("Born", "portal", "log")
    outbox.publish("Born", "portal")

    assert courier.carry() == 3
    assert heard == ["registry/1/portal", "registry/1/log", "registry/3/portal"]
    assert courier.carry() == 0
    assert source.tally.delivered == 3


def test_a_failure_waits_longer_each_time_and_ends_as_a_dead_letter(
    outbox: MemoryOutbox, wire: Wire, clock: SetClock
) -> None:
    courier, source = wire({"Born": {"portal": refuse}})
    outbox.publish("Born", "portal")
    for pause in (1, 2):
        assert courier.carry() == 1
        assert outbox.slips[0].next_at == clock.now() + timedelta(seconds=pause)
        assert courier.carry() == 0
        clock.advance(timedelta(seconds=pause))
    assert courier.carry() == 1

    assert outbox.abandoned() == 1
    assert outbox.slips[0].error == "test.torn"
    assert (source.tally.failed, source.tally.abandoned) == (3, 1)


def test_a_dead_letter_can_be_retried(outbox: MemoryOutbox, wire: Wire) -> None:
    courier, _ = wire({"Born": {"portal": refuse}}, attempts=1)
    outbox.publish("Born", "portal")
    courier.carry()
    assert outbox.retry() == 1

    heard: list[Event] = []
    courier.sources[0].listeners = {"Born": {"portal": heard.append}}
    assert courier.carry() == 1
    assert len(heard) == 1


def test_one_bad_event_does_not_silence_a_listener_or_its_neighbours(
    outbox: MemoryOutbox, wire: Wire
) -> None:
    heard: list[str] = []
    courier, _ = wire({"Born": {"portal": refuse, "log": lambda e: heard.append(e.id)}})
    outbox.publish("Born", "portal", "log")
    outbox.publish("Born", "log")
    courier.carry()
    assert heard == ["registry/1/log", "registry/3/log"]


def test_a_listener_that_is_no_longer_wired_becomes_a_dead_letter(outbox: MemoryOutbox, wire: Wire) -> None:
    courier, _ = wire({}, attempts=1)
    outbox.publish("Born", "gone")
    courier.carry()
    assert outbox.slips[0].error == "MissingListener"


def test_an_unreachable_outbox_does_not_stop_the_others(
    outbox: MemoryOutbox, wire: Wire, clock: SetClock
) -> None:
    courier, source = wire({"Born": {"portal": lambda _: None}})
    other = MemoryOutbox(clock)
    other.publish("Born", "portal")
    courier.sources.append(Source("identity", other, source.listeners, Backoff()))
    outbox.broken = True

    assert courier.carry() == 1
    assert source.tally.outbox_errors == 1
    assert other.slips[0].done


def test_a_pass_ends_early_when_the_site_stops(outbox: MemoryOutbox, clock: SetClock) -> None:
    heard: list[Event] = []
    courier = Courier(clock, lambda _: None, lambda: bool(heard))
    courier.sources.append(Source("registry", outbox, {"Born": {"portal": heard.append}}, Backoff()))
    outbox.publish("Born", "portal")
    outbox.publish("Born", "portal")
    assert courier.carry() == 1
    assert not outbox.slips[1].done

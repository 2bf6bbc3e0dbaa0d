# SPDX-License-Identifier: EUPL-1.2
"""Pushes: at least once, in order by subject, with back-off, and nobody held up by somebody else."""

from __future__ import annotations

import random
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.blocks.exchange.service.news.rig import (
    BIRTH,
    CENTRE,
    DEATH,
    INTERIOR,
    JAAN,
    MARI,
    NATURE,
    SITE,
    WHY,
    Rig,
    official,
    rig,
    system,
)
from tests.blocks.exchange.service.news.test_crash import site

from flagstone.blocks.exchange.contract.faults import ClientUnknown
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import DeliveryQuery, Message, State, Subscription
from flagstone.blocks.exchange.model.news import ATTEMPTS_MAX, pause
from flagstone.kernel.clock import SetClock

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@pytest.fixture
def at(open_database: OpenDatabase, clock: SetClock) -> Rig:
    return rig(open_database, clock)


def states(at: Rig, subscriber: ClientId = NATURE) -> list[tuple[State, int, str]]:
    found = at.news.deliveries(SITE, DeliveryQuery(subscriber=subscriber)).deliveries
    return [(each.state, each.attempts, each.last_fault) for each in reversed(found)]


def test_a_push_is_sent_for_its_purpose_and_marked(at: Rig) -> None:
    event = at.news.publish(SITE, DEATH, {"person": MARI})
    assert at.courier.deliver_due() == 1
    assert at.wire.sent == [(str(NATURE), event.id)]
    assert at.wire.headers[0]["Flagstone-Purpose"] == "Telling%20of%20a%20death"
    assert at.wire.headers[0]["Flagstone-Legal-Basis"].endswith("%C2%A7%2040")
    assert states(at) == [(State.ACKNOWLEDGED, 1, "")]
    assert at.courier.deliver_due() == 0


def test_who_does_not_answer_is_left_alone_for_longer_and_longer(at: Rig, clock: SetClock) -> None:
    def silent(_to: ClientId, _item: dict[str, Any]) -> int:
        raise ClientUnknown

    at.wire.answer = silent
    at.news.publish(SITE, DEATH, {"person": MARI})
    at.news.publish(SITE, DEATH, {"person": JAAN})
    assert at.courier.deliver_due() == 1  # the second is not even tried
    assert states(at) == [(State.WAITING, 1, "exchange.client-unknown"), (State.WAITING, 0, "")]
    assert at.courier.deliver_due() == 0
    gaps = []
    for _ in range(5):
        waited = 0
        while not at.courier.deliver_due():
            clock.advance(timedelta(seconds=1))
            waited += 1
        gaps.append(waited)
    assert gaps == sorted(gaps)
    assert gaps[-1] >= 8
    at.wire.answer = lambda _to, _item: None
    clock.advance(timedelta(minutes=5))
    at.courier.deliver_due()
    assert [state for state, _, _ in states(at)] == [State.ACKNOWLEDGED] * 2


def test_attempts_end_and_an_operator_begins_anew(at: Rig, clock: SetClock) -> None:
    at.wire.answer = lambda _to, _item: 400
    at.news.publish(SITE, DEATH, {"person": MARI})
    for _ in range(ATTEMPTS_MAX + 3):
        at.courier.deliver_due()
        clock.advance(timedelta(hours=2))
    assert states(at) == [(State.ABANDONED, ATTEMPTS_MAX, "exchange.push-refused")]
    at.wire.answer = lambda _to, _item: None
    assert at.news.retry(official("operator"), DeliveryQuery(), WHY) == 1
    assert at.courier.deliver_due() == 1
    assert states(at) == [(State.ACKNOWLEDGED, 1, "")]


def test_one_refused_event_holds_up_only_its_own_subject(at: Rig, clock: SetClock) -> None:
    refused = at.news.publish(SITE, DEATH, {"person": MARI})
    at.wire.answer = lambda _to, item: 422 if item["id"] == refused.id else None
    at.news.publish(SITE, DEATH, {"person": JAAN})
    later = at.news.publish(SITE, DEATH, {"person": MARI, "died_on": "2026-11-01"})
    at.courier.deliver_due()
    assert [state for state, _, _ in states(at)] == [State.WAITING, State.ACKNOWLEDGED, State.WAITING]
    at.wire.answer = lambda _to, _item: None
    clock.advance(timedelta(seconds=5))
    at.courier.deliver_due()
    mine = [event for _, event in at.wire.sent if event in {refused.id, later.id}]
    assert mine == [refused.id, refused.id, later.id]


def test_fifo_lets_nothing_pass(at: Rig, clock: SetClock) -> None:
    at.news.change(system(NATURE), Subscription(BIRTH, NATURE, fifo=True), WHY)
    first = at.news.publish(SITE, BIRTH, {"person": MARI})
    at.wire.answer = lambda _to, item: 422 if item["id"] == first.id else None
    at.news.publish(SITE, BIRTH, {"person": JAAN})
    at.courier.deliver_due()
    assert [state for state, _, _ in states(at)] == [State.WAITING] * 2
    at.wire.answer = lambda _to, _item: None
    clock.advance(timedelta(seconds=5))
    at.courier.deliver_due()
    assert [state for state, _, _ in states(at)] == [State.ACKNOWLEDGED] * 2


def test_a_slow_subscriber_holds_up_nobody(open_database: OpenDatabase, clock: SetClock) -> None:
    at = rig(open_database, clock, patience_seconds=2)
    gate = threading.Event()

    def slow(to: ClientId, _item: dict[str, Any]) -> int:
        if to == CENTRE:
            gate.wait(20)
        return 200

    at.wire.answer = slow
    at.news.subscribe(system(CENTRE), Subscription(BIRTH, CENTRE), WHY)
    at.news.publish(SITE, BIRTH, {"person": MARI})
    begun = time.monotonic()
    assert at.courier.deliver_due() == 1
    at.news.publish(SITE, BIRTH, {"person": JAAN})
    assert at.courier.deliver_due() == 1
    assert time.monotonic() - begun < 10
    assert [state for state, _, _ in states(at)] == [State.ACKNOWLEDGED] * 2
    assert [state for state, _, _ in states(at, CENTRE)] == [State.WAITING] * 2
    gate.set()
    at.courier.stop()
    assert states(at, CENTRE)[0][0] is State.ACKNOWLEDGED


def test_a_mark_of_somebody_else_counts(at: Rig) -> None:
    event = at.news.publish(SITE, DEATH, {"person": MARI})

    def stopped(_to: ClientId, _item: dict[str, Any]) -> int:
        at.news.stop(SITE, DEATH, event.id, WHY)
        return 500

    at.wire.answer = stopped
    at.courier.deliver_due()
    assert states(at) == [(State.CANCELLED, 0, "")]


def test_a_mistake_of_the_program_stops_nothing_else(at: Rig) -> None:
    broken = at.news.publish(SITE, DEATH, {"person": MARI})

    def wrong(_to: ClientId, item: dict[str, Any]) -> int:
        if item["id"] == broken.id:
            raise KeyError(MARI)
        return 200

    at.wire.answer = wrong
    at.news.publish(SITE, DEATH, {"person": JAAN})
    assert at.courier.deliver_due() == 2
    assert states(at) == [(State.WAITING, 1, "KeyError"), (State.ACKNOWLEDGED, 1, "")]


def test_a_stop_waits_a_little_and_begins_nothing(open_database: OpenDatabase, clock: SetClock) -> None:
    at = rig(open_database, clock, patience_seconds=1)
    gate = threading.Event()

    def slow(_to: ClientId, _item: dict[str, Any]) -> int:
        gate.wait(20)
        return 200

    at.wire.answer = slow
    at.news.publish(SITE, DEATH, {"person": MARI})
    at.courier.deliver_due()
    begun = time.monotonic()
    at.courier.stop(0.2)
    assert time.monotonic() - begun < 3
    gate.set()
    assert at.courier.deliver_due() == 0


def test_pauses_grow_to_an_hour_and_end() -> None:
    whole = [pause(n, 0.5) for n in range(1, ATTEMPTS_MAX)]
    seconds = [each.total_seconds() for each in whole if each]
    assert seconds[:4] == [1, 2, 4, 8]
    assert max(seconds) == 3_600
    assert pause(ATTEMPTS_MAX, 0.5) is None
    assert pause(3, 0.0) == timedelta(seconds=3.2)
    assert pause(3, 1.0) == timedelta(seconds=4.8)


def test_the_room_of_a_push_is_its_sender(at: Rig) -> None:
    senders = []
    inner = at.wire.send

    def send(sender: ClientId, receiver: ClientId, service: str, path: str, message: Message) -> int:
        senders.append(sender)
        return inner(sender, receiver, service, path, message)

    at.wire.send = send  # type: ignore[method-assign]
    at.news.publish(system(ClientId("XA", "GOV", "10000001", "portal")), DEATH, {"person": MARI})
    at.courier.deliver_due()
    assert senders == [INTERIOR]
    assert states(at)[0][0] is State.ACKNOWLEDGED


@pytest.mark.parametrize("seed", range(6))
def test_whatever_fails_all_arrives_and_each_subject_in_order(
    tmp_path: Path, clock: SetClock, seed: int
) -> None:
    """Twenty events about three persons, with pushes refused, lost and repeated by lot."""
    at = site(tmp_path, clock)
    at.prepare()
    lot = random.Random(seed)
    arrived: list[tuple[str, int]] = []

    def by_lot(_to: ClientId, item: dict[str, Any]) -> int:
        drawn = lot.random()
        if drawn < 0.15:
            raise ClientUnknown
        if drawn < 0.4:
            return lot.choice([400, 422, 500, 503])
        arrived.append((item["event"]["person"], item["sequence"]))
        return 500 if drawn < 0.5 else 200  # some answers are lost after the event was taken

    at.wire.answer = by_lot
    expected: dict[str, list[int]] = {}
    for number in range(1, 21):
        person = f"{lot.randrange(3):011}"
        at.news.publish(SITE, DEATH, {"person": person})
        expected.setdefault(person, []).append(number)
        if lot.random() < 0.5:
            at.courier.deliver_due()
            clock.advance(timedelta(seconds=lot.randrange(20)))
    for _ in range(150):
        at.courier.deliver_due()
        clock.advance(timedelta(minutes=20))
    assert {state for state, _, _ in states(at)} == {State.ACKNOWLEDGED}
    for person, numbers in expected.items():
        mine = [sequence for who, sequence in arrived if who == person]
        assert list(dict.fromkeys(mine)) == numbers
        assert mine == sorted(mine)

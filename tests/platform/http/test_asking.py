# SPDX-License-Identifier: EUPL-1.2
"""Many are asked at once, none keeps the others waiting, and who keeps failing is left alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.asking import Asking, AskingBounds, Outcome
from flagstone.platform.http.client import AnswerRefused, SiteUnreachable

BOUNDS = AskingBounds(seconds_max=0.3, at_once_max=2, failures_max=3, pause_seconds=10)


class Denied(Fault):
    """A refusal."""

    kind = Kind.FORBIDDEN


class HandClock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def asking(hand_clock: HandClock) -> Iterator[Asking]:
    made = Asking(BOUNDS, hand_clock)
    yield made
    made.close()


def raising(error: Exception) -> Callable[[], int]:
    def ask() -> int:
        raise error

    return ask


def test_tells_how_each_asking_ended(asking: Asking) -> None:
    said = asking.ask_all(
        {
            "well": lambda: 7,
            "down": raising(SiteUnreachable()),
            "mad": raising(AnswerRefused()),
            "madder": raising(KeyError("x")),
            "strict": raising(Denied()),
        }
    )
    assert list(said) == ["well", "down", "mad", "madder", "strict"]
    assert said["well"].value == 7
    ends = [each.outcome for each in said.values()]
    assert ends == [Outcome.ANSWERED, Outcome.SILENT, Outcome.BROKEN, Outcome.BROKEN, Outcome.REFUSED]
    assert isinstance(said["strict"].fault, Denied)


def test_one_slow_source_costs_no_more_than_the_limit(asking: Asking) -> None:
    release = threading.Event()
    begun = monotonic()
    said = asking.ask_all({"slow": lambda: release.wait(10), "quick": lambda: True})
    assert monotonic() - begun < 1.5
    release.set()
    assert (said["slow"].outcome, said["quick"].outcome) == (Outcome.LATE, Outcome.ANSWERED)


def test_a_slow_source_takes_only_its_own_threads(asking: Asking) -> None:
    release, begun = threading.Event(), []

    def hang() -> bool:
        begun.append(1)
        return release.wait(10)

    for _ in range(4):
        asking.ask_all({"slow": hang}, seconds_max=0.02)
    release.set()
    assert len(begun) <= BOUNDS.at_once_max


def test_who_keeps_failing_is_left_alone_and_tried_again(asking: Asking, hand_clock: HandClock) -> None:
    calls = []

    def fail() -> int:
        calls.append(1)
        raise AnswerRefused

    for _ in range(5):
        assert asking.ask_all({"mad": fail})["mad"].outcome is Outcome.BROKEN
    assert len(calls) == 3
    hand_clock.seconds = 10.5
    assert asking.ask_all({"mad": lambda: 1})["mad"].value == 1
    assert asking.ask_all({"mad": fail})["mad"].outcome is Outcome.BROKEN
    assert len(calls) == 4


def test_a_trial_that_fails_opens_the_breaker_again(asking: Asking, hand_clock: HandClock) -> None:
    down = raising(SiteUnreachable())
    for _ in range(3):
        asking.ask_all({"a": down})
    hand_clock.seconds = 11
    asking.ask_all({"a": down})
    assert asking.ask_all({"a": lambda: 1})["a"].outcome is Outcome.SILENT
    assert asking.ask_all({"b": lambda: 1})["b"].outcome is Outcome.ANSWERED


def test_a_refusal_is_an_answer(asking: Asking) -> None:
    for _ in range(6):
        assert asking.ask_all({"strict": raising(Denied())})["strict"].outcome is Outcome.REFUSED
    assert asking.ask_all({"strict": lambda: 1})["strict"].value == 1

# SPDX-License-Identifier: EUPL-1.2
"""Circuits open, are tried with one message, and close."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.status import Breaker
from flagstone.blocks.exchange.model.breaking import Breakers


def breakers(**bounds: int) -> Breakers[str]:
    return Breakers(failures_max=3, seconds=2.0, seconds_max=10.0, **bounds)


def test_a_circuit_opens_after_failures_in_a_row_only() -> None:
    circuits = breakers()
    for _ in range(10):
        circuits.failed("a", 0.0)
        circuits.failed("a", 0.0)
        assert circuits.admits("a", 0.0)
        circuits.succeeded("a")
    for _ in range(3):
        assert circuits.admits("a", 0.0)
        circuits.failed("a", 0.0)
    assert not circuits.admits("a", 1.9)
    assert circuits.state("a", 1.9) is Breaker.OPEN
    assert circuits.admits("b", 1.9)
    assert circuits.not_closed(1.9) == {"a": Breaker.OPEN}


def test_an_open_circuit_is_tried_with_one_message_and_waits_longer_each_time() -> None:
    circuits = breakers()
    for _ in range(3):
        circuits.failed("a", 0.0)
    now, waits = 0.0, []
    for _ in range(5):
        began = now
        while circuits.state("a", now) is Breaker.OPEN:
            assert not circuits.admits("a", now)
            now += 0.5
        waits.append(now - began)
        assert circuits.admits("a", now)
        assert not circuits.admits("a", now), "one trial at a time"
        circuits.failed("a", now)
    assert waits == [2.0, 4.0, 8.0, 10.0, 10.0]
    assert circuits.admits("a", now + 10)
    circuits.succeeded("a")
    assert circuits.state("a", now) is Breaker.CLOSED
    assert circuits.not_closed(now) == {}


def test_a_trial_without_a_verdict_leaves_room_for_another() -> None:
    circuits = breakers()
    for _ in range(3):
        circuits.failed("a", 0.0)
    assert circuits.admits("a", 5.0)
    circuits.left("a")
    assert circuits.admits("a", 5.0)
    circuits.left("unknown")


def test_late_failures_of_messages_under_way_do_not_lengthen_the_wait() -> None:
    circuits = breakers()
    for second in range(8):
        circuits.failed("a", second / 10)
    assert circuits.admits("a", 2.3)


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=2), max_size=60))
def test_the_number_of_circuits_is_bounded(keys: list[str]) -> None:
    circuits = breakers(circuits_max=5)
    for key in keys:
        for _ in range(3):
            circuits.failed(key, 0.0)
    assert len(circuits.not_closed(0.0)) == min(5, len(set(keys)))

# SPDX-License-Identifier: EUPL-1.2
"""A budget stops what takes longer, whatever was computed before, and leaves everything else alone."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from time import monotonic, sleep

import pytest

from flagstone.blocks.rules.contract.faults import BudgetSpent
from flagstone.blocks.rules.service.engine.budget import Budget

SECONDS = 0.2
LONG = 30.0


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def spend(budget: Budget, seconds: float) -> None:
    end = monotonic() + seconds
    with budget.spent():
        while monotonic() < end:
            sleep(0.01)


def test_what_takes_longer_is_stopped() -> None:
    started = monotonic()
    with pytest.raises(BudgetSpent):
        spend(Budget(SECONDS), LONG)
    assert SECONDS - 0.01 <= monotonic() - started < LONG


def test_each_has_its_whole_time_whatever_the_ones_before_took() -> None:
    seconds = 10 * SECONDS
    budget = Budget(seconds)
    for _ in range(8):
        spend(budget, seconds / 7)  # the alarm of the first rings in a later one
    started = monotonic()
    with pytest.raises(BudgetSpent):
        spend(budget, LONG)
    assert monotonic() - started >= seconds - 0.01
    with pytest.raises(BudgetSpent):
        spend(budget, LONG)


def test_time_between_calculations_is_nobodys() -> None:
    budget = Budget(SECONDS)
    spend(budget, 0)
    sleep(2 * SECONDS)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    spend(budget, 0)


def test_what_fails_is_not_counted_on() -> None:
    budget = Budget(SECONDS)
    with pytest.raises(ArithmeticError), budget.spent():
        raise ArithmeticError
    sleep(2 * SECONDS)
    with pytest.raises(BudgetSpent):
        spend(budget, LONG)

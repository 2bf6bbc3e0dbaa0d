# SPDX-License-Identifier: EUPL-1.2
"""Schedules run each tick once, make up for missed ticks once, and never overtake themselves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from flagstone.kernel.clock import SetClock
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.jobs.schedule import Cron, Every, Schedule

Until = Callable[[Callable[[], bool]], None]


def test_a_schedule_runs_each_tick_once_and_makes_up_for_missed_ones_once(
    jobs: Jobs, until: Until, clock: SetClock
) -> None:
    ticks: list[datetime] = []
    start = clock.now()
    jobs.schedule(Schedule("sweep", Cron("0 * * * *"), ticks.append))
    jobs.start()
    time.sleep(0.3)
    assert ticks == [], "no run for ticks before the schedule was known"

    clock.advance(timedelta(hours=1))
    until(lambda: len(ticks) == 1)
    clock.advance(timedelta(hours=50, minutes=30))
    until(lambda: len(ticks) == 2)
    time.sleep(0.3)
    assert ticks == [start + timedelta(hours=1), start + timedelta(hours=51)]


def test_a_tick_is_left_out_while_the_run_before_goes_on(jobs: Jobs, until: Until, clock: SetClock) -> None:
    ticks: list[datetime] = []
    go = threading.Event()

    def work(tick: datetime) -> None:
        ticks.append(tick)
        go.wait(10)

    jobs.schedule(Schedule("slow", Every(60), work))
    jobs.start()
    until(lambda: bool(jobs._ticker._seen))
    clock.advance(timedelta(minutes=1))
    until(lambda: len(ticks) == 1)
    clock.advance(timedelta(minutes=3))
    time.sleep(0.3)
    assert len(ticks) == 1
    go.set()
    until(lambda: len(ticks) == 2)


def test_only_the_newest_runs_of_a_schedule_are_kept(
    jobs: Jobs, until: Until, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flagstone.platform.jobs.ticker.RUNS_KEPT", 2)
    ticks: list[datetime] = []
    jobs.schedule(Schedule("sweep", Every(60), ticks.append))
    jobs.start()
    until(lambda: bool(jobs._ticker._seen))
    for count in range(1, 6):
        clock.advance(timedelta(minutes=1))
        until(lambda count=count: len(ticks) == count)  # type: ignore[misc]
        until(lambda: not jobs.status().runs_unfinished)
    assert 2 <= len(jobs._works().runs("schedule-sweep", limit=10)) <= 3

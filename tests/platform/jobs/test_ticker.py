# SPDX-License-Identifier: EUPL-1.2
"""Schedules run each tick once, make up for missed ticks once, and never overtake themselves."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flagstone.kernel.clock import SetClock
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.jobs.marks import Mark
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


def test_work_that_fails_is_counted_and_comes_again_with_the_next_tick(
    jobs: Jobs, until: Until, clock: SetClock
) -> None:
    ticks: list[datetime] = []

    def work(tick: datetime) -> None:
        ticks.append(tick)
        if len(ticks) == 1:
            raise OSError

    jobs.schedule(Schedule("sweep", Every(60), work))
    jobs.start()
    until(lambda: bool(jobs._ticker._seen))
    clock.advance(timedelta(minutes=1))
    until(lambda: jobs.status().runs_failed == 1)
    time.sleep(0.2)
    assert len(ticks) == 1, "a tick that failed is not tried again"
    clock.advance(timedelta(minutes=1))
    until(lambda: jobs.status().runs_failed == 0 and len(ticks) == 2)


def test_work_that_a_stop_cut_short_begins_again_at_the_next_start(
    jobs: Jobs, until: Until, clock: SetClock
) -> None:
    ticks: list[datetime] = []

    def work(tick: datetime) -> None:
        ticks.append(tick)
        if len(ticks) == 1:
            until(jobs._stop.is_set)
            raise OSError

    jobs.schedule(Schedule("sweep", Every(3600), work))
    jobs.start()
    until(lambda: bool(jobs._ticker._seen))
    clock.advance(timedelta(hours=1))
    until(lambda: len(ticks) == 1)
    jobs.stop(5)
    assert jobs.status().runs_failed == 0
    jobs.start()
    until(lambda: len(ticks) == 2)
    assert ticks[0] == ticks[1]


def test_ticks_of_seconds_leave_the_disk_alone_and_one_process_to_do_them(
    jobs_url: str, until: Until, clock: SetClock
) -> None:
    ran: list[tuple[int, datetime]] = []
    processes = [Jobs(jobs_url, "interior", clock, poll_seconds=0.05) for _ in range(2)]
    for number, each in enumerate(processes):
        each.schedule(Schedule("pulse", Every(1), lambda tick, number=number: ran.append((number, tick))))  # type: ignore[misc]
        each.start()
    until(lambda: any(each._ticker._seen for each in processes))
    for count in range(1, 4):
        clock.advance(timedelta(seconds=1))
        until(lambda count=count: len(ran) == count)  # type: ignore[misc]
    assert len({number for number, _ in ran}) == 1
    assert _mark(processes[0], "pulse") is None

    first = ran[0][0]
    processes[first].stop(5)
    until(lambda: bool(processes[1 - first]._ticker._seen))
    clock.advance(timedelta(seconds=1))
    until(lambda: len(ran) == 4)
    assert ran[-1] == (1 - first, clock.now())
    processes[1 - first].stop(5)


def test_a_slow_schedule_does_not_hold_up_another(jobs: Jobs, until: Until, clock: SetClock) -> None:
    ticks: list[datetime] = []
    go = threading.Event()

    def slow(_tick: datetime) -> None:
        go.wait(10)

    jobs.schedule(Schedule("slow", Every(60), slow))
    jobs.schedule(Schedule("quick", Every(60), ticks.append))
    jobs.start()
    until(lambda: len(jobs._ticker._seen) == 2)
    clock.advance(timedelta(minutes=1))
    until(lambda: len(ticks) == 1)
    assert jobs.status().runs_unfinished >= 1
    go.set()


def test_two_sites_of_one_database_keep_their_own_marks(jobs_url: str, until: Until, clock: SetClock) -> None:
    ran: list[str] = []
    sites = [Jobs(jobs_url, name, clock, poll_seconds=0.05) for name in ("interior", "justice")]
    for site, name in zip(sites, ("interior", "justice"), strict=True):
        site.schedule(Schedule(f"sweep-{name}", Every(60), lambda _, name=name: ran.append(name)))  # type: ignore[misc]
        site.schedule(Schedule("same", Every(60), lambda _: None))
        site.start()
    until(lambda: all(len(site._ticker._seen) == 2 for site in sites))
    clock.advance(timedelta(minutes=1))
    until(lambda: sorted(ran) == ["interior", "justice"])

    def ended(site: Jobs) -> datetime | None:
        mark = _mark(site, "same")
        return mark.ended if mark else None

    until(lambda: all(ended(site) == clock.now() for site in sites))
    for site in sites:
        site.stop(5)


def _mark(jobs: Jobs, schedule: str) -> Mark | None:
    return jobs._started().read(schedule)


def test_a_schedule_is_named_once_and_before_the_start(jobs: Jobs) -> None:
    jobs.schedule(Schedule("sweep", Every(60), lambda _: None))
    with pytest.raises(ValueError, match="sweep"):
        jobs.schedule(Schedule("sweep", Every(30), lambda _: None))
    jobs.start()
    with pytest.raises(ValueError, match="late"):
        jobs.schedule(Schedule("late", Every(60), lambda _: None))


def test_schedules_and_deliveries_alone_load_no_engine(tmp_path: Path) -> None:
    code = f"""
import sys, time
from flagstone.kernel.clock import SystemClock
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.jobs.schedule import Every, Schedule
ticks = []
jobs = Jobs("sqlite:///{tmp_path}/jobs.sqlite", "interior", SystemClock(), poll_seconds=0.05)
jobs.schedule(Schedule("sweep", Every(1), ticks.append))
jobs.start()
while not ticks:
    time.sleep(0.05)
jobs.stop(5)
sys.exit(any(name in sys.modules for name in ("dbos", "sqlalchemy", "psycopg")))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0

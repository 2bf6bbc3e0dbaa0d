# SPDX-License-Identifier: EUPL-1.2
"""Begins schedules when they are due: a lease keeps each to one process, a mark says which tick it is at."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from flagstone.kernel.clock import Clock
from flagstone.platform.jobs.faults import error_class
from flagstone.platform.jobs.lease import Leases
from flagstone.platform.jobs.marks import Mark, Marks
from flagstone.platform.jobs.schedule import Schedule
from flagstone.platform.jobs.work import Probe

log = structlog.get_logger("flagstone.jobs")


class Ticker:
    """The schedules of a site; a run that is due gets a thread for as long as it lasts."""

    def __init__(self, clock: Clock, probe: Probe, stopping: Callable[[], bool]) -> None:
        """Tell the time by `clock`; what fails while `stopping` begins again at the next start."""
        self._clock = clock
        self._probe = probe
        self._stopping = stopping
        self._seen: dict[str, Mark] = {}
        self._runs: dict[str, threading.Thread] = {}
        self._taken_over = time.monotonic()
        self.schedules: list[Schedule] = []

    def tick(self, marks: Marks, leases: Leases) -> int:
        """Begin every schedule whose latest tick has not run; return how many were begun."""
        return sum(self._begin(schedule, marks, leases) for schedule in self.schedules)

    def take_over_due(self, seconds: float) -> bool:
        """Tell, once every `seconds`, that it is time to look for dead processes."""
        if time.monotonic() - self._taken_over < seconds:
            return False
        self._taken_over = time.monotonic()
        return True

    def running(self) -> int:
        """Return how many runs are going on in this process."""
        return sum(run.is_alive() for run in self._runs.values())

    def failed(self) -> int:
        """Return how many schedules ended their last run, as far as this process knows, with an error."""
        return sum(bool(mark.error) for mark in self._seen.values())

    def wait(self, deadline: float) -> None:
        """Wait for the runs in hand until `deadline` (monotonic), then leave them to the next start."""
        for run in self._runs.values():
            run.join(max(0.0, deadline - time.monotonic()))
        self._seen.clear()

    def _begin(self, schedule: Schedule, marks: Marks, leases: Leases) -> bool:
        """Begin one schedule if a tick is due, or was left unfinished, and no run of it is going on."""
        run, mark = self._runs.get(schedule.name), self._seen.get(schedule.name)
        tick = schedule.when.latest(self._clock.now())
        if run is not None and run.is_alive():
            return False
        if mark is not None and not mark.unfinished and not mark.is_new(tick):
            return False
        lease = f"schedule-{schedule.name}"
        if not leases.take(lease):
            return False
        begun = False
        try:
            begun = self._begin_held(schedule, tick, marks, leases)
        finally:
            if not begun and schedule.is_marked:
                leases.give_back(lease)
        return begun

    def _begin_held(self, schedule: Schedule, tick: datetime | None, marks: Marks, leases: Leases) -> bool:
        """Begin a schedule by what is marked now, as other processes may have run it.

        Where nothing is marked, this process keeps the lease, and what it remembers is the mark.
        """
        if schedule.is_marked:
            mark = marks.read(schedule.name) or self._first_seen(schedule, marks)
        else:
            mark = self._seen.get(schedule.name) or Mark(self._clock.now())
        self._seen[schedule.name] = mark
        due = mark.unfinished or (tick if mark.is_new(tick) else None)
        if due is None:
            return False
        if schedule.is_marked:
            self._probe("schedule.due")
            marks.begin(schedule.name, due)
            self._probe("schedule.begun")
        self._seen[schedule.name] = replace(mark, begun=due)
        run = threading.Thread(
            target=self._run, args=(schedule, due, marks, leases), name=f"jobs-{schedule.name}", daemon=True
        )
        self._runs[schedule.name] = run
        run.start()
        return True

    def _first_seen(self, schedule: Schedule, marks: Marks) -> Mark:
        """Keep that the schedule is known from now on: no tick before runs."""
        now = self._clock.now()
        self._probe("step.done seen")
        marks.see(schedule.name, now)
        return Mark(now)

    def _run(self, schedule: Schedule, tick: datetime, marks: Marks, leases: Leases) -> None:
        """Do the work of one tick and mark it ended; unmarked it is begun again."""
        try:
            error = self._work(schedule, tick)
            if error is None:
                return
            if schedule.is_marked:
                marks.end(schedule.name, tick, error)
                self._probe("step.kept work")
            mark = self._seen.get(schedule.name)
            if mark is not None:
                self._seen[schedule.name] = replace(mark, ended=tick, error=error)
        except Exception as failure:  # noqa: BLE001 - a thread has nobody to raise to
            log.warning("schedule not marked", schedule=schedule.name, error=error_class(failure))
        finally:
            if schedule.is_marked:
                leases.give_back(f"schedule-{schedule.name}")

    def _work(self, schedule: Schedule, tick: datetime) -> str | None:
        """Return the class of the error that the work ended with, empty for none; None when a stop cut it."""
        self._probe("step.due work")
        try:
            schedule.work(tick)
        except Exception as failure:  # noqa: BLE001 - recorded by its class, as its text may hold personal data
            if self._stopping():
                return None
            log.warning("work failed", schedule=schedule.name, error=error_class(failure))
            return error_class(failure)
        self._probe("step.done work")
        return ""

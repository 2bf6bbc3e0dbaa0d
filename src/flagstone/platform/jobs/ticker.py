# SPDX-License-Identifier: EUPL-1.2
"""Begins schedules when they are due: each tick is a durable run whose key is the tick's instant."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.platform.jobs.faults import NotFinished
from flagstone.platform.jobs.schedule import Schedule
from flagstone.platform.jobs.work import Body, Probe, Steps, Value

if TYPE_CHECKING:
    from flagstone.platform.jobs.engine import Engine

SEEN = "jobs-seen"  # the workflow that records when a schedule was first known
SEEN_SECONDS_MAX = 5
RUNS_KEPT = 50  # newest runs of each schedule whose records are kept
UNFINISHED = ("DELAYED", "ENQUEUED", "PENDING")


class Ticker:
    """The schedules of a site."""

    def __init__(self, clock: Clock, probe: Probe) -> None:
        """Tell the time by `clock`."""
        self._clock = clock
        self._probe = probe
        self._seen: dict[str, datetime] = {}
        self._begun: dict[str, datetime] = {}
        self._taken_over = time.monotonic()
        self.schedules: list[Schedule] = []

    def name(self, schedule: Schedule) -> str:
        """Return the name of the workflow that runs `schedule`."""
        return f"schedule-{schedule.name}"

    def body(self, schedule: Schedule) -> Body:
        """Return the workflow of `schedule`: one step a tick."""

        def run(steps: Steps, argument: Value) -> Value:
            tick = parse_rfc3339(str(argument))
            steps.do("work", lambda _: schedule.work(tick))
            return None

        return run

    def tick(self, engine: Engine) -> int:
        """Begin every schedule whose latest tick has not run; return how many were begun."""
        return sum(self._begin(engine, schedule) for schedule in self.schedules)

    def take_over_due(self, seconds: float) -> bool:
        """Tell, once every `seconds`, that it is time to look for dead processes."""
        if time.monotonic() - self._taken_over < seconds:
            return False
        self._taken_over = time.monotonic()
        return True

    def _begin(self, engine: Engine, schedule: Schedule) -> bool:
        """Begin the latest tick of one schedule, if it is new and no run of it is going on."""
        since = self._since(engine, schedule)
        tick = schedule.when.latest(self._clock.now())
        if tick is None or tick <= since or tick <= self._begun.get(schedule.name, since):
            return False
        newest = engine.runs(self.name(schedule), limit=1)
        if newest and newest[0].status in UNFINISHED:
            return False
        if newest and parse_rfc3339(newest[0].workflow_id.partition(":")[2]) >= tick:
            self._begun[schedule.name] = tick
            return False
        self._probe("schedule.due")
        engine.start(self.name(schedule), rfc3339(tick), rfc3339(tick))
        self._probe("schedule.begun")
        self._begun[schedule.name] = tick
        engine.forget(engine.runs(self.name(schedule), limit=RUNS_KEPT, offset=RUNS_KEPT))
        return True

    def _since(self, engine: Engine, schedule: Schedule) -> datetime:
        """Return when the schedule was first known to the site."""
        if schedule.name not in self._seen:
            engine.start(SEEN, schedule.name, None)
            deadline = time.monotonic() + SEEN_SECONDS_MAX
            while engine.status(SEEN, schedule.name).status in UNFINISHED:
                if time.monotonic() > deadline:
                    raise NotFinished(SEEN)
                time.sleep(0.01)
            self._seen[schedule.name] = parse_rfc3339(str(engine.status(SEEN, schedule.name).output))
        return self._seen[schedule.name]


def remember(clock: Clock) -> Body:
    """Return the workflow that keeps the instant at which it first ran."""
    return lambda steps, _argument: steps.do("seen", lambda _key: rfc3339(clock.now()))

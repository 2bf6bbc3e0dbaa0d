# SPDX-License-Identifier: EUPL-1.2
"""The durable work of one site: register what there is to do, start, and stop within bounded seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.platform.jobs.delivery import Courier, Listeners, Outbox, Source
from flagstone.platform.jobs.faults import (
    JobsUnusable,
    NotFinished,
    NotRunning,
    UnknownWork,
    WorkFailed,
    error_class,
)
from flagstone.platform.jobs.lease import Leases, NoLeases
from flagstone.platform.jobs.marks import Marks, place
from flagstone.platform.jobs.schedule import Schedule
from flagstone.platform.jobs.ticker import Ticker
from flagstone.platform.jobs.work import (
    Advance,
    Backoff,
    Batch,
    Body,
    Chunk,
    Probe,
    Progress,
    State,
    Steps,
    Value,
)

if TYPE_CHECKING:
    from flagstone.platform.jobs.engine import Engine

log = structlog.get_logger("flagstone.jobs")

TAKE_OVER_SECONDS = 30
START_SECONDS_MAX = 60
POLL_SECONDS = 0.05
UNFINISHED = ["DELAYED", "ENQUEUED", "PENDING"]
FAILED = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


@dataclass(frozen=True)
class Status:
    """How durable work stands: counts since the process began, and what is in the database now."""

    running: bool
    delivered: int
    failed: int  # attempts of listeners that failed
    abandoned: int  # dead letters that wait for a person
    outbox_errors: int
    runs_unfinished: int
    runs_failed: int
    schedules: tuple[str, ...]
    error: str  # why it did not start, as a class or code


class Jobs:
    """Workflows, batches, schedules and deliveries of one site; at most one started in a process.

    The engine of workflows and batches is loaded only where the site has any.
    """

    def __init__(
        self,
        database_url: str,
        site: str,
        clock: Clock,
        *,
        probe: Probe = lambda _: None,
        poll_seconds: float = 1.0,
    ) -> None:
        """Keep runs in `database_url` (`sqlite:///PATH` or `postgresql://...`, schema `jobs`)."""
        self._database_url = database_url
        self._site = site
        self._clock = clock
        self._probe = probe
        self._poll_seconds = poll_seconds
        self._bodies: dict[str, Body] = {}
        self._batches: dict[str, Batch] = {}
        self._stop = threading.Event()
        self._ticker = Ticker(clock, probe, self._stop.is_set)
        self._news = threading.Event()
        self._courier = Courier(clock, probe, self._stop.is_set)
        self._engine: Engine | None = None
        self._leases: Leases = NoLeases()
        self._marks: Marks | None = None
        self._starting: threading.Thread | None = None
        self._failure: Exception | None = None
        self._threads: list[threading.Thread] = []

    def workflow(self, name: str, body: Body) -> None:
        """Make a workflow known; before `start`. A body whose steps change takes a new name."""
        if self._marks is not None or name in self._bodies or ":" in name:
            raise ValueError(f"the workflow {name} comes too late, twice or with a colon")
        self._bodies[name] = body

    def batch(self, batch: Batch) -> None:
        """Make a kind of batch known; before `start`."""
        self._batches[batch.name] = batch
        self.workflow(batch.name, lambda steps, argument: self._chunks(batch, steps, argument))

    def schedule(self, schedule: Schedule) -> None:
        """Make a schedule known; before `start`."""
        if self._marks is not None or schedule.name in {each.name for each in self._ticker.schedules}:
            raise ValueError(f"the schedule {schedule.name} comes too late or twice")
        self._ticker.schedules.append(schedule)

    def deliver(
        self, name: str, outbox: Outbox, listeners: Listeners, *, backoff: Backoff | None = None
    ) -> None:
        """Deliver the news of `outbox`, named `name`, to `listeners`; before `start`."""
        source = Source(name, outbox, listeners, backoff or Backoff())
        source.subscribe()
        self._courier.sources.append(source)

    def start(self, *, wait: bool = True) -> None:
        """Begin work and resume what was left unfinished. Raises JobsUnusable; then nothing runs.

        With `wait=False` the engine is loaded beside the site's own start; calls wait for it, and
        what went wrong is raised by them and told by `status`.
        """
        self._stop.clear()
        self._failure = None
        if wait:
            self._launch()
            return
        self._starting = threading.Thread(target=self._launch_beside, name="jobs-start", daemon=True)
        self._starting.start()

    def _launch(self) -> None:
        """Open the database, launch the engine where there is work for it, begin the threads that poll."""
        kept_in = place(self._database_url, self._site)
        try:
            kept_in.prepare()
        except Exception as error:
            raise JobsUnusable(error_class(error)) from error
        if self._bodies:
            self._engine = self._launched_engine()
        self._leases = kept_in.leases()
        self._marks = Marks(kept_in, self._site)
        for name, turn in (("delivery", self.deliver_now), ("clock", self._clock_turn)):
            thread = threading.Thread(target=self._loop, args=(name, turn), name=f"jobs-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _launched_engine(self) -> Engine:
        """Load and launch the engine."""
        from flagstone.platform.jobs.engine import Engine  # noqa: PLC0415 - 30 MB only where work is done

        engine = Engine(self._database_url, self._site, probe=self._probe)
        for name, body in self._bodies.items():
            engine.register(name, body)
        engine.launch()
        return engine

    def _launch_beside(self) -> None:
        """Launch on a thread of its own and keep what went wrong for those who ask."""
        try:
            self._launch()
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            self._failure = error
            log.critical("jobs did not start", error=error_class(error))

    def stop(self, seconds: float = 10) -> None:
        """Stop within about `seconds`: end listeners and steps in hand; the rest resumes at next start."""
        deadline = time.monotonic() + seconds
        if self._starting is not None:
            self._starting.join(seconds)
            self._starting = None
        self._stop.set()
        self._news.set()
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.stopping.set()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads.clear()
        self._ticker.wait(deadline)
        self._leases.close()
        self._leases, self._marks = NoLeases(), None
        if engine is not None:
            engine.close(max(0.0, deadline - time.monotonic()))

    def wake(self) -> None:
        """Deliver soon: news was written. Without it news waits for the next poll."""
        self._news.set()

    def run(self, name: str, key: str, argument: Value) -> None:
        """Record a run and begin it; see Workflows.run."""
        self._works(name).start(name, key, argument)
        self._probe("run.accepted")

    def result(self, name: str, key: str, *, timeout_seconds: float = 30) -> Value:
        """Wait for a run's value; see Workflows.result."""
        deadline = time.monotonic() + timeout_seconds
        while (state := self.state(name, key)) in {State.WAITING, State.RUNNING}:
            if time.monotonic() > deadline:
                raise NotFinished(name)
            time.sleep(POLL_SECONDS)
        status = self._works(name).status(name, key)
        if state is not State.DONE:
            raise WorkFailed(error_class(status.error) if status.error else state.value)
        value: Value = status.output
        return value

    def state(self, name: str, key: str) -> State:
        """Return where a run is; see Workflows.state."""
        return self._works(name).state(name, key)

    def resume(self, name: str, key: str) -> None:
        """Go on with a failed or cancelled run or batch."""
        self._works(name).resume(name, key)

    def begin(self, name: str, key: str, argument: Value) -> None:
        """Record a batch and queue it; see Batches.begin."""
        if name not in self._batches:
            raise UnknownWork(name)
        self._works(name).start(name, key, argument, queued=True)
        self._probe("run.accepted")

    def progress(self, name: str, key: str) -> Progress:
        """Return how far a batch is; see Batches.progress."""
        status, told = self._works(name).status(name, key), self._works(name).told(name, key)
        return Progress(
            name,
            key,
            self.state(name, key),
            done=told.get("done", 0),
            total=told.get("total"),
            started_at=parse_rfc3339(told["started_at"]) if told else None,
            error=error_class(status.error) if status.error else "",
        )

    def cancel(self, name: str, key: str) -> None:
        """Stop a batch or run after the step in hand."""
        self._works(name).cancel(name, key)

    def retry_abandoned(self) -> int:
        """Make every dead letter due again; return how many."""
        count = sum(source.outbox.retry() for source in self._courier.sources)
        self.wake()
        return count

    def status(self) -> Status:
        """Return how durable work stands; what /metrics and the operator's console show."""
        engine, sources = self._engine, self._courier.sources
        return Status(
            running=self._marks is not None,
            delivered=sum(source.tally.delivered for source in sources),
            failed=sum(source.tally.failed for source in sources),
            abandoned=sum(source.outbox.abandoned() for source in sources),
            outbox_errors=sum(source.tally.outbox_errors for source in sources),
            runs_unfinished=self._ticker.running() + (engine.count(UNFINISHED) if engine else 0),
            runs_failed=self._ticker.failed() + (engine.count(FAILED) if engine else 0),
            schedules=tuple(schedule.name for schedule in self._ticker.schedules),
            error=error_class(self._failure) if self._failure else "",
        )

    def deliver_now(self) -> int:
        """Try every due delivery once, unless another process of the site delivers; return how many."""
        self._started()
        return self._courier.carry() if self._leases.take("delivery") else 0

    def tick(self) -> int:
        """Begin every schedule that is due; return how many."""
        return self._ticker.tick(self._started(), self._leases)

    def _clock_turn(self) -> int:
        """Begin due schedules and, now and then, take over the runs of dead processes."""
        self.tick()
        engine = self._engine
        if engine is not None and self._ticker.take_over_due(TAKE_OVER_SECONDS):
            engine.take_over()
        return 0

    def _loop(self, name: str, turn: Callable[[], int]) -> None:
        """Repeat `turn` until the stop; an error is logged and the next turn tries again."""
        news = self._news if name == "delivery" else self._stop
        while not self._stop.is_set():
            try:
                if turn():
                    continue
            except Exception as error:  # noqa: BLE001 - a thread that dies would silently stop all work
                tell = log.debug if self._stop.is_set() else log.warning  # a stop cuts what is in hand
                tell("jobs turn failed", turn=name, error=error_class(error))
            news.wait(self._poll_seconds)
            if name == "delivery":
                news.clear()

    def _started(self) -> Marks:
        """Return the marks once work has begun, waiting for that. Raises NotRunning, JobsUnusable."""
        if self._marks is None and self._starting is not None and not self._stop.is_set():
            self._starting.join(START_SECONDS_MAX)
        if self._failure is not None:
            raise JobsUnusable(error_class(self._failure)) from self._failure
        if self._marks is None:
            raise NotRunning
        return self._marks

    def _works(self, name: str = "") -> Engine:
        """Return the started engine. Raises NotRunning, JobsUnusable, UnknownWork where there is none."""
        self._started()
        if self._engine is None:
            raise UnknownWork(name)
        return self._engine

    def _chunks(self, batch: Batch, steps: Steps, argument: Value) -> Value:
        """Do a batch chunk by chunk, each a durable step, and keep the progress after each."""
        opening = steps.do("open", lambda _: [rfc3339(self._clock.now()), batch.total(argument)])
        started_at, total = _opening(opening)
        cursor: Value = None
        done = number = 0
        while number == 0 or cursor is not None:
            steps.tell({"done": done, "total": total, "started_at": started_at})
            kept = steps.do(
                f"chunk {number}", _doing(batch, argument, number, cursor, done), backoff=batch.backoff
            )
            cursor, done = _kept(kept)
            number += 1
        steps.tell({"done": done, "total": total, "started_at": started_at})
        return done


def _doing(
    batch: Batch, argument: Value, number: int, cursor: Value, done: int
) -> Callable[[str], list[Value]]:
    """Return the step that does one chunk and says where the next begins and how much is done."""

    def do(key: str) -> list[Value]:
        advance: Advance = batch.chunk(argument, Chunk(key, number, cursor, done))
        return [advance.cursor, done + advance.items]

    return do


def _opening(kept: Value) -> tuple[str, int | None]:
    """Return the start and the total that the first step kept."""
    assert isinstance(kept, list)
    return str(kept[0]), None if kept[1] is None else int(kept[1])


def _kept(kept: Value) -> tuple[Value, int]:
    """Return the cursor and the count that a chunk's step kept."""
    assert isinstance(kept, list)
    return kept[0], int(kept[1])


__all__ = ["Jobs", "Status"]

# SPDX-License-Identifier: EUPL-1.2
"""The one door to DBOS Transact: one instance a process, embedded, without network, console or pickles.

Imported only when work is started, because it weighs about 30 MB.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import structlog
from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID, WorkflowStatus

from flagstone.platform.jobs.faults import JobsUnusable, StepFailed, UnknownWork, WorkFailed, error_class
from flagstone.platform.jobs.lease import AdvisoryLeases, FileLeases, Leases, NoLeases
from flagstone.platform.jobs.work import ONCE, Backoff, Body, Probe, State, Steps, V, Value

log = structlog.get_logger("flagstone.jobs")

VERSION = "flagstone-1"  # runs of an older release go on in a newer one; a changed workflow takes a new name
BATCHES = "batches"
BATCHES_AT_ONCE = 2
THREADS_MAX = 8
CONNECTIONS_MAX = 6
RECOVERIES_MAX = 100  # a run that took the process down this often is failed
POLL_SECONDS = 0.05
PROGRESS = "progress"

STATES = {
    "DELAYED": State.WAITING,
    "ENQUEUED": State.WAITING,
    "PENDING": State.RUNNING,
    "SUCCESS": State.DONE,
    "CANCELLED": State.CANCELLED,
}
UNFINISHED = ["DELAYED", "ENQUEUED", "PENDING"]


class Stopping(BaseException):
    """The site is being stopped; the run is left as it is and resumed at the next start."""


class _Text(Serializer):
    """Values and errors as JSON; an error keeps its class or code only, so no person's data is stored."""

    def serialize(self, data: Any) -> str:
        """Return `data` as JSON; TypeError for what JSON does not have."""
        if isinstance(data, BaseException):
            data = {"error": type(data).__name__, "detail": error_class(data)}
        return json.dumps({"v": data}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        """Return the value; a recorded error comes back as StepFailed or WorkFailed."""
        value = json.loads(serialized_data)["v"]
        if isinstance(value, dict) and value.keys() == {"error", "detail"}:
            kind = StepFailed if value["error"] == StepFailed.__name__ else WorkFailed
            return kind(value["detail"])
        return value

    def name(self) -> str:
        """Return the name recorded beside each value."""
        return "flagstone_json"


class _ToStructlog(logging.Handler):
    """Hands the engine's own warnings to the site's log, without tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one line."""
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.log(record.levelno, "engine", message=record.getMessage(), error=error)


class Engine:
    """Durable runs of one site in this process."""

    def __init__(self, database_url: str, site: str, *, probe: Probe) -> None:
        """Prepare work on `database_url` (SQLite or PostgreSQL); nothing runs before `launch`."""
        if os.environ.get("DBOS__CLOUD") == "true":
            raise JobsUnusable("the environment variable DBOS__CLOUD must not be set")
        self._url = database_url
        self._site = site
        self._executor = uuid4().hex
        self._bodies: list[tuple[str, Body]] = []
        self._durable: dict[str, Callable[[Value], Value]] = {}
        self._running = 0
        self._changed = threading.Condition()
        self.stopping = threading.Event()
        self.probe = probe
        self.leases: Leases = NoLeases()

    def register(self, name: str, body: Body) -> None:
        """Make `body` known as `name`; before `launch`, so that killed runs find it."""
        self._bodies.append((name, body))

    def launch(self) -> None:
        """Open the database, begin work and take over runs of dead processes. Raises JobsUnusable."""
        _quieten()
        try:
            if self._url.startswith("sqlite"):
                path = _prepare_sqlite(self._url)
                self.leases = FileLeases(path)
                self.leases.take(f"executor:{self._executor}")
            dbos = DBOS(config=self._config())
            for name, body in self._bodies:
                self._durable[name] = DBOS.workflow(name=name, max_recovery_attempts=RECOVERIES_MAX)(
                    self._wrapped(body)
                )
            DBOS.launch()
            if not self._url.startswith("sqlite"):
                self.leases = AdvisoryLeases(lambda: _session(dbos), self._site)
                self.leases.take(f"executor:{self._executor}")
            DBOS.register_queue(
                BATCHES,
                worker_concurrency=BATCHES_AT_ONCE,
                polling_interval_sec=0.5,
                on_conflict="always_update",
            )
        except Exception as error:
            self.leases.close()
            DBOS.destroy(destroy_registry=True)
            raise JobsUnusable(error_class(error)) from error
        self.take_over()

    def _config(self) -> DBOSConfig:
        """Return the engine's settings: no exporter, no conductor, few threads and connections."""
        return {
            "name": f"flagstone-{self._site}",
            "system_database_url": self._url,
            "dbos_system_schema": "jobs",
            "application_version": VERSION,
            "executor_id": self._executor,
            "serializer": _Text(),
            "log_level": "WARNING",
            "enable_otlp": False,
            "use_listen_notify": False,
            "sys_db_pool_size": CONNECTIONS_MAX,
            "db_engine_kwargs": {"connect_args": {"application_name": f"flagstone jobs {self._site}"}},
            "max_executor_threads": THREADS_MAX,
            "scheduler_polling_interval_sec": 3600.0,
        }

    def _wrapped(self, body: Body) -> Callable[[Value], Value]:
        """Return `body` as the engine calls it; an error leaves its class only."""

        def durable(argument: Value) -> Value:
            with self._counted():
                try:
                    return body(_Run(self, str(DBOS.workflow_id)), argument)
                except WorkFailed:
                    raise
                except Exception as error:  # noqa: BLE001 - its text may hold personal data
                    if (
                        self.stopping.is_set()
                    ):  # the engine may be gone; the run is replayed at the next start
                        raise Stopping from None
                    log.warning("work failed", error=error_class(error), exc_info=False)
                    raise WorkFailed(error_class(error)) from None

        return durable

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count a run that is in hand, so that `close` can wait for it."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def start(self, name: str, key: str, argument: Value, *, queued: bool = False) -> None:
        """Record a run and begin or queue it; a known key changes nothing."""
        durable = self._durable.get(name)
        if durable is None:
            raise UnknownWork(name)
        if DBOS.get_workflow_status(run_id(name, key)) is not None:
            return
        with SetWorkflowID(run_id(name, key)):
            if queued:
                DBOS.enqueue_workflow(BATCHES, durable, argument)
            else:
                DBOS.start_workflow(durable, argument)

    def status(self, name: str, key: str) -> WorkflowStatus:
        """Return what the engine knows of a run. Raises UnknownWork."""
        status = DBOS.get_workflow_status(run_id(name, key))
        if status is None:
            raise UnknownWork(name)
        return status

    def state(self, name: str, key: str) -> State:
        """Return where a run is. Raises UnknownWork."""
        return state_of(self.status(name, key))

    def resume(self, name: str, key: str) -> None:
        """Go on with a cancelled run, or with a failed one at the step that failed."""
        run, state = run_id(name, key), self.state(name, key)
        if state is State.CANCELLED:
            DBOS.resume_workflow(run)
        elif state is State.FAILED:
            steps = DBOS.list_workflow_steps(run)
            failed = [step["function_id"] for step in steps if step["error"] is not None]
            DBOS.rewind_workflow(run, start_step=failed[-1] if failed else len(steps) + 1)

    def cancel(self, name: str, key: str) -> None:
        """Stop a run before its next step."""
        self.status(name, key)
        DBOS.cancel_workflow(run_id(name, key))

    def told(self, name: str, key: str) -> dict[str, Any]:
        """Return the progress last kept for a run; empty when none was."""
        return cast("dict[str, Any]", DBOS.get_all_events(run_id(name, key)).get(PROGRESS, {}))

    def runs(self, name: str, *, limit: int, offset: int = 0) -> list[WorkflowStatus]:
        """Return the newest runs of `name` first, without their values."""
        return DBOS.list_workflows(
            name=name, sort_desc=True, limit=limit, offset=offset, load_input=False, load_output=False
        )

    def count(self, states: list[str]) -> int:
        """Return how many runs are in `states`, counting at most 10,000."""
        found = DBOS.list_workflows(status=states, limit=10_000, load_input=False, load_output=False)
        return len(found)

    def forget(self, runs: list[WorkflowStatus]) -> None:
        """Delete the records of finished runs."""
        DBOS.delete_workflows([run.workflow_id for run in runs if run.status not in UNFINISHED])

    def take_over(self) -> int:
        """Queue again what dead processes left unfinished; return how many processes were dead."""
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        others = {run.executor_id for run in pending} - {self._executor, None}
        dead = [other for other in sorted(map(str, others)) if self.leases.take(f"executor:{other}")]
        for other in dead:
            DBOS._recover_pending_workflows([other])  # the public door recovers only this process
            self.leases.give_back(f"executor:{other}")
        return len(dead)

    def close(self, seconds: float) -> None:
        """Wait at most `seconds` for steps in hand, then let go; unfinished runs resume at the next start."""
        self.stopping.set()
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._running and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
        self.leases.close()
        DBOS.destroy(destroy_registry=True)


class _Run(Steps):
    """The steps of one run."""

    def __init__(self, engine: Engine, run: str) -> None:
        """Give the steps of `run`."""
        self._engine = engine
        self._run = run
        self._names: set[str] = set()

    @property
    def key(self) -> str:
        """The key under which this run was started."""
        return self._run.partition(":")[2]

    def do(self, name: str, step: Callable[[str], V], *, backoff: Backoff = ONCE) -> V:
        """Do `step` once; see Steps.do."""
        if name in self._names:
            raise ValueError(f"two steps of one run are named {name}")
        self._names.add(name)
        if self._engine.stopping.is_set():
            raise Stopping
        self._engine.probe(f"step.due {name}")
        value = DBOS.run_step({"name": name}, self._attempts, name, step, backoff)
        self._engine.probe(f"step.kept {name}")
        return value

    def tell(self, progress: Value) -> None:
        """Keep how far this run is; see Steps.tell."""
        if self._engine.stopping.is_set():
            raise Stopping
        DBOS.set_event(PROGRESS, progress)

    def _attempts(self, name: str, step: Callable[[str], V], backoff: Backoff) -> V:
        """Try the step until it succeeds or its attempts are used up."""
        attempts = 0
        while True:
            try:
                value = step(f"{self._run}/{name}")
                self._engine.probe(f"step.done {name}")
                return value
            except Exception as error:  # noqa: BLE001 - recorded by its class, as its text may hold personal data
                attempts += 1
                log.warning("step failed", step=name, attempt=attempts, error=error_class(error))
                pause = backoff.pause_seconds(attempts)
                if pause is None:
                    raise StepFailed(error_class(error)) from None
                if self._engine.stopping.wait(pause):
                    raise Stopping from None


def run_id(name: str, key: str) -> str:
    """Return the engine's name of a run."""
    return f"{name}:{key}"


def state_of(status: WorkflowStatus) -> State:
    """Return where a run is."""
    return STATES.get(status.status, State.FAILED)


def _quieten() -> None:
    """Send the engine's log to ours before it makes a console handler of its own."""
    engine_log = logging.getLogger("dbos")
    engine_log.propagate = False
    engine_log.handlers[:] = [_ToStructlog(logging.WARNING)]


def _prepare_sqlite(url: str) -> Path:
    """Make the file, readable by its owner only, with a write-ahead log; return its path."""
    path = Path(url.removeprefix("sqlite:///"))
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    return path


def _session(dbos: DBOS) -> Any:
    """Return a database session in autocommit for advisory locks."""
    return dbos._sys_db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

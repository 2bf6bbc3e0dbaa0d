# SPDX-License-Identifier: EUPL-1.2
"""A site for crash tests: told over stdin what to do, it forks a process that dies where it is told to."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flagstone.platform.jobs.engine  # noqa: F401 - loaded once, before the forks
from flagstone.kernel.clock import Clock, SetClock, SystemClock, rfc3339
from flagstone.platform.jobs.delivery import Event
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.jobs.schedule import Every, Schedule
from flagstone.platform.jobs.work import Advance, Batch, Chunk, State, Steps, Value

DEADLINE_SECONDS = 30
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Carried:
    """A delivery of the test's outbox."""

    id: int
    listener: str
    event: str
    payload: Mapping[str, Any]
    occurred_at: datetime
    attempts: int


class FileOutbox:
    """An outbox in a SQLite file, as small as the protocol allows."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS delivery (id INTEGER, listener TEXT, attempts INTEGER DEFAULT 0,"
            " next_at TEXT DEFAULT '', done INTEGER DEFAULT 0, PRIMARY KEY (id, listener))"
        )

    def publish(self, number: int, listener: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO delivery (id, listener) VALUES (?, ?)", (number, listener))

    def subscribe(self, event: str, listeners: tuple[str, ...]) -> None:
        pass

    def pending(self, limit: int) -> list[Carried]:
        rows = self._db.execute(
            "SELECT id, listener, attempts FROM delivery WHERE done = 0 AND next_at <= ? ORDER BY id LIMIT ?",
            (rfc3339(datetime.now(UTC)), limit),
        )
        return [Carried(number, listener, "Born", {}, NOON, attempts) for number, listener, attempts in rows]

    def delivered(self, id: int, listener: str) -> None:  # noqa: A002 - as in the protocol
        self._db.execute("UPDATE delivery SET done = 1 WHERE id = ? AND listener = ?", (id, listener))

    def failed(self, id: int, listener: str, error_class: str, next_attempt_at: datetime | None) -> None:  # noqa: A002
        at = rfc3339(next_attempt_at) if next_attempt_at else "9"
        self._db.execute(
            "UPDATE delivery SET attempts = attempts + 1, next_at = ? WHERE id = ? AND listener = ?",
            (at, id, listener),
        )

    def abandoned(self) -> int:
        return 0

    def retry(self) -> int:
        return 0

    def left(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM delivery WHERE done = 0").fetchone()[0])


class Life:
    """One process of the site: effects go to a file, each key once; calls go to another, every time."""

    def __init__(self, folder: Path, url: str, die_at: str, clock: Clock) -> None:
        self.folder = folder
        self._die_at = die_at
        self.jobs = Jobs(url, "crash", clock, probe=self.probe, poll_seconds=0.05)

    def probe(self, point: str) -> None:
        if point == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def effect(self, key: str) -> None:
        self._append("calls", key)
        with closing(sqlite3.connect(self.folder / "effects.sqlite", timeout=30)) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS effect (key TEXT PRIMARY KEY, times INTEGER)")
            db.execute("INSERT OR IGNORE INTO effect VALUES (?, 1)", (key,))

    def accept(self, what: str) -> None:
        self._append("accepted", what)

    def accepted(self, what: str) -> bool:
        path = self.folder / "accepted"
        return path.exists() and what in path.read_text().split()

    def _append(self, name: str, line: str) -> None:
        handle = os.open(self.folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, f"{line}\n".encode())
        os.fsync(handle)
        os.close(handle)


def workflow(life: Life) -> None:
    def body(steps: Steps, argument: Value) -> Value:
        for name in ("first", "second"):
            steps.do(name, life.effect)
        return argument

    life.jobs.workflow("register-birth", body)
    life.jobs.start()
    if not life.accepted("birth"):
        life.jobs.run("register-birth", "birth", "value")
        life.accept("birth")
    assert life.jobs.result("register-birth", "birth", timeout_seconds=DEADLINE_SECONDS) == "value"


def batch(life: Life) -> None:
    def chunk(_argument: Value, chunk: Chunk) -> Advance:
        life.effect(chunk.key)
        return Advance(10, None if chunk.number == 2 else chunk.number + 1)

    life.jobs.batch(Batch("import", lambda _: 30, chunk))
    life.jobs.start()
    if not life.accepted("import"):
        life.jobs.begin("import", "rows", None)
        life.accept("import")
    assert life.jobs.result("import", "rows", timeout_seconds=DEADLINE_SECONDS) == 30
    progress = life.jobs.progress("import", "rows")
    assert (progress.state, progress.done, progress.total) == (State.DONE, 30, 30)


def schedule(life: Life) -> None:
    """Known at noon; in every life ten minutes and more have passed, which is many ticks and one run."""
    clock = SetClock(NOON)
    life.jobs = Jobs(life.jobs._database_url, "crash", clock, probe=life.probe, poll_seconds=0.05)
    life.jobs.schedule(Schedule("nightly", Every(60), lambda tick: life.effect(rfc3339(tick))))
    life.jobs.start()
    if not life.accepted("known"):
        while not life.jobs._ticker._seen:
            time.sleep(0.02)
        life.accept("known")
    clock.advance(timedelta(minutes=10, seconds=5))
    _until(lambda: _ran(life, NOON + timedelta(minutes=10)))


def _ran(life: Life, tick: datetime) -> bool:
    mark = life.jobs._started().read("nightly")
    return mark is not None and (mark.ended, mark.error) == (tick, "")


def delivery(life: Life) -> None:
    outbox = FileOutbox(life.folder / "outbox.sqlite")
    if not life.accepted("news"):
        outbox.publish(1, "portal")
        outbox.publish(2, "portal")
        life.accept("news")

    def listen(event: Event) -> None:
        life.effect(event.id)

    life.jobs.deliver("registry", outbox, {"Born": {"portal": listen}})
    life.jobs.start()
    _until(lambda: outbox.left() == 0)


def long_batch(life: Life) -> None:
    """Two hundred short chunks, killed from outside at any moment."""

    def chunk(_argument: Value, chunk: Chunk) -> Advance:
        life.effect(chunk.key)
        return Advance(1, None if chunk.number == 199 else chunk.number + 1)

    life.jobs.batch(Batch("long", lambda _: 200, chunk))
    life.jobs.start()
    life.jobs.begin("long", "rows", None)
    life.accept("long")
    assert life.jobs.result("long", "rows", timeout_seconds=DEADLINE_SECONDS) == 200


def crowd(life: Life) -> None:
    """One of several processes with the same schedule: the ticks of three seconds run once in all."""
    life.jobs.schedule(Schedule("second", Every(1), lambda tick: life.effect(rfc3339(tick))))
    life.jobs.start()
    time.sleep(4)


def survivor(life: Life) -> None:
    """Starts nothing of its own: it lives on while another process dies, and takes its run over."""
    life.jobs.workflow("register-birth", lambda steps, argument: _both(life, steps, argument))
    life.jobs.start()
    _until((life.folder / "dead").exists)
    life.jobs._works().take_over()
    assert life.jobs.result("register-birth", "birth", timeout_seconds=DEADLINE_SECONDS) == "value"


def _both(life: Life, steps: Steps, argument: Value) -> Value:
    for name in ("first", "second"):
        steps.do(name, life.effect)
    return argument


def _until(met: Any) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not met():
        assert time.monotonic() < deadline, "not within the deadline"
        time.sleep(0.02)


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (workflow, batch, schedule, delivery, long_batch, crowd, survivor)
}


def live(order: dict[str, str]) -> None:
    """Be one process of the site, to the end of the scenario or of its own."""
    os.dup2(2, 1)  # logs must not mix with the answers
    life = Life(Path(order["folder"]), order["url"], order["die_at"], SystemClock())
    try:
        SCENARIOS[order["scenario"]](life)
    except BaseException as error:  # noqa: BLE001 - the test reads the code and the message
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)
    os._exit(0)


def main() -> None:
    """Fork one process an order; answer its number, or its end when asked to wait."""
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        elif (answer := os.fork()) == 0:
            live(order)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: EUPL-1.2
"""The durable work of a site in one process: runs, batches, schedules, start and stop."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from flagstone.kernel.clock import SetClock
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.jobs.faults import JobsUnusable, NotFinished, NotRunning, UnknownWork, WorkFailed
from flagstone.platform.jobs.jobs import Jobs
from flagstone.platform.jobs.work import Advance, Backoff, Batch, Chunk, State, Steps, Value

SECRET = "38001085718"
Until = Callable[[Callable[[], bool]], None]


class Torn(Fault):
    """A step's own fault."""

    code = "test.torn"
    kind = Kind.CONFLICT


def test_a_run_gives_its_value_and_the_same_key_does_it_once(jobs: Jobs) -> None:
    keys: list[str] = []

    def body(steps: Steps, argument: Value) -> Value:
        steps.do("note", keys.append)
        return {"key": steps.key, "argument": argument}

    jobs.workflow("register-birth", body)
    jobs.start()
    for _ in range(2):
        jobs.run("register-birth", "case:7", ["a", 1, None])
        assert jobs.result("register-birth", "case:7") == {"key": "case:7", "argument": ["a", 1, None]}
    assert keys == ["register-birth:case:7/note"]


def test_a_failed_run_resumes_at_the_step_that_failed(jobs: Jobs) -> None:
    done: list[str] = []
    torn = [True]

    def second(key: str) -> None:
        if torn[0]:
            raise Torn(SECRET)
        done.append(key)

    def body(steps: Steps, _argument: Value) -> Value:
        steps.do("first", done.append)
        steps.do("second", second)
        return None

    jobs.workflow("move", body)
    jobs.start()
    jobs.run("move", "1", None)
    with pytest.raises(WorkFailed) as failure:
        jobs.result("move", "1")
    assert failure.value.detail == "test.torn"
    assert jobs.status().runs_failed == 1

    torn[0] = False
    jobs.resume("move", "1")
    assert jobs.result("move", "1") is None
    assert done == ["move:1/first", "move:1/second"]


def test_an_error_between_steps_can_be_resumed_too(jobs: Jobs) -> None:
    torn = [True]
    done: list[str] = []

    def body(steps: Steps, _argument: Value) -> Value:
        steps.do("first", done.append)
        if torn[0]:
            raise ValueError(SECRET)
        return "well"

    jobs.workflow("move", body)
    jobs.start()
    jobs.run("move", "1", None)
    with pytest.raises(WorkFailed):
        jobs.result("move", "1")
    torn[0] = False
    jobs.resume("move", "1")
    assert jobs.result("move", "1") == "well"
    assert done == ["move:1/first"]


def test_a_step_is_tried_again_as_often_as_allowed(jobs: Jobs) -> None:
    tries: list[str] = []

    def flaky(key: str) -> str:
        tries.append(key)
        if len(tries) < 2:
            raise OSError
        return "well"

    jobs.workflow("post", lambda steps, _: steps.do("send", flaky, backoff=Backoff(attempts=3)))
    jobs.start()
    jobs.run("post", "1", None)
    assert jobs.result("post", "1") == "well"
    assert len(tries) == 2


def test_no_text_of_an_error_is_kept_or_logged(
    tmp_path: Path, clock: SetClock, capfd: pytest.CaptureFixture[str]
) -> None:
    def body(steps: Steps, _argument: Value) -> Value:
        steps.do("step", lambda _: int(f"x{SECRET}"))
        return None

    jobs = Jobs(f"sqlite:///{tmp_path / 'jobs.sqlite'}", "interior", clock)
    jobs.workflow("move", body)
    jobs.start()
    jobs.run("move", "1", None)
    with pytest.raises(WorkFailed, match="ValueError"):
        jobs.result("move", "1")
    jobs.stop(5)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ValueError" in kept
    assert SECRET.encode() not in kept
    assert SECRET not in "".join(capfd.readouterr())


def test_values_are_json_and_never_pickled(jobs: Jobs) -> None:
    jobs.workflow("odd", lambda steps, _: steps.do("step", lambda _: object()))  # type: ignore[arg-type, return-value, type-var]
    jobs.start()
    jobs.run("odd", "1", None)
    with pytest.raises(WorkFailed):
        jobs.result("odd", "1")


def test_two_steps_of_one_name_are_refused(jobs: Jobs) -> None:
    def body(steps: Steps, _argument: Value) -> Value:
        steps.do("same", lambda _: 1)
        return steps.do("same", lambda _: 2)

    jobs.workflow("twice", body)
    jobs.start()
    jobs.run("twice", "1", None)
    with pytest.raises(WorkFailed, match="ValueError"):
        jobs.result("twice", "1")


def test_unknown_work_and_a_stopped_site_are_said(jobs: Jobs) -> None:
    with pytest.raises(NotRunning):
        jobs.run("move", "1", None)
    jobs.start()
    with pytest.raises(UnknownWork):
        jobs.run("move", "1", None)
    with pytest.raises(UnknownWork):
        jobs.begin("move", "1", None)
    with pytest.raises(UnknownWork):
        jobs.state("move", "1")


def test_a_long_run_is_not_waited_for_longer_than_asked(jobs: Jobs) -> None:
    go = threading.Event()
    jobs.workflow("slow", lambda steps, _: steps.do("wait", lambda _: go.wait(10)))
    jobs.start()
    jobs.run("slow", "1", None)
    with pytest.raises(NotFinished):
        jobs.result("slow", "1", timeout_seconds=0.1)
    go.set()
    assert jobs.result("slow", "1") is True


def test_a_batch_tells_its_progress_and_stops_and_goes_on_when_told(
    jobs: Jobs, until: Until, clock: SetClock
) -> None:
    at_two, go = threading.Event(), threading.Event()
    chunks: list[Chunk] = []

    def chunk(argument: Value, chunk: Chunk) -> Advance:
        assert argument == {"register": "individuals"}
        if chunk.number == 2 and not go.is_set():
            at_two.set()
            go.wait(10)
        chunks.append(chunk)
        return Advance(10, None if chunk.number == 4 else f"byte {chunk.number}")

    jobs.batch(Batch("import", lambda _: 50, chunk))
    jobs.start()
    jobs.begin("import", "file-1", {"register": "individuals"})
    assert at_two.wait(20)
    clock.advance(timedelta(seconds=8))
    progress = jobs.progress("import", "file-1")
    assert (progress.state, progress.done, progress.total) == (State.RUNNING, 20, 50)
    assert progress.seconds_left(clock.now()) == 12

    jobs.cancel("import", "file-1")
    go.set()
    until(lambda: len(chunks) == 3)
    assert jobs.progress("import", "file-1").state is State.CANCELLED

    jobs.resume("import", "file-1")
    assert jobs.result("import", "file-1") == 50
    assert jobs.progress("import", "file-1").state is State.DONE
    assert {chunk.number: chunk.cursor for chunk in chunks} == {
        0: None,
        1: "byte 0",
        2: "byte 1",
        3: "byte 2",
        4: "byte 3",
    }


def test_a_failed_batch_says_why_and_goes_on_at_the_chunk_that_failed(jobs: Jobs, until: Until) -> None:
    done: list[int] = []
    torn = [True]

    def chunk(_argument: Value, chunk: Chunk) -> Advance:
        if chunk.number == 1 and torn[0]:
            raise Torn(SECRET)
        done.append(chunk.number)
        return Advance(1, None if chunk.number == 2 else 1)

    jobs.batch(Batch("import", lambda _: None, chunk, Backoff(attempts=1)))
    jobs.start()
    jobs.begin("import", "1", None)
    until(lambda: jobs.progress("import", "1").state is State.FAILED)
    progress = jobs.progress("import", "1")
    assert (progress.done, progress.total, progress.error) == (1, None, "test.torn")

    torn[0] = False
    jobs.resume("import", "1")
    assert jobs.result("import", "1") == 3
    assert done == [0, 1, 2]


def test_stop_leaves_a_run_for_the_next_start(jobs: Jobs) -> None:
    begun, calls = threading.Event(), []

    def first(key: str) -> None:
        calls.append(key)
        begun.set()
        time.sleep(0.3)

    def body(steps: Steps, _argument: Value) -> Value:
        steps.do("first", first)
        steps.do("second", calls.append)
        return "well"

    jobs.workflow("move", body)
    jobs.start()
    jobs.run("move", "1", None)
    assert begun.wait(10)
    began = time.monotonic()
    jobs.stop(5)
    assert time.monotonic() - began < 5
    assert calls == ["move:1/first"]
    assert not jobs.status().running

    jobs.start()
    assert jobs.result("move", "1") == "well"
    assert calls == ["move:1/first", "move:1/second"]


def test_stopping_is_bounded_even_when_a_step_hangs(jobs: Jobs) -> None:
    begun, go = threading.Event(), threading.Event()

    def hang(_key: str) -> None:
        begun.set()
        go.wait(30)

    jobs.workflow("hang", lambda steps, _: steps.do("hang", hang))
    jobs.start()
    jobs.run("hang", "1", None)
    assert begun.wait(10)
    began = time.monotonic()
    jobs.stop(0.5)
    assert time.monotonic() - began < 6
    go.set()


def test_started_beside_the_site_calls_wait_for_it(jobs: Jobs) -> None:
    jobs.workflow("move", lambda _steps, argument: argument)
    jobs.start(wait=False)
    jobs.run("move", "1", "value")
    assert jobs.result("move", "1") == "value"


def test_started_beside_the_site_a_failure_is_told(tmp_path: Path, clock: SetClock) -> None:
    jobs = Jobs(f"sqlite:///{tmp_path / 'missing' / 'jobs.sqlite'}", "interior", clock)
    jobs.start(wait=False)
    with pytest.raises(JobsUnusable):
        jobs.state("move", "1")
    assert (jobs.status().running, jobs.status().error) == (False, "jobs.unusable")
    jobs.stop(5)


def test_work_is_named_once_and_before_the_start(jobs: Jobs) -> None:
    jobs.workflow("move", lambda _steps, argument: argument)
    for name in ("move", "a:b"):
        with pytest.raises(ValueError, match=name):
            jobs.workflow(name, lambda _steps, argument: argument)
    jobs.start()
    with pytest.raises(ValueError, match="late"):
        jobs.workflow("late", lambda _steps, argument: argument)


def test_a_damaged_database_is_refused_and_left_as_it_is(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(JobsUnusable):
        Jobs(f"sqlite:///{path}", "interior", clock).start()
    assert path.read_bytes() == b"not a database" * 100


def test_the_embedded_database_is_durable_and_private(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "jobs.sqlite"
    jobs = Jobs(f"sqlite:///{path}", "interior", clock)
    jobs.start()
    jobs.stop(5)
    assert path.stat().st_mode & 0o077 == 0
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_no_socket_is_opened(tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("durable work on SQLite opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
    jobs = Jobs(f"sqlite:///{tmp_path / 'jobs.sqlite'}", "interior", clock)
    jobs.workflow("move", lambda steps, _: steps.do("step", lambda _: 1))
    jobs.start()
    jobs.run("move", "1", None)
    assert jobs.result("move", "1") == 1
    jobs.stop(5)


def test_the_engine_is_loaded_by_start_only() -> None:
    code = "import sys, flagstone.platform.jobs.jobs; sys.exit('dbos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

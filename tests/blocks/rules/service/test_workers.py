# SPDX-License-Identifier: EUPL-1.2
"""Workers are started when they are needed, replaced when they fail, and gone when nobody needs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import pytest
from tests.blocks.rules.laws import LAWS

from flagstone.blocks.rules.contract.calculation import Mode, Situation
from flagstone.blocks.rules.contract.engine import Question, Terms
from flagstone.blocks.rules.contract.faults import (
    BudgetSpent,
    CalculationFailed,
    EngineBusy,
    LawUnavailable,
    SituationInvalid,
    WorkerLost,
)
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service import worker as workers_room
from flagstone.blocks.rules.service.worker import Task, Worker
from flagstone.blocks.rules.service.workers import Fresh, Pool, PoolBounds

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 60.0
TASK = Task(LawName("odd_law"), Mode.FAST, path=(str(LAWS),))
BOUNDS = PoolBounds(workers_max=1, waiting_max=1, waiting_seconds_max=PATIENCE_SECONDS)
REFERENCE = Terms(mode=Mode.REFERENCE)


def asked(variable: str) -> Situation:
    return {"persons": {"a": {variable: {"2026-01": None}}}, "groups": {"g": {"members": ["a"]}}}


def value(engine: Pool | Fresh, variable: str, terms: Terms | None = None) -> object:
    found = engine.calculate(asked(variable), terms or Terms()).values
    return found["persons"]["a"][variable]["2026-01"]  # type: ignore[index,call-overload]


def until(holds: Callable[[], object]) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while not holds():
        assert monotonic() < deadline, "it did not come about"
        sleep(0.01)


def process_is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


@pytest.fixture(scope="module")
def shared_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("odd")
        patch.setenv("ODD_LAW_PLACE", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def place(shared_place: Path) -> Path:
    for left in shared_place.iterdir():
        left.unlink()
    return shared_place


@pytest.fixture(scope="module")
def pool(shared_place: Path) -> Iterator[Pool]:
    """One pool for the tests that leave it as it was: a worker costs a second."""
    engine = Pool(TASK, BOUNDS)
    yield engine
    engine.close()


def waiting(place: Path) -> list[int]:
    return [int(each.name.partition("-")[2]) for each in place.glob("waiting-*")]


def test_nothing_is_started_before_the_first_question() -> None:
    pool = Pool(TASK, PoolBounds(workers_max=2, idle_seconds=0.05))
    assert [pool.count(mode) for mode in Mode] == [0, 0]
    assert value(pool, "plain") == 20
    assert (pool.count(Mode.FAST), pool.count(Mode.REFERENCE)) == (1, 0)
    assert value(pool, "plain", REFERENCE) == 20
    assert pool.snapshot() == pool.snapshot(REFERENCE)
    until(lambda: pool.count(Mode.REFERENCE) == 0)  # with nothing to do they end, but one
    assert pool.count(Mode.FAST) == 1
    pool.close()
    assert [pool.count(mode) for mode in Mode] == [0, 0]
    with pytest.raises(EngineBusy):
        value(pool, "plain")


def test_a_law_that_writes_and_reads_does_not_disturb_the_frames(pool: Pool) -> None:
    assert value(pool, "talks") == 0
    assert value(pool, "plain") == 20


def test_a_worker_knows_nothing_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGSTONE_DATABASE_PASSWORD_FILE", "/run/secret")
    assert value(Fresh(TASK), "knows") == 0


def test_a_worker_that_was_killed_is_replaced(pool: Pool, place: Path) -> None:
    (place / "go").touch()
    first = value(pool, "waits")
    assert isinstance(first, float)
    os.kill(int(first), signal.SIGKILL)
    second = value(pool, "waits")
    assert second != first
    assert pool.count(Mode.FAST) == 1


def test_a_question_whose_worker_is_killed_is_asked_once_more(pool: Pool, place: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(value, pool, "waits")
        until(lambda: waiting(place))
        (killed,) = waiting(place)
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(waiting(place)) == 2)
        (place / "go").touch()
        assert answer.result(PATIENCE_SECONDS) in set(map(float, waiting(place))) - {float(killed)}
    assert value(pool, "ends_once") == 1


def test_a_question_that_ends_every_worker_is_given_up(pool: Pool) -> None:
    with pytest.raises(WorkerLost):
        value(pool, "ends")
    assert value(pool, "plain") == 20
    assert pool.count(Mode.FAST) == 1


def test_a_calculation_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(replace(TASK, seconds_max=1.0), BOUNDS)
    try:
        with pytest.raises(BudgetSpent):
            value(pool, "waits")
        kept = pool.count(Mode.FAST)
        monkeypatch.setattr(workers_room, "_GRACE_SECONDS", 0.5)
        with pytest.raises(BudgetSpent):
            value(pool, "deaf")
        assert (kept, pool.count(Mode.FAST)) == (1, 0), "the deaf one was killed, the other one was not"
    finally:
        pool.close()


def test_what_a_formula_raises_is_a_fault_without_its_values() -> None:
    engine = Pool(replace(TASK, memory_bytes_max=1 << 31), BOUNDS)
    for variable in ("breaks", "exits", "huge"):
        with pytest.raises(CalculationFailed) as raised:
            value(engine, variable)
        assert "38001010008" not in raised.value.detail
        assert value(engine, "plain") == 20
    engine.close()


def test_a_flood_is_turned_away_at_once(pool: Pool, place: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(value, pool, "waits")]
        until(lambda: waiting(place))
        answers.append(threads.submit(value, pool, "waits"))
        until(lambda: pool.waiting(Mode.FAST) == 1)
        with pytest.raises(EngineBusy) as turned_away:
            value(pool, "plain")
        assert turned_away.value.retry_after_seconds == 1
        reply = pool.answer(Question("GET", "/entities", "http://localhost/"))
        assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        (place / "go").touch()
        assert len({answer.result(PATIENCE_SECONDS) for answer in answers}) == 1
    assert value(pool, "plain") == 20


def test_who_waits_too_long_is_turned_away(place: Path) -> None:
    pool = Pool(TASK, PoolBounds(workers_max=1, waiting_max=5, waiting_seconds_max=0.05))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(value, pool, "waits")
        until(lambda: waiting(place))
        with pytest.raises(EngineBusy):
            value(pool, "plain")
        (place / "go").touch()
        answer.result(PATIENCE_SECONDS)
    pool.close()


def test_closing_ends_the_worker_that_is_at_work_when_it_has_answered(place: Path) -> None:
    pool = Pool(TASK, BOUNDS)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(value, pool, "waits")
        until(lambda: waiting(place))
        pool.close()
        (place / "go").touch()
        (pid,) = waiting(place)
        assert answer.result(PATIENCE_SECONDS) == pid
    until(lambda: not process_is_there(pid))


@pytest.mark.parametrize("variable", ["plain", "waits", "deaf"])
def test_a_worker_ends_with_the_process_that_asked(place: Path, variable: str) -> None:
    code = f"""
from tests.blocks.rules.service import test_workers as here
pool = here.Pool(here.TASK, here.BOUNDS)
here.value(pool, "plain")
print(pool._lanes[here.Mode.FAST]._idle[0][0].pid, flush=True)
here.value(pool, {variable!r})
input()
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as asker:
        assert asker.stdout is not None
        pid = int(asker.stdout.readline())
        if variable == "waits":
            until(lambda: waiting(place))
        assert process_is_there(pid)
        asker.kill()
        until(lambda: not process_is_there(pid))


def test_a_law_that_is_not_there_is_named() -> None:
    pool = Pool(Task(LawName("no_such_law"), Mode.FAST))
    for _ in range(2):
        with pytest.raises(LawUnavailable, match="no_such_law"):
            value(pool, "plain")
    assert pool.count(Mode.FAST) == 0
    reply = pool.answer(Question("GET", "/", "http://localhost/"))
    assert (reply.status, b"cannot be loaded" in reply.body) == (503, True)


def test_a_law_that_takes_too_long_to_load_is_given_up() -> None:
    with pytest.raises(LawUnavailable, match="too long"):
        Worker(TASK, boot_seconds_max=0.01)


@pytest.mark.parametrize("said", [{"a": float("nan")}, {"a": {1, 2}}, {"\ud800": 1}])
def test_what_json_cannot_say_is_the_askers_mistake_or_goes_through(
    pool: Pool, said: dict[str, object]
) -> None:
    with pytest.raises(SituationInvalid):
        pool.calculate({"persons": said})  # type: ignore[dict-item]
    assert value(pool, "plain") == 20


def test_a_fresh_worker_is_another_process_each_time(place: Path) -> None:
    (place / "go").touch()
    fresh = Fresh(TASK)
    one, two = value(fresh, "waits"), value(fresh, "waits", REFERENCE)
    assert one != two
    assert isinstance(one, float)
    assert not process_is_there(int(one))

# SPDX-License-Identifier: EUPL-1.2
"""Killed between any two steps, durable work resumes: nothing accepted is lost, no effect comes twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

POINTS = {
    "workflow": [
        "run.accepted",
        "step.due first",
        "step.done first",
        "step.kept first",
        "step.due second",
        "step.done second",
        "step.kept second",
    ],
    "batch": [
        "run.accepted",
        "step.done open",
        "step.kept open",
        "step.due chunk 0",
        "step.done chunk 1",
        "step.kept chunk 1",
        "step.done chunk 2",
        "step.kept chunk 2",
    ],
    "schedule": [
        "step.done seen",
        "schedule.due",
        "schedule.begun",
        "step.due work",
        "step.done work",
        "step.kept work",
    ],
    "delivery": ["delivery.due", "delivery.heard", "delivery.marked"],
}
EFFECTS = {
    "workflow": {"register-birth:birth/first", "register-birth:birth/second"},
    "batch": {f"import:rows/chunk {number}" for number in range(3)},
    "schedule": {"2026-11-22T12:10:00.000000Z"},
    "delivery": {"registry/1/portal", "registry/2/portal"},
}
KILLED = -signal.SIGKILL


class Site:
    """Processes of one site, made by a parent that has loaded everything once."""

    def __init__(self, parent: subprocess.Popen[str], folder: Path, url: str) -> None:
        self._parent = parent
        self.folder = folder
        self._url = url

    def begin(self, scenario: str, *, die_at: str = "") -> int:
        return self._ask(
            {"scenario": scenario, "die_at": die_at, "folder": str(self.folder), "url": self._url}
        )

    def wait(self, process: int) -> int:
        return self._ask({"wait": process})

    def live(self, scenario: str, *, die_at: str = "") -> int:
        return self.wait(self.begin(scenario, die_at=die_at))

    def effects(self) -> set[str]:
        with closing(sqlite3.connect(self.folder / "effects.sqlite")) as db:
            return {key for (key,) in db.execute("SELECT key FROM effect")}

    def calls(self) -> Counter[str]:
        return Counter((self.folder / "calls").read_text().splitlines())

    def _ask(self, order: dict[str, object]) -> int:
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return int(self._parent.stdout.readline())


@pytest.fixture(scope="module")
def parent() -> Iterator[subprocess.Popen[str]]:
    script = Path(__file__).with_name("dying_site.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def site(parent: subprocess.Popen[str], tmp_path: Path, jobs_url: str) -> Site:
    return Site(parent, tmp_path, jobs_url)


@pytest.mark.parametrize(("scenario", "point"), [(name, point) for name in POINTS for point in POINTS[name]])
def test_killed_at_a_point_it_resumes_and_does_nothing_twice(site: Site, scenario: str, point: str) -> None:
    assert site.live(scenario, die_at=point) == KILLED
    assert site.live(scenario) == 0

    assert site.effects() == EFFECTS[scenario]
    repeated = {key: times for key, times in site.calls().items() if times > 1}
    assert sum(repeated.values()) <= 2, "only what was in hand at the death is called again"


def test_killed_twice_at_one_point_it_still_resumes(site: Site) -> None:
    assert site.live("batch", die_at="step.done chunk 1") == KILLED
    assert site.live("batch", die_at="step.done chunk 1") == KILLED
    assert site.live("batch") == 0

    assert site.calls() == {
        "import:rows/chunk 0": 1,
        "import:rows/chunk 1": 3,
        "import:rows/chunk 2": 1,
    }


def test_killed_from_outside_at_any_moment_a_long_batch_goes_on(site: Site) -> None:
    for pause_seconds in (0.4, 0.7):
        process = site.begin("long_batch")
        while not (site.folder / "accepted").exists():
            time.sleep(0.02)
        time.sleep(pause_seconds)
        os.kill(process, signal.SIGKILL)
        assert site.wait(process) in {KILLED, 0}
    assert site.live("long_batch") == 0

    calls = site.calls()
    assert len(site.effects()) == len(calls) == 200
    assert sum(calls.values()) <= 202, "each death repeats at most the chunk in hand"


def test_processes_of_one_site_run_each_tick_once(site: Site) -> None:
    processes = [site.begin("crowd") for _ in range(2)]
    assert [site.wait(process) for process in processes] == [0, 0]

    assert len(site.calls()) >= 2
    assert set(site.calls().values()) == {1}


def test_a_living_process_takes_over_from_a_dead_one(site: Site) -> None:
    survivor = site.begin("survivor")
    assert site.live("workflow", die_at="step.done first") == KILLED
    (site.folder / "dead").touch()

    assert site.wait(survivor) == 0
    assert site.effects() == EFFECTS["workflow"]

# SPDX-License-Identifier: EUPL-1.2
"""Runs a simulation in processes of its own: tells how far it is, stops it, and brings what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from flagstone.blocks.rules.contract import faults
from flagstone.blocks.rules.contract.faults import LawUnavailable, SimulationFailed
from flagstone.blocks.rules.contract.law import LawName, LawSnapshot
from flagstone.blocks.rules.contract.simulation import Findings, SimulationPlan, Survey
from flagstone.blocks.rules.model.wire import from_wire, on_wire
from flagstone.blocks.rules.service.frames import Channel, FrameBroken, Late
from flagstone.kernel.errors import Fault, Flaw

_COMMAND = (sys.executable, "-W", "ignore", "-m", "flagstone.blocks.rules.service.engine.simulation_process")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_POLL_SECONDS = 0.2
_FAULTS = {
    each.code: each for each in vars(faults).values() if isinstance(each, type) and issubclass(each, Fault)
}


@dataclass(frozen=True)
class ClusterFiles:
    """By what a cluster is known, and this site to it (PEM): file names, all empty where it is not tls://."""

    ca: str = ""
    certificate: str = ""
    key: str = ""


UNSECURED = ClusterFiles()
"""Of a cluster on a network of its own."""


@dataclass(frozen=True)
class Task:
    """A simulation to run: by which law, as planned, with what it needs from files.

    `folder` keeps the columns of chunks, and may be shared by simulations that run one after another.
    `survey` is the file of the plan's survey, `pattern` the content of a pattern other than the law's own,
    `admitted` are the reform classes that may be brought in. `households` is a file (`.csv` or `.parquet`)
    to which each household's numbers are written. `anew` forgets what was computed under the reform before.
    `check` only says whether the plan can be run. `cache` keeps what loading the law found out, empty for the
    user's own; `path` are folders from which packages are imported before any other. `cluster_files`
    belong to the plan's cluster.
    """

    law: LawName
    plan: SimulationPlan
    folder: str
    survey: str = ""
    pattern: str = ""
    admitted: tuple[str, ...] = ()
    households: str = ""
    anew: bool = False
    check: bool = False
    cache: str = ""
    path: tuple[str, ...] = ()
    cluster_files: ClusterFiles = UNSECURED


@dataclass(frozen=True)
class SurveyTask:
    """A survey to look through, by which law; `name` is what it is called."""

    law: LawName
    file: str
    name: str
    cache: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of a run: `findings` is None when it was stopped before its end, or only checked."""

    findings: Findings | None
    law: LawSnapshot
    done: int
    chunks: int
    reused: int
    seconds: float


Tell = Callable[[int, int], None]
"""Is told how many chunks are done, of how many."""

Stopped = Callable[[], bool]


def never() -> bool:
    """Never stop."""
    return False


def simulate(task: Task, tell: Tell = lambda _done, _chunks: None, stopped: Stopped = never) -> Outcome:
    """Run a simulation to its end, or until `stopped`; a chunk under way then is still finished and kept.

    LawUnavailable, ReformInvalid, PlanInvalid and SurveyInvalid with places, CalculationFailed,
    SimulationFailed. What was computed before is not computed again, also after any of these.
    """
    began = monotonic()
    with _process({"do": "simulate", "task": on_wire(_absolute(task))}) as running:
        said = _last(running, tell, stopped)
    findings = from_wire(Findings, said["findings"]) if said["findings"] else None
    counts = (said["done"], said["chunks"], said["reused"])
    return Outcome(findings, from_wire(LawSnapshot, said["law"]), *counts, seconds=monotonic() - began)


def look_through(task: SurveyTask) -> Survey:
    """Return what is in a survey; SurveyInvalid with lines, LawUnavailable."""
    whole = replace(task, file=_whole(task.file), cache=_whole(task.cache))
    with _process({"do": "survey", "task": on_wire(whole)}) as running:
        return from_wire(Survey, _last(running, lambda _done, _chunks: None, never))


def _absolute(task: Task) -> Task:
    """Return a task whose files are found from any folder: its process goes to that of the law."""
    return replace(
        task,
        folder=_whole(task.folder),
        survey=_whole(task.survey),
        households=_whole(task.households),
        cache=_whole(task.cache),
        path=tuple(_whole(each) for each in task.path),
        cluster_files=ClusterFiles(*(_whole(each) for each in astuple(task.cluster_files))),
    )


def _whole(name: str) -> str:
    """Return the absolute name of a file; none stays none."""
    return str(Path(name).absolute()) if name else ""


class _Running:
    """The process that runs a simulation."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._input, self._output = process.stdin, process.stdout
        self._process = process
        self.channel = Channel(process.stdout.fileno(), process.stdin.fileno())

    def stop(self) -> None:
        """Let it end after the chunks under way."""
        self._input.close()

    def end(self) -> None:
        """End it by force, when it has not ended; those that it started end with it."""
        if not self._input.closed:
            self._input.close()
        self._process.kill()
        self._process.wait()
        self._output.close()


@contextmanager
def _process(question: Mapping[str, Any]) -> Iterator[_Running]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLAGSTONE_")}
    process = subprocess.Popen(  # noqa: S603 - our own module, by this Python
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=kept | _ONE_THREAD
    )
    running = _Running(process)
    try:
        running.channel.send(question)
        yield running
    except (FrameBroken, OSError):
        raise SimulationFailed("its process ended before it said why") from None
    finally:
        running.end()


def _last(running: _Running, tell: Tell, stopped: Stopped) -> Any:
    """Return what the process says last, telling on the way how far it is."""
    stopping = False
    while True:
        try:
            said = running.channel.receive(monotonic() + _POLL_SECONDS)
        except Late:
            said = {}
        if said is None:
            raise SimulationFailed("its process ended before it said why")
        if "fault" in said:
            raise _fault_of(said)
        if "ok" in said:
            return said["ok"]
        if "done" in said:
            tell(said["done"], said["chunks"])
        if not stopping and stopped():
            running.stop()
            stopping = True


def _fault_of(said: Mapping[str, Any]) -> Fault:
    kind = _FAULTS.get(said["fault"], LawUnavailable)
    return kind(said["detail"], flaws=tuple(from_wire(Flaw, each) for each in said["flaws"]))

# SPDX-License-Identifier: EUPL-1.2
"""The process of a simulation: loads the law once, has the chunks computed, and sums up.

Its first frame is `{"do": "simulate" | "survey", "task"}`. It answers `{"done", "chunks"}` as it goes, and
last `{"ok"}` or `{"fault", "detail", "flaws"}`. When its input closes it begins no further chunk. It alone
writes what is kept, chunk by chunk, so that it may be killed at any moment.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.faults import CalculationFailed, SimulationFailed, SurveyInvalid
from flagstone.blocks.rules.contract.simulation import Executor
from flagstone.blocks.rules.model.wire import from_wire, on_wire
from flagstone.blocks.rules.service.engine.cache import Shelf, users_shelf
from flagstone.blocks.rules.service.engine.home import go_home
from flagstone.blocks.rules.service.engine.loading import Law, load, settle
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.blocks.rules.service.engine.simulation import executors, statistics, surveys
from flagstone.blocks.rules.service.engine.simulation.checkpoints import Checkpoints
from flagstone.blocks.rules.service.engine.simulation.households import written
from flagstone.blocks.rules.service.engine.simulation.measuring import unpacked
from flagstone.blocks.rules.service.engine.simulation.people import Array
from flagstone.blocks.rules.service.engine.simulation.setting import (
    Job,
    Setting,
    Side,
    Source,
    checked,
    laws_of,
    made_up,
    pattern_for,
    setting_of,
)
from flagstone.blocks.rules.service.frames import Channel
from flagstone.blocks.rules.service.simulating import SurveyTask, Task
from flagstone.kernel.errors import Fault

Send = Callable[[Mapping[str, Any]], None]
SURVEY_MEMORY_BYTES_MAX = 2 * 1024**3
"""What looking through a survey may take: a small Parquet file can unfold to any size."""

_IN, _OUT, _ERROR = 0, 1, 2


class Run:
    """A simulation under way."""

    def __init__(self, task: Task, send: Send, stopped: Callable[[], bool]) -> None:
        """Get ready: load the law, look through the people; the faults of `simulate`."""
        self._task, self._send, self._stopped = task, send, stopped
        self._setting = _setting(task)
        checked(self._setting)
        keys = {side: self._setting.key(side) for side in Side}
        self._kept = {side: Checkpoints(Path(task.folder) / "columns" / keys[side]) for side in Side}
        self._sides = list(Side) if keys[Side.LAW] != keys[Side.REFORM] else [Side.LAW]
        if task.anew and len(self._sides) > 1:
            self._kept[Side.REFORM].clear()
        self._chunks = self._setting.source.chunks
        self._done = 0

    def outcome(self) -> dict[str, Any]:
        """Compute what is missing, and return what all of it comes to."""
        jobs = list(self._missing())
        whole = self._chunks * len(self._sides)
        reused = self._done = whole - len(jobs)
        told = self._setting.told
        findings = None
        if not self._task.check:
            self._compute(jobs, whole)
            findings = self._findings(told) if self._done == whole else None
        snapshot = on_wire(self._setting.laws[Side.LAW].snapshot)
        counts = {"done": self._done, "chunks": whole, "reused": reused}
        return {"findings": findings, "law": snapshot, **counts}

    def _missing(self) -> Iterator[Job]:
        missing = {side: set(self._kept[side].missing(self._chunks)) for side in self._sides}
        for number in range(self._chunks):
            yield from (Job(side, number) for side in self._sides if number in missing[side])

    def _compute(self, jobs: list[Job], whole: int) -> None:
        self._send({"done": self._done, "chunks": whole})
        for job, content in self._results(jobs):
            try:
                self._kept[job.side].put(job.number, content)
            except OSError as error:
                raise SimulationFailed(f"a chunk cannot be kept: {error.strerror}") from error
            self._done += 1
            self._send({"done": self._done, "chunks": whole})

    def _results(self, jobs: list[Job]) -> Iterator[executors.Result]:
        plan, source = self._task.plan, self._setting.source
        workers = plan.workers or len(os.sched_getaffinity(0))
        if not jobs:
            return iter(())
        if plan.executor is Executor.DASK:
            whole = [Job(job.side, job.number, source.given(job.number)) for job in jobs]
            digests = tuple(self._setting.laws[side].snapshot.digest for side in Side)
            compute = partial(elsewhere, json.dumps(on_wire(self._task)), source.identity, digests)
            cluster = executors.Cluster(plan.cluster, workers, self._task.cluster_files)
            return executors.on_cluster(compute, whole, cluster, self._stopped)
        settle()
        return executors.in_processes(self._here, jobs, workers, self._stopped)

    def _here(self, job: Job) -> bytes:
        return self._setting.computed(Job(job.side, job.number, self._setting.source.given(job.number)))

    def _findings(self, told: statistics.Told) -> Any:
        columns = {side: joined(self._kept[side], self._chunks) for side in self._sides}
        law, reform = columns[Side.LAW], columns[self._sides[-1]]
        if self._task.households:
            written(Path(self._task.households), law, reform, self._names())
        return on_wire(statistics.findings(law, reform, told))

    def _names(self) -> list[str] | None:
        source = self._setting.source
        return source.names if isinstance(source, surveys.Imported) else None


def joined(kept: Checkpoints, chunks: int) -> dict[str, Array]:
    """Return the columns of all chunks, in order."""
    parts = [unpacked(content) for content in kept.all(chunks)]
    return {name: numpy.concatenate([each[name] for each in parts]) for name in parts[0]}


def elsewhere(task: str, identity: str, digests: tuple[str, ...], job: Job) -> bytes:
    """Return the columns of a chunk, computed in a process that knows nothing of it but its arguments.

    CalculationFailed when that process has another law.
    """
    setting = _elsewhere(task, identity)
    if tuple(setting.laws[side].snapshot.digest for side in Side) != digests:
        raise CalculationFailed("a machine of the cluster has another version of the law")
    return setting.computed(job)


@lru_cache(maxsize=2)
def _elsewhere(text: str, identity: str) -> Setting:
    task = from_wire(Task, json.loads(text))
    return _setting(task, surveys.Brought(identity) if task.survey else None)


def _setting(task: Task, source: Source | None = None) -> Setting:
    """Load the law, and return a task ready to be computed."""
    enter(Mode.FAST)
    law = _law(task)
    laws = laws_of(task, law)
    pattern = pattern_for(task, law)
    if source is None and task.survey:
        size = task.plan.chunk
        source = surveys.imported(Path(task.survey), law, Path(task.folder) / "surveys", task.plan.year, size)
    return setting_of(task, laws, pattern, source or made_up(task, law, pattern))


def _simulate(asked: Any, send: Send, stopped: Callable[[], bool]) -> Any:
    return Run(from_wire(Task, asked), send, stopped).outcome()


def _survey(asked: Any, _send: Send, _stopped: Callable[[], bool]) -> Any:
    task = from_wire(SurveyTask, asked)
    law = _law(task)
    resource.setrlimit(resource.RLIMIT_DATA, (SURVEY_MEMORY_BYTES_MAX, SURVEY_MEMORY_BYTES_MAX))
    try:
        return on_wire(surveys.looked_through(Path(task.file), law, task.name))
    except MemoryError:
        raise SurveyInvalid("it unfolds to more than fits into memory") from None


def _law(task: Task | SurveyTask) -> Law:
    """Load a task's law, at work in the folder that holds its package; the task's own files are absolute."""
    sys.path[:0] = [each for each in task.path if each not in sys.path]
    go_home(task.law.package)
    return load(task.law, Shelf(Path(task.cache)) if task.cache else users_shelf())


def main() -> None:
    """Do what the first frame on the standard input asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it closes the input when it is to stop
    reading, writing = os.dup(_IN), os.dup(_OUT)
    os.dup2(_ERROR, _OUT)  # whatever a law prints is none of our frames
    channel = Channel(reading, writing)
    first = channel.receive()
    if first is None:
        return
    poll = select.poll()
    poll.register(reading, 0)  # only that it is closed is looked for
    do = {"simulate": _simulate, "survey": _survey}[first["do"]]
    try:
        channel.send({"ok": do(first["task"], channel.send, lambda: bool(poll.poll(0)))})
    except Fault as fault:
        channel.send({"fault": fault.code, "detail": fault.detail, "flaws": on_wire(fault.flaws)})

# SPDX-License-Identifier: EUPL-1.2
"""Simulations of a site's analysts: kept in its database, run one by one, resumed after a crash."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Event, Lock
from typing import Any

from flagstone.blocks.rules.contract.faults import (
    NotAllowed,
    PlanInvalid,
    SimulationMoved,
    SimulationUnknown,
    SurveyInvalid,
)
from flagstone.blocks.rules.contract.law import LawName, LawSnapshot
from flagstone.blocks.rules.contract.roles import ANALYST
from flagstone.blocks.rules.contract.simulation import (
    Executor,
    Findings,
    Progress,
    Simulation,
    SimulationPlan,
    Survey,
)
from flagstone.blocks.rules.model.wire import from_wire, on_wire
from flagstone.blocks.rules.service.clusters import flaws_of_cluster
from flagstone.blocks.rules.service.simulating import (
    UNSECURED,
    ClusterFiles,
    Outcome,
    SurveyTask,
    Task,
    look_through,
    simulate,
)
from flagstone.blocks.rules.store import simulations as store
from flagstone.blocks.rules.store import tables
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Fault, Flaw
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

SHOWN_MAX = 100
WAITING_MAX = 50
SURVEYS_MAX = 200
SURVEY_BYTES_MAX = 64 * 1024 * 1024
NAME_LENGTH_MAX = 120
SIDES_KEPT = 40
"""How many runs' columns are kept for the next: each simulation has one for the law, one for its reform."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_YEARS = range(1900, 2201)
_RUNNING = Reason("run a simulation of the law")
_WORKER = job("simulations")


@dataclass(frozen=True)
class Grounds:
    """On what a site simulates: by which law, in which folder, within which bounds.

    `admitted` are the reform classes that a plan may bring in. `cluster` is the site's Dask scheduler, on
    which all is computed then, with the files of its TLS; empty where the site computes itself.
    """

    law: LawName
    folder: Path
    admitted: tuple[str, ...] = ()
    cluster: str = ""
    cluster_files: ClusterFiles = UNSECURED
    workers_max: int = 0  # 0: each processor
    households_max: int = 1_000_000
    chunk_max: int = 20_000


class Service:
    """Keeps the contract `Simulations`; safe to share between threads of the one process that runs them."""

    def __init__(self, database: Database, grounds: Grounds) -> None:
        """Keep simulations in `database`, what they compute and surveys in the folder of `grounds`."""
        self._database, self._grounds = database, grounds
        self._going: dict[str, tuple[int, int]] = {}
        self._cancelled: set[str] = set()
        self._turn = Lock()
        self._stopping = Event()

    def start(self, plan: SimulationPlan, caller: Caller, reason: Reason) -> Simulation:
        """Check a plan and put it in the queue; PlanInvalid, ReformInvalid, SurveyInvalid with places."""
        _require(caller)
        whole = self._bounded(plan)
        checked = simulate(replace(self._task(whole), check=True))
        with self._database.writing(caller.actor, reason) as write:
            if store.count_waiting(write) >= WAITING_MAX:
                raise SimulationMoved(f"{WAITING_MAX} simulations wait already")
            sequence = store.next_sequence(write)
            row = write.insert(tables.simulations, _new_row(sequence, whole, caller, write.at, checked))
        return self._shown(row)

    def find(self, number: str, caller: Caller) -> Simulation:
        """Return one as it stands now; SimulationUnknown."""
        _require(caller)
        with self._database.reading() as view:
            row = store.simulation(view, number)
        if row is None:
            raise SimulationUnknown
        return self._shown(row)

    def all(self, caller: Caller) -> Sequence[Simulation]:
        """Return the latest hundred, newest first."""
        _require(caller)
        with self._database.reading() as view:
            return [self._shown(row) for row in store.latest(view, SHOWN_MAX)]

    def cancel(self, number: str, caller: Caller, reason: Reason) -> Simulation:
        """Stop between two chunks; SimulationMoved for one that has ended."""
        _require(caller)
        with self._database.writing(caller.actor, reason) as write:
            row = _moved(write, number, {Progress.WAITING, Progress.RUNNING}, Progress.CANCELLED)
        self._cancelled.add(number)
        return self._shown(row)

    def resume(self, number: str, caller: Caller, reason: Reason) -> Simulation:
        """Put a cancelled or failed one into the queue again; SimulationMoved for any other."""
        _require(caller)
        with self._database.writing(caller.actor, reason) as write:
            row = _moved(write, number, {Progress.CANCELLED, Progress.FAILED}, Progress.WAITING)
        self._cancelled.discard(number)
        return self._shown(row)

    def bring(self, name: str, content: bytes, caller: Caller, reason: Reason) -> Survey:
        """Import a survey, or the same again; SurveyInvalid with lines, or when the name has another one."""
        _require(caller)
        _check_survey(name, content)
        digest = sha256(content).hexdigest()
        file = self._keep(digest, content)
        found = look_through(SurveyTask(self._grounds.law, str(file), name, cache=self._cache))
        with self._database.writing(caller.actor, reason) as write:
            known = store.survey(write, name)
            if known is not None and known["sha256"] != digest:
                raise SurveyInvalid("another survey has that name already; choose another")
            if known is None and len(store.all_surveys(write, SURVEYS_MAX)) == SURVEYS_MAX:
                raise SurveyInvalid(f"{SURVEYS_MAX} surveys are kept at most")
            if known is not None:
                write.update(tables.surveys, {"name": name}, {"sha256": digest})
                return _survey(known)
            row = {**on_wire(found), "variables": list(found.variables)}
            return _survey(write.insert(tables.surveys, row))

    def surveys(self, caller: Caller) -> Sequence[Survey]:
        """Return the imported surveys by name."""
        _require(caller)
        with self._database.reading() as view:
            return [_survey(row) for row in store.all_surveys(view, SURVEYS_MAX)]

    def work(self) -> bool:
        """Run the next that waits to its end, unless `stop` was called; False when none waits."""
        with self._turn:
            taken = None if self._stopping.is_set() else self._taken()
            if taken is None:
                return False
            number = str(taken["number"])
            try:
                self._run(number, from_wire(SimulationPlan, json.loads(taken["plan"])))
            finally:
                self._going.pop(number, None)
                self._cancelled.discard(number)
            return True

    def stop(self) -> None:
        """End `work` soon; what runs stays in the queue, and no more is begun by this service."""
        self._stopping.set()

    def _taken(self) -> Row | None:
        """Return the next to run, marked as running."""
        with self._database.reading() as view:
            row = store.next_to_run(view)
        if row is None or row["progress"] == Progress.RUNNING.value:
            return row
        with self._database.writing(_WORKER, _RUNNING) as write:
            found = store.next_to_run(write)
            if found is None:
                return None
            key = {"number": found["number"]}
            return write.update(tables.simulations, key, {"progress": Progress.RUNNING.value, "fault": ""})

    def _run(self, number: str, plan: SimulationPlan) -> None:
        """Run one, and keep what came of it."""
        self._sweep()

        def tell(done: int, chunks: int) -> None:
            self._going[number] = (done, chunks)

        def stopped() -> bool:
            return self._stopping.is_set() or number in self._cancelled

        try:
            done = simulate(self._task(plan), tell, stopped)
        except Fault as fault:
            self._keep_end(number, {"progress": Progress.FAILED.value, "fault": _told(fault)})
            return
        except Exception as error:  # noqa: BLE001 - what is not known to fail would be tried for ever
            self._keep_end(number, {"progress": Progress.FAILED.value, "fault": type(error).__name__})
            return
        if done.findings is not None:
            self._keep_end(number, _ended(done))
        elif not self._stopping.is_set():
            self._keep_end(number, {"done": done.done, "chunks": done.chunks})

    def _keep_end(self, number: str, changes: dict[str, Any]) -> None:
        """Keep how a run ended; one that was cancelled meanwhile stays so, with what was done."""
        with self._database.writing(_WORKER, _RUNNING) as write:
            row = store.simulation(write, number)
            if row is not None and row["progress"] == Progress.RUNNING.value:
                write.update(tables.simulations, {"number": number}, changes)
            else:
                done, chunks = self._going.get(number, (0, 0))
                write.update(tables.simulations, {"number": number}, {"done": done, "chunks": chunks})

    def _task(self, plan: SimulationPlan) -> Task:
        """Return what runs a plan; SimulationUnknown for a survey that is not there."""
        grounds = self._grounds
        file = ""
        if plan.population.survey:
            with self._database.reading() as view:
                row = store.survey(view, plan.population.survey)
            if row is None:
                raise PlanInvalid(flaws=(Flaw("/population/survey", "There is no such survey."),))
            file = str(self._file(str(row["sha256"])))
        most = grounds.workers_max or len(os.sched_getaffinity(0))
        workers = min(plan.workers or most, most)
        where = Executor.DASK if grounds.cluster else plan.executor
        bounded = replace(plan, workers=workers, executor=where, cluster=grounds.cluster)
        return Task(
            grounds.law,
            bounded,
            str(grounds.folder),
            survey=file,
            admitted=grounds.admitted,
            cache=self._cache,
            cluster_files=grounds.cluster_files,
        )

    def _bounded(self, plan: SimulationPlan) -> SimulationPlan:
        """Return a plan within this site's bounds; PlanInvalid."""
        grounds, flaws = self._grounds, []
        if not 0 < len(plan.name.strip()) <= NAME_LENGTH_MAX or not plan.name.isprintable():
            flaws.append(Flaw.filled("/name", "A name has 1 to %(most)s characters.", most=NAME_LENGTH_MAX))
        if plan.year not in _YEARS:
            first, last = str(_YEARS[0]), str(_YEARS[-1])
            flaws.append(
                Flaw.filled("/year", "A year is from %(first)s to %(last)s.", first=first, last=last)
            )
        if not 1 <= plan.population.households <= grounds.households_max:
            most = grounds.households_max
            flaws.append(Flaw.filled("/population/households", "1 to %(most)s are made up here.", most=most))
        if not 1 <= plan.chunk <= grounds.chunk_max:
            most = grounds.chunk_max
            flaws.append(
                Flaw.filled("/chunk_households", "A chunk has 1 to %(most)s households here.", most=most)
            )
        if plan.executor is Executor.DASK and not grounds.cluster:
            flaws.append(Flaw("/executor", "This site has no cluster."))
        if plan.cluster:
            flaws.append(Flaw("/cluster", "The site's settings name its cluster."))
        if grounds.cluster and not flaws:
            flaws.extend(flaws_of_cluster(grounds.cluster))
        if flaws:
            raise PlanInvalid(flaws=tuple(flaws))
        return plan

    def _shown(self, row: Row) -> Simulation:
        number, progress = str(row["number"]), Progress(row["progress"])
        done, chunks = row["done"], row["chunks"]
        if progress is Progress.RUNNING:
            done, chunks = self._going.get(number, (done, chunks))
        return Simulation(
            number=number,
            plan=from_wire(SimulationPlan, json.loads(row["plan"])),
            by=row["by"],
            at=datetime.fromisoformat(row["at"]),
            progress=progress,
            done=done,
            chunks=chunks,
            law=from_wire(LawSnapshot, json.loads(row["law"])) if row["law"] else None,
            findings=from_wire(Findings, json.loads(row["findings"])) if row["findings"] else None,
            fault=row["fault"],
            seconds=row["milliseconds"] / 1000,
        )

    @property
    def _cache(self) -> str:
        return str(self._grounds.folder / "law-cache")

    def _file(self, digest: str) -> Path:
        return self._grounds.folder / "imported" / digest

    def _keep(self, digest: str, content: bytes) -> Path:
        """Keep a survey's content by its digest, whole or not at all."""
        file = self._file(digest)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, delete=False) as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(file)
        return file

    def _sweep(self) -> None:
        """Forget the columns of runs that were not used for longest."""
        folders = [*self._grounds.folder.glob("columns/*"), *self._grounds.folder.glob("surveys/*")]
        folders.sort(key=lambda each: each.stat().st_mtime, reverse=True)
        for each in folders[SIDES_KEPT:]:
            shutil.rmtree(each, ignore_errors=True)


def _require(caller: Caller) -> None:
    if not caller.holds(ANALYST):
        raise NotAllowed


def _new_row(
    sequence: int, plan: SimulationPlan, caller: Caller, at: datetime, checked: Outcome
) -> dict[str, Any]:
    return {
        "number": f"S{sequence:05}",
        "sequence": sequence,
        "plan": json.dumps(on_wire(plan)),
        "by": caller.actor.name,
        "at": rfc3339(at),
        "progress": Progress.WAITING.value,
        "done": checked.done,
        "chunks": checked.chunks,
        "law": json.dumps(on_wire(checked.law)),
        "findings": "",
        "fault": "",
        "milliseconds": 0,
    }


def _moved(write: Writing, number: str, froms: set[Progress], to: Progress) -> Row:
    """Bring a simulation to another state; SimulationUnknown, SimulationMoved."""
    row = store.simulation(write, number)
    if row is None:
        raise SimulationUnknown
    if Progress(row["progress"]) not in froms:
        raise SimulationMoved
    return write.update(tables.simulations, {"number": number}, {"progress": to.value, "fault": ""})


def _ended(done: Outcome) -> dict[str, Any]:
    return {
        "progress": Progress.DONE.value,
        "done": done.done,
        "chunks": done.chunks,
        "law": json.dumps(on_wire(done.law)),
        "findings": json.dumps(on_wire(done.findings)),
        "fault": "",
        "milliseconds": round(done.seconds * 1000),
    }


def _told(fault: Fault) -> str:
    """Return what went wrong as one line: its code, what it names, and the first flaw."""
    first = f" {fault.flaws[0].pointer}: {fault.flaws[0].message}" if fault.flaws else ""
    return f"{fault.code} {fault.detail}{first}".strip()


def _check_survey(name: str, content: bytes) -> None:
    if not _NAME.fullmatch(name):
        raise SurveyInvalid("its name has 1 to 60 letters, digits, dots, dashes or underscores")
    if len(content) > SURVEY_BYTES_MAX:
        raise SurveyInvalid(f"it may have {SURVEY_BYTES_MAX // 1024 // 1024} MB at most")


def _survey(row: Row) -> Survey:
    counts = (row["households"], row["people"])
    return Survey(row["name"], *counts, variables=tuple(row["variables"]), sha256=row["sha256"])

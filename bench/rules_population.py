# SPDX-License-Identifier: EUPL-1.2
"""A made-up French population computed by plain OpenFisca at once, and by us in chunks; for `rules.py`.

`rules_population.py plain|chunks COUNT` computes about so many persons in one process, `run COUNT WORKERS`
simulates them as `flagstone rules simulate` does. Each prints one line of JSON. It needs a Python that has
openfisca-france, and FLAGSTONE_FRANCE, the folder from which that law must run; `measure` starts them.
By hand, `rules_population.py sizes COUNT...` shows that memory does not grow with the population.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
PATTERN = HERE / "rules_france.yaml"
PACKAGE, INCOME, YEAR, SEED = "openfisca_france", "revenu_disponible", 2023, 1
CHUNK = int(os.environ.get("FLAGSTONE_BENCH_CHUNK", "10000"))
CHUNK_OF_RUNS = min(CHUNK, 1_000)
"""Of what is shared between processes: so many chunks that the last one hardly counts, in time or memory."""

PERSONS_EACH = 2.17
"""How many persons a household has, on average."""

SAMPLE_SECONDS = 0.5
TURNS = 3
Found = dict[str, float]


def measure(python: Path, folder: str, persons: int, rounds: int = 1) -> Found:
    """Return R6 (persons per CPU second beside plain OpenFisca), R7 (peak megabytes) and R8 (two processes).

    `python` has France, `folder` is the one from which France must run. The two sides take turns.
    """
    plain: list[Found] = []
    chunks: list[Found] = []
    for _ in range(rounds):
        plain.append(_told(python, folder, "plain", persons))
        chunks.append(_told(python, folder, "chunks", persons))
    one, two = _alternating(python, folder, persons)
    fewer = _told(python, folder, "run", persons // 5, 2)
    theirs, ours = (_middle([each["persons"] / each["seconds"] for each in side]) for side in (plain, chunks))
    return {
        "openfisca_population_persons_per_cpu_second": theirs,
        "flagstone_population_persons_per_cpu_second": ours,
        "openfisca_population_megabytes": plain[0]["megabytes"],
        "flagstone_population_megabytes": two["megabytes"],
        "population_megabytes_of_a_fifth": fewer["megabytes"],
        "population_two_processes_speedup": one["seconds"] / two["seconds"],
        "population_sum_relative_difference": abs(chunks[0]["sum"] / plain[0]["sum"] - 1),
        "population_persons": chunks[0]["persons"],
    }


def _alternating(python: Path, folder: str, persons: int) -> tuple[Found, Found]:
    """Return the quickest run by one process and by two, which take turns: a machine is seldom quiet."""
    turns = [[_told(python, folder, "run", persons, workers) for workers in (1, 2)] for _ in range(TURNS)]
    one, two = (min(each, key=lambda run: run["seconds"]) for each in zip(*turns, strict=True))
    return one, two


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _told(python: Path, folder: str, *what: object) -> Found:
    """Run this file in a process of its own and return what it tells."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [str(python), "-W", "ignore", str(HERE / "rules_population.py"), *map(str, what)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=settings, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def maker(law: Any) -> Any:
    """Return what makes the people up for a law."""
    from flagstone.blocks.rules.service.engine.simulation.patterns import read  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.simulation.populating import Maker  # noqa: PLC0415

    return Maker(law, read(PATTERN, law.catalogue), YEAR, SEED)


def plain(persons: int) -> Found:
    """Compute everybody in one simulation of plain OpenFisca: nothing of ours is put in its place."""
    from openfisca_france import FranceTaxBenefitSystem  # noqa: PLC0415

    from flagstone.blocks.rules.contract.law import LawName, LawSnapshot  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.catalogue import catalogue_of  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.loading import Law  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.simulation.people import simulation_of  # noqa: PLC0415

    system = FranceTaxBenefitSystem()
    law = Law(system, catalogue_of(system), LawSnapshot(LawName(PACKAGE), (), "", "", ""))
    people = maker(law).people(0, round(persons / PERSONS_EACH))
    simulation = simulation_of(law, people)
    began = time.process_time()
    found = simulation.calculate(INCOME, str(YEAR))
    return _result(len(people.homes), time.process_time() - began, float(found.sum(dtype=float)))


def chunks(persons: int) -> Found:
    """Compute everybody chunk by chunk in this process, in the fast mode."""
    from flagstone.blocks.rules.contract.calculation import Mode  # noqa: PLC0415
    from flagstone.blocks.rules.contract.law import LawName  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.loading import load, settle  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.modes import enter  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.simulation.people import simulation_of  # noqa: PLC0415

    enter(Mode.FAST)
    law = load(LawName(PACKAGE))
    made, households = maker(law), round(persons / PERSONS_EACH)
    settle()
    count, seconds, total = 0, 0.0, 0.0
    for first in range(0, households, CHUNK):
        people = made.people(first, min(first + CHUNK, households))
        simulation = simulation_of(law, people)
        began = time.process_time()
        total += float(simulation.calculate(INCOME, str(YEAR)).sum(dtype=float))
        seconds += time.process_time() - began
        count += len(people.homes)
    return _result(count, seconds, total)


def run(persons: int, workers: int) -> Found:
    """Simulate everybody as the command does: seconds from the first chunk, peak memory of all processes."""
    from flagstone.blocks.rules.contract.law import LawName  # noqa: PLC0415
    from flagstone.blocks.rules.contract.reform import Reform  # noqa: PLC0415
    from flagstone.blocks.rules.contract.simulation import Population, SimulationPlan  # noqa: PLC0415
    from flagstone.blocks.rules.service.simulating import Task, simulate  # noqa: PLC0415

    households = round(persons / PERSONS_EACH)
    plan = SimulationPlan(
        "bench",
        YEAR,
        Reform(),
        Population(households=households, seed=SEED),
        chunk_households=CHUNK_OF_RUNS,
        workers=workers,
    )
    told: list[float] = []
    with TemporaryDirectory() as folder, _Memory() as memory:
        task = Task(LawName(PACKAGE), plan, folder, pattern=PATTERN.read_text())
        done = simulate(task, lambda _done, _chunks: told.append(time.perf_counter()))
    if done.findings is None:
        raise SystemExit("it was stopped")
    mean = sum(each.law for each in done.findings.deciles)
    return {
        "persons": done.findings.people,
        "seconds": told[-1] - told[0],
        "sum": mean,
        "megabytes": memory.peak_bytes / 1e6,
    }


class _Memory:
    """Samples the memory that this process's children use together (PSS), and keeps the peak."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._ended = Event()
        self._thread = Thread(target=self._sample, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.peak_bytes = max(self.peak_bytes, sum(map(_pss, _below(os.getpid()))))


def _below(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path("/proc").glob(f"{pid}/task/*/children"):
        try:
            children = [int(each) for each in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_below(child)]
    return found


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _result(persons: int, seconds: float, total: float) -> Found:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"persons": persons, "seconds": seconds, "sum": total, "megabytes": peak}


def sizes(counts: Sequence[int]) -> Found:
    """Return the peak memory and the seconds of simulations of several sizes, by two processes."""
    found: Found = {}
    for count in counts:
        done = run(count, 2)
        print(count, {name: round(value, 1) for name, value in done.items()}, file=sys.stderr, flush=True)
        found |= {f"megabytes_of_{count}": done["megabytes"], f"seconds_of_{count}": done["seconds"]}
    return found


def in_room(what: Callable[..., Found]) -> Callable[..., Found]:
    """Return a way that computes with the room that our processes give."""
    from flagstone.blocks.rules.service.engine.room import with_room  # noqa: PLC0415

    def done(*counts: int) -> Found:
        found: list[Found] = []
        with_room(lambda: found.append(what(*counts)))
        return found[0]

    return done


def main() -> None:
    """Compute and tell."""
    what, *rest = sys.argv[1:]
    numbers = [int(each) for each in rest]
    do: dict[str, Any] = {
        "plain": plain,
        "chunks": in_room(chunks),
        "run": run,
        "sizes": lambda *counts: sizes(counts),
    }
    print(json.dumps(do[what](*numbers)), flush=True)


if __name__ == "__main__":
    main()

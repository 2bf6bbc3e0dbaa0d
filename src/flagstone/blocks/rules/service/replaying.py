# SPDX-License-Identifier: EUPL-1.2
"""Computes decisions again: in reference mode, in a fresh process, by the law that was archived for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, groupby

from flagstone.blocks.rules.contract.calculation import JsonValue, Mode, Situation
from flagstone.blocks.rules.contract.decision import Decision, Replay, SignedDecision
from flagstone.blocks.rules.contract.decision_faults import ReplayFailed
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.faults import BudgetSpent, CalculationFailed, LawUnavailable, WorkerLost
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.blocks.rules.model.claims import outputs_of
from flagstone.blocks.rules.model.decisions import bit_differences
from flagstone.blocks.rules.model.wire import from_wire, on_wire
from flagstone.blocks.rules.service.keeping import Means
from flagstone.blocks.rules.service.worker import Task, Worker

CACHE = "found-out"
SECONDS_MAX = 120.0


def replays(means: Means, decisions: Iterable[SignedDecision]) -> Iterator[Replay]:
    """Yield what computing each of `decisions` again gives; those of one law in a row share a process.

    ArchiveBroken, LawUnavailable, ReplayFailed.
    """
    for (archive, _), several in groupby(decisions, _law_of):
        first = next(several)
        with _worker(means, archive, first.decision) as worker:
            laws: dict[str, LawSnapshot] = {}
            for each in chain([first], several):
                yield _replay(worker, each.decision, means.program, laws)


def by_its_law(means: Means, decision: Decision, situation: Situation) -> Mapping[str, JsonValue]:
    """Return what a situation gives by the law of a decision: the site's while it is that, else the archived.

    The faults of the engine; ArchiveBroken.
    """
    terms = Terms(decision.mode, known_at=decision.known_at)
    if means.engine.snapshot(terms).digest == decision.law.digest:
        return outputs_of(situation, means.engine.calculate(situation, terms).values)
    archived = on_wire(Terms(Mode.REFERENCE, known_at=decision.known_at))
    with _worker(means, decision.archive, decision) as worker:
        said = worker.ask("calculate", {"terms": archived, "situation": situation})
    return outputs_of(situation, said["values"])


def _law_of(signed: SignedDecision) -> tuple[str, object]:
    return signed.decision.archive, signed.decision.law.name


@contextmanager
def _worker(means: Means, archive: str, decision: Decision) -> Iterator[Worker]:
    """Give a process that has loaded the archived law of a decision, and nothing but it."""
    with means.archives.unpacked(archive) as folder:
        task = Task(
            decision.law.name,
            Mode.REFERENCE,
            seconds_max=SECONDS_MAX,
            cache=str(folder / CACHE),
            path=(str(folder),),
        )
        worker = means.fresh(task)
        try:
            yield worker
        finally:
            worker.end()


def _replay(worker: Worker, decision: Decision, program: str, laws: dict[str, LawSnapshot]) -> Replay:
    terms = on_wire(Terms(Mode.REFERENCE, known_at=decision.known_at))
    try:
        key = decision.known_at.isoformat()
        if key not in laws:
            laws[key] = from_wire(LawSnapshot, worker.ask("snapshot", {"terms": terms}))
        said = worker.ask("calculate", {"terms": terms, "situation": decision.situation})
    except (WorkerLost, BudgetSpent, LawUnavailable, CalculationFailed) as fault:
        raise ReplayFailed(f"{decision.number}: {fault.title}") from fault
    values: Situation = said["values"]
    outputs = outputs_of(decision.situation, values)
    differences = law_differences(decision.law, laws[key]) + bit_differences(
        decision.outputs, outputs, "output"
    )
    notes = _notes(decision, laws[key], program)
    return Replay(decision.number, not differences, differences, notes)


def law_differences(before: LawSnapshot, now: LawSnapshot) -> tuple[str, ...]:
    """Return in what the law that a decision names differs from the one that was loaded for its replay."""
    pairs = {
        "packages": (before.parts, now.parts),
        "parameters": (before.parameters_sha256, now.parameters_sha256),
        "precision": (before.precision_bits, now.precision_bits),
    }
    return tuple(f"law: {what}" for what, (was, found) in pairs.items() if was != found)


def _notes(decision: Decision, now: LawSnapshot, program: str) -> tuple[str, ...]:
    """Return what computed otherwise than then; the values tell whether that matters."""
    found = []
    if decision.engine != program:
        found.append(f"then {decision.engine}; now {program}")
    if decision.law.core_version != now.core_version:
        found.append(f"openfisca-core {decision.law.core_version}, now {now.core_version}")
    if decision.law.variables_sha256 != now.variables_sha256:
        found.append("the same formulas are compiled otherwise")
    return tuple(found)

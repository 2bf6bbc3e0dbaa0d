# SPDX-License-Identifier: EUPL-1.2
"""Which decisions a change of the law touches: those that read what it changed, computed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flagstone.blocks.rules.contract.calculation import JsonValue, Mode
from flagstone.blocks.rules.contract.decision import REGISTER, Decision, Touched
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.law import LawName, LawSnapshot
from flagstone.blocks.rules.contract.roles import AUDITOR, OFFICER
from flagstone.blocks.rules.model.claims import outputs_of
from flagstone.blocks.rules.model.decisions import bit_differences
from flagstone.blocks.rules.model.differences import Difference, names_read_by
from flagstone.blocks.rules.model.wire import from_wire, on_wire
from flagstone.blocks.rules.service.keeping import Means, load, require_official, tell
from flagstone.blocks.rules.service.worker import Task, Worker
from flagstone.blocks.rules.store import decisions as store
from flagstone.kernel.audit import ActorKind, Caller, Reason
from flagstone.kernel.ids import PersonCode

SECONDS_MAX = 120.0
FIELDS = ("outputs",)


def touched(
    means: Means, law: LawName, between: tuple[Terms, Terms], by: tuple[Caller, Reason]
) -> Sequence[Touched]:
    """See `contract.Decisions.touched`.

    A calculation whose every parameter stays gives what it gave; so only decisions that read a changed one on
    a changed day can become others, and each of them is computed by the law after the change.
    """
    caller, reason = by
    require_official(caller, OFFICER, AUDITOR)
    worker = means.fresh(Task(law, Mode.REFERENCE, seconds_max=SECONDS_MAX, cache=means.cache))
    try:
        found = sorted(_touched(means, worker, between), key=lambda each: each.number)
    finally:
        worker.end()
    if caller.actor.kind is ActorKind.OFFICIAL:
        _say_seen(means, found, caller, reason)
    return found


def _say_seen(means: Means, found: Sequence[Touched], caller: Caller, reason: Reason) -> None:
    """Record with each person that an official is shown what her decision would become."""
    seen: dict[PersonCode, tuple[str, ...]] = {}
    with means.database.reading_person(caller.actor, reason) as view:
        for each in found:
            row = store.decision(view, each.number)
            if row is not None:
                seen[means.person(row)] = FIELDS
                view.saw(means.person(row), REGISTER, each.number, FIELDS)
        if not seen:
            view.saw_nobody()
    tell(means, caller, reason, seen)


def _touched(means: Means, worker: Worker, between: tuple[Terms, Terms]) -> Iterator[Touched]:
    before, after = (on_wire(each) for each in between)
    said = worker.ask("differences", {"before": before, "after": after})
    changed = [from_wire(Difference, each) for each in said]
    now = from_wire(LawSnapshot, worker.ask("snapshot", {"terms": after}))
    with means.database.reading() as view:
        spans = [(names_read_by(each.parameter), each.first, each.end) for each in changed]
        for row, read in store.having_read(view, spans):
            decision = load(means, view, row).decision
            if decision.law.parameters_sha256 == now.parameters_sha256:
                continue  # it was made by the law as it is after the change
            asked = {"terms": after, "situation": decision.situation}
            values = worker.ask("calculate", asked)["values"]
            yield _told(decision, outputs_of(decision.situation, values), changed, read)


def _told(
    decision: Decision, outputs: Mapping[str, JsonValue], changed: Sequence[Difference], read: frozenset[str]
) -> Touched:
    others = {each.removeprefix("output: ") for each in bit_differences(decision.outputs, outputs, "output")}
    names = {each.parameter for each in changed if not read.isdisjoint(names_read_by(each.parameter))}
    becomes = {place: outputs[place] for place in sorted(others) if place in outputs}
    return Touched(decision.number, tuple(sorted(names)), becomes)

# SPDX-License-Identifier: EUPL-1.2
"""Answers a situation and explains it: the steps that lead to a value, what decided, what would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Mode, Outcome, Situation
from flagstone.blocks.rules.contract.explanation import Explained, Explanation, Influence, Step, Wanted
from flagstone.blocks.rules.contract.faults import SituationInvalid, StepUnknown
from flagstone.blocks.rules.model.explanations import Weight, lines
from flagstone.blocks.rules.model.situations import AXES, Asked, asked, flaws_of, given, pointer
from flagstone.blocks.rules.service.engine.building import built
from flagstone.blocks.rules.service.engine.calculating import filled, value_of
from flagstone.blocks.rules.service.engine.citing import Citations
from flagstone.blocks.rules.service.engine.experiments import Trials, alternatives
from flagstone.blocks.rules.service.engine.lineage import Lineage, Place, placed, same
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.nothing import Reasons, is_nothing
from flagstone.blocks.rules.service.engine.recording import Key, Recorder, record
from flagstone.blocks.rules.service.engine.telling import Teller
from flagstone.kernel.errors import Flaw

INFLUENCES_MAX = 12
_SKIPPED_MAX = 64


def explain(
    law: Law, situation: Situation, wanted: Wanted, bounds: Bounds, *, mode: Mode = Mode.REFERENCE
) -> Explained:
    """Return what `calculate` does, and the steps of the values asked for; `mode` is the one in place.

    The same situation has the same explanation each time, in both modes. The faults of `calculate`, and
    StepUnknown for `wanted.below`; axes are refused.
    """
    flaws = flaws_of(situation, law.catalogue, bounds) or _with_axes(situation)
    if flaws:
        raise SituationInvalid(flaws=flaws)
    simulation, buffer = built(law, situation)
    recorder = record(simulation)
    wishes = tuple(asked(situation))
    values = {each: value_of(simulation, each, 1) for each in wishes}
    outcome = Outcome(filled(situation, values), law.snapshot.digest, mode)
    facts = tuple(given(situation))
    lineage = Lineage(simulation, recorder, frozenset(each for each, _ in facts))
    citations = Citations(law, wanted.languages)
    whole = _Whole(lineage, citations, _roots(lineage, wishes, wanted))
    if wanted.influences:
        whole.try_others(facts, buffer)
    explanation = whole.told(law.snapshot.digest, wanted.steps_max, closely=bool(wanted.below))
    return Explained(outcome, explanation, _read(recorder))


def _with_axes(situation: Situation) -> tuple[Flaw, ...]:
    if AXES not in situation:
        return ()
    return (Flaw(pointer(AXES), "One situation is explained at a time, without axes."),)


def _roots(lineage: Lineage, wishes: Sequence[Asked], wanted: Wanted) -> list[tuple[Asked, Place]]:
    """Return the values to explain; StepUnknown."""
    if not wanted.below:
        return [(each, placed(lineage, each)) for each in wishes]
    place = lineage.find(wanted.below)
    if place is None:
        raise StepUnknown
    plural = lineage.population(place).entity.plural
    return [(Asked(plural, lineage.instance(place), place.name, str(place.period)), place)]


def _read(recorder: Recorder) -> tuple[str, ...]:
    """Return every parameter that was read, with the day as of which."""
    reads = {id(read): read for node in recorder.nodes.values() for read in node.parameters}
    return tuple(sorted({f"{read.name}@{read.day}" for read in reads.values()}))


class _Whole:
    """An explanation in the making."""

    def __init__(self, lineage: Lineage, citations: Citations, roots: list[tuple[Asked, Place]]) -> None:
        self._lineage = lineage
        self._roots = roots
        self._reasons = Reasons(lineage)
        self._teller = Teller(lineage, citations, self._reasons)
        self._trials: Trials | None = None
        self._influences: list[Influence] = []
        self._untried = 0
        self._places: dict[str, Place] = {}
        self._below: dict[str, list[str]] = {}
        self._weights: dict[str, Weight] = {}
        self._causes: set[Place] = set()

    def try_others(self, facts: Sequence[tuple[Asked, JsonValue]], buffer: Any) -> None:
        """Find out which inputs decide."""
        near = _distances(self._lineage, [place.array for _, place in self._roots])
        tried, left = alternatives(self._lineage, facts, near)
        self._trials = Trials(self._lineage, buffer, self._roots)
        trials, failed = self._trials.run(tried)
        self._untried = left + failed
        for number, (_, root) in enumerate(self._roots):
            value = self._lineage.value(root)
            best: dict[Asked, tuple[float, Influence]] = {}
            for each in trials:
                becomes, fact = each.becomes[number], each.other
                if same(value, becomes):
                    continue
                size = _distance(value, becomes)
                if fact.input not in best or size > best[fact.input][0]:
                    words = self._teller.influence(root, fact, becomes)
                    key = f"{fact.input.variable}<{fact.input.period}>@{fact.input.instance}"
                    told = Influence(self._lineage.key(root), key, fact.value, fact.other, becomes, words)
                    best[fact.input] = (size, told)
            ranked = sorted(best.values(), key=lambda pair: -pair[0])
            self._influences += [each for _, each in ranked[:INFLUENCES_MAX]]

    def told(self, law_digest: str, most: int, *, closely: bool) -> Explanation:
        """Return the explanation, with at most so many steps for each root."""
        steps: dict[str, Step] = {}
        asked_keys = []
        for _, root in self._roots:
            key = self._key(root)
            asked_keys.append(key)
            for line in lines(key, self._children, self._weigh, most=max(most, 1), closely=closely):
                if line.key not in steps:
                    place = self._places[line.key]
                    steps[line.key] = self._teller.step(place, line, decisive=self._weigh(line.key).decisive)
        return Explanation(
            law_digest,
            tuple(dict.fromkeys(asked_keys)),
            tuple(steps.values()),
            tuple(self._influences),
            self._untried,
        )

    def _key(self, place: Place) -> str:
        key = self._lineage.key(place)
        self._places[key] = place
        return key

    def _children(self, key: str) -> list[str]:
        """Return the steps right below one, those in between that say nothing new being skipped."""
        found = self._below.get(key)
        if found is None:
            place = self._places[key]
            if is_nothing(self._lineage.value(place)):
                reason = self._reasons.of(place)
                self._causes.update(map(self._shown, reason.parts))
                self._causes.update(map(self._shown, reason.limit.parts if reason.limit else ()))
            shown = dict.fromkeys(map(self._shown, self._lineage.children(place)))
            found = self._below[key] = [self._key(each) for each in shown if each != place]
        return found

    def _shown(self, place: Place) -> Place:
        """Return the step to tell in place of one that only passes a value on."""
        for _ in range(_SKIPPED_MAX):
            node = self._lineage.nodes[place.array]
            if node.parameters or node.scales or self._lineage.is_input(place.array):
                break
            children = self._lineage.children(place)
            if len(children) != 1 or not same(self._lineage.value(place), self._lineage.value(children[0])):
                break
            place = children[0]
        return place

    def _weigh(self, key: str) -> Weight:
        found = self._weights.get(key)
        place = self._places[key]
        if found is None or (place in self._causes and not found.reason):
            value = self._lineage.value(place)
            found = self._weights[key] = Weight(
                reason=place in self._causes,
                decisive=self._trials is not None and self._trials.decides(place),
                size=abs(value) if isinstance(value, float) else 0.0,
                kind=f"{place.name}@{place.at}",
            )
        return found


def _distances(lineage: Lineage, roots: Sequence[Key]) -> dict[Key, int]:
    """Return how many steps each array is away from the nearest of the roots."""
    found = dict.fromkeys(roots, 0)
    waiting = list(found)
    for key in waiting:
        for child in lineage.nodes[key].children:
            if child not in found:
                found[child] = found[key] + 1
                waiting.append(child)
    return found


def _distance(one: JsonValue, other: JsonValue) -> float:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(float(one) - float(other))
    return 1.0

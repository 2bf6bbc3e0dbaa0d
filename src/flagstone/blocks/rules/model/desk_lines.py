# SPDX-License-Identifier: EUPL-1.2
"""A decision as officials read it: its values and its facts line by line, named by the law's labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.decision import Decision, Fact
from flagstone.blocks.rules.contract.explanation import Explanation, Step
from flagstone.blocks.rules.model.claims import at, path_of


@dataclass(frozen=True)
class Line:
    """A value at a place: of whom, for when, and how the law calls it; `unit` is empty where it has none."""

    place: str
    instance: str
    variable: str
    period: str
    value: JsonValue = field(repr=False)
    labels: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    fact: Fact | None = None


Names = Mapping[str, Mapping[str, str]]
"""What the law calls its variables, by language; for those that no step of an explanation names."""


def output_lines(values: Mapping[str, JsonValue], explanation: Explanation, names: Names) -> tuple[Line, ...]:
    """Return values by place as lines, in the order of their places."""
    return tuple(_line(place, value, explanation, names) for place, value in sorted(values.items()))


def fact_lines(decision: Decision, explanation: Explanation, names: Names) -> tuple[Line, ...]:
    """Return the facts of a decision as lines, each with its value."""
    lines = []
    for fact in decision.facts:
        try:
            value = at(decision.situation, fact.place)
        except KeyError:
            continue
        lines.append(_line(fact.place, value, explanation, names, fact))
    return tuple(lines)


def _line(
    place: str, value: JsonValue, explanation: Explanation, names: Names, fact: Fact | None = None
) -> Line:
    path = path_of(place)
    if len(path) != 4:
        return Line(place, "", place, "", value, fact=fact)
    _plural, instance, variable, period = path
    step = next((each for each in explanation.steps if each.variable == variable), None)
    return Line(
        place,
        instance,
        variable,
        period,
        value,
        tuple({**dict(_labels(step)), **names.get(variable, {})}.items()),
        step.unit if step else "",
        fact,
    )


def _labels(step: Step | None) -> tuple[tuple[str, str], ...]:
    if step is None:
        return ()
    return tuple((code, text) for code, text in step.labels) or (("", step.label),)

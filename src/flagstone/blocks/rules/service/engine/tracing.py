# SPDX-License-Identifier: EUPL-1.2
"""Answers a situation and tells every step: values, what each was computed from, and the parameters read.

The shape is that of OpenFisca's own trace, without clock times, so that the same question has the same
answer; tax scales are in it, bracket by bracket.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from openfisca_core.taxscales import AmountTaxScaleLike, TaxScaleLike
from openfisca_core.tracers import tracing_parameter_node_at_instant
from openfisca_core.tracers.tracing_parameter_node_at_instant import TracingParameterNodeAtInstant

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Situation
from flagstone.blocks.rules.contract.faults import SituationInvalid
from flagstone.blocks.rules.model.situations import asked, flaws_of
from flagstone.blocks.rules.service.engine.building import build
from flagstone.blocks.rules.service.engine.calculating import computed, plain
from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced
from flagstone.blocks.rules.service.engine.loading import Law

_CHILD = Target(tracing_parameter_node_at_instant, "TracingParameterNodeAtInstant.get_traced_child")
_plain_child = TracingParameterNodeAtInstant.get_traced_child


def trace(law: Law, situation: Situation, bounds: Bounds) -> dict[str, JsonValue]:
    """Return `trace`, `entitiesDescription` and `requestedCalculations`; the faults of `calculate`."""
    flaws = flaws_of(situation, law.catalogue, bounds)
    if flaws:
        raise SituationInvalid(flaws=flaws)
    simulation = build(law, situation)
    simulation.trace = True
    wanted = list(asked(situation))
    for each in wanted:
        computed(simulation, each)
    described = {
        population.entity.plural: list(population.ids) for population in simulation.populations.values()
    }
    return {
        "trace": steps_of(simulation.tracer.trees),
        "entitiesDescription": {plural: [str(each) for each in ids] for plural, ids in described.items()},
        "requestedCalculations": [f"{each.variable}<{each.period}>" for each in wanted],
    }


def steps_of(trees: list[Any]) -> dict[str, JsonValue]:
    """Return each step by `variable<period>`, in the order of the calculation; the first time counts."""
    steps: dict[str, JsonValue] = {}
    waiting = list(reversed(trees))
    while waiting:
        node = waiting.pop()
        key = _key(node)
        if key not in steps:
            steps[key] = {
                "value": _numbered(plain(node.value)),
                "dependencies": [_key(child) for child in node.children],
                "parameters": {_key(each): parameter_value(each.value) for each in node.parameters},
            }
        waiting.extend(reversed(node.children))
    return steps


def _key(node: Any) -> str:
    return f"{node.name}<{node.period}>"


def parameter_value(value: Any) -> JsonValue:
    """Return a parameter as JSON: a scale as its thresholds with rates or amounts, lowest first."""
    if isinstance(value, TaxScaleLike):
        amounts = isinstance(value, AmountTaxScaleLike)
        steps = value.amounts if amounts else value.rates
        name = "amount" if amounts else "rate"
        return [
            {"threshold": float(threshold), name: float(step)}
            for threshold, step in zip(value.thresholds, steps, strict=True)
        ]
    shown: JsonValue = _numbered(plain(value))
    return shown


def _numbered(value: Any) -> Any:
    """Return a value with null for what is no number on the way to a result, as a share of nothing."""
    if isinstance(value, list):
        return [_numbered(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _child(self: Any, child: Any, key: Any) -> Any:
    """Note a scale that a formula reads, as any other parameter."""
    if isinstance(child, TaxScaleLike):
        node = self.parameter_node_at_instant
        name = f"{node._name}.{key}" if isinstance(key, str) else node._name
        self.tracer.record_parameter_access(name, node._instant_str, child)
    return _plain_child(self, child, key)


def _note_scales() -> Undo:
    return replaced((_CHILD, _child))


HOOK = Hook("scales-are-traced", (_CHILD,), frozenset({"a072dfceea92df98"}), _note_scales)

# SPDX-License-Identifier: EUPL-1.2
"""Answers a situation: every null becomes the value that the law gives."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any

from openfisca_core import periods
from openfisca_core.indexed_enums import EnumArray

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Situation
from flagstone.blocks.rules.contract.faults import CalculationFailed, SituationInvalid
from flagstone.blocks.rules.model.situations import Asked, asked, copies, flaws_of
from flagstone.blocks.rules.service.engine.building import build
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.kernel.errors import Fault, Flaw


def calculate(law: Law, situation: Situation, bounds: Bounds) -> dict[str, JsonValue]:
    """Return the situation with its nulls replaced; along axes each becomes a list, the first axis fastest.

    SituationInvalid and UnknownVariable name places, CalculationFailed a formula of the law.
    """
    quickly = shortcut(law, situation, bounds)
    if quickly is not None:
        return quickly
    flaws = flaws_of(situation, law.catalogue, bounds)
    if flaws:
        raise SituationInvalid(flaws=flaws)
    simulation = build(law, situation)
    times = copies(situation)
    found = {each: value_of(simulation, each, times) for each in asked(situation)}
    return filled(situation, found)


def shortcut(_law: Law, _situation: Situation, _bounds: Bounds) -> dict[str, JsonValue] | None:
    """Return what `calculate` does, or None for a situation that only the long way can take: here, each.

    The fast mode puts another in this place.
    """
    return None


def value_of(simulation: Any, wanted: Asked, times: int) -> JsonValue:
    """Return one value, or one a copy when the axes make several."""
    array = computed(simulation, wanted)
    population = simulation.get_population(wanted.plural)
    each = population.count // times
    index = _index_of(wanted.instance, [str(one) for one in population.ids[:each]], times)
    values = [finite(value, wanted) for value in plain(array[index::each])]
    return values if times > 1 else values[0]


def _index_of(instance: str, ids: list[str], times: int) -> int:
    """Return where an instance stands; along axes OpenFisca adds its number to each id."""
    if times == 1:
        return ids.index(instance)
    return next(at for at, each in enumerate(ids) if each == f"{instance}{at}")


def computed(simulation: Any, wanted: Asked) -> Any:
    """Return the whole array of a variable; the faults of `calculate`."""
    variable = simulation.tax_benefit_system.get_variable(wanted.variable, check_existence=True)
    period = periods.period(wanted.period)
    try:
        simulation._check_period_consistency(period, variable)
    except ValueError as wrong:
        raise SituationInvalid(flaws=(Flaw(wanted.pointer, str(wrong)),)) from None
    return run(simulation, wanted.variable, period, wanted.period)


def run(simulation: Any, name: str, period: Any, shown: str) -> Any:
    """Return the array of a variable for a period, `shown` as it was asked for; CalculationFailed."""
    try:
        return simulation.calculate(name, period)
    except Fault:
        raise
    except Exception as error:  # a law's formula may raise whatever it likes
        raise CalculationFailed(f"{name}<{shown}>: {_formula_of(error)}") from error


def _formula_of(error: Exception) -> str:
    """Name the innermost formula of the law that an error passed through, without any value."""
    frames = [frame for frame, _line in traceback.walk_tb(error.__traceback__)]
    names = [frame.f_code.co_qualname for frame in frames if frame.f_code.co_name.startswith("formula")]
    return f"{type(error).__name__} in {names[-1] if names else 'OpenFisca'}"


def plain(value: Any) -> Any:
    """Return an array of values, or one value, as JSON has it; dates as ISO 8601, items of lists by name."""
    if isinstance(value, EnumArray):
        return [each.name for each in value.decode()]
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.decode() if isinstance(value, bytes) else value


def finite(value: JsonValue, wanted: Asked) -> JsonValue:
    """Return a value that JSON can carry; CalculationFailed for what is no number."""
    if isinstance(value, float) and not isfinite(value):
        raise CalculationFailed(f"{wanted.variable}<{wanted.period}>: the formula gives no number")
    return value


def filled(situation: Situation, found: Mapping[Asked, JsonValue]) -> dict[str, JsonValue]:
    """Return a copy of a situation with the values that were asked for in their places."""
    whole: dict[str, Any] = _copied(situation)
    for each, value in found.items():
        whole[each.plural][each.instance][each.variable][each.period] = value
    return whole


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list | tuple) else value

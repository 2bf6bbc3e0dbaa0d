# SPDX-License-Identifier: EUPL-1.2
"""One step of a calculation, from a variable's name to its array, in as few calls as its rules need."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy
from openfisca_core import periods
from openfisca_core.data_storage import in_memory_storage
from openfisca_core.errors import CycleError, SpiralError
from openfisca_core.holders import holder as holder_module
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.periods import DateUnit, Period
from openfisca_core.populations import ADD as _ADD
from openfisca_core.populations import _core_population
from openfisca_core.simulations import simulation as simulation_module
from openfisca_core.simulations.simulation import Simulation
from openfisca_core.tracers import SimpleTracer, simple_tracer
from openfisca_core.variables import variable as variable_module

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced
from flagstone.blocks.rules.service.engine.repairs import note_computed
from flagstone.blocks.rules.service.engine.speed.times import REMEMBERED

_SIMULATION = "Simulation."
_TARGETS = tuple(
    Target(simulation_module, _SIMULATION + name)
    for name in (
        "calculate",
        "_calculate",
        "calculate_add",
        "_run_formula",
        "_check_for_cycle",
        "_check_period_consistency",
        "_cast_formula_result",
        "purge_cache_of_invalid_values",
        "get_variable_population",
        "clone",
    )
)
_REST = (
    Target(_core_population, "CorePopulation.__call__"),
    Target(variable_module, "Variable.get_formula"),
    Target(in_memory_storage, "InMemoryStorage.get"),
    Target(in_memory_storage, "InMemoryStorage.put"),
    Target(holder_module, "Holder.get_array"),
    Target(holder_module, "Holder._to_array"),
    Target(holder_module, "Holder._set"),
    Target(simple_tracer, "SimpleTracer.record_calculation_start"),
    Target(simple_tracer, "SimpleTracer.record_calculation_end"),
)

_plain_calculate = Simulation.calculate
_plain_add = Simulation.calculate_add
_plain_call = _core_population.CorePopulation.__call__
_ETERNITY = Period.eternity()
_UNKNOWN: Any = object()


class _Known:
    """What a variable's name leads to within one simulation."""

    __slots__ = ("dtype", "eternal", "holder", "kind", "live", "population", "storage", "unit", "variable")

    def __init__(self, holder: Any) -> None:
        variable = holder.variable
        self.variable, self.population = variable, holder.population
        self.holder, self.storage = holder, holder._memory_storage
        self.unit = variable.definition_period
        self.eternal = self.unit == DateUnit.ETERNITY
        self.live = not variable.is_neutralized
        self.dtype = numpy.dtype(variable.dtype)
        self.kind = EnumArray if variable.value_type is Enum else numpy.ndarray


def _calculate(self: Any, variable_name: str, period: Any) -> Any:
    """Return the array of a variable: a known one at once, else by its formula.

    Tracing, and whatever is not in memory only, takes OpenFisca's own way.
    """
    tracer = self.tracer
    if type(tracer) is not SimpleTracer or self.memory_config is not None or self.opt_out_cache:
        return _plain_calculate(self, variable_name, period)
    if type(period) is not Period:
        if period is None:
            return _plain_calculate(self, variable_name, period)
        period = periods.period(period)
    known = _known(self, variable_name)
    stack = tracer._stack
    if known.live:
        array = known.storage._arrays.get(_ETERNITY if known.eternal else period)
        if array is not None:
            if not stack and self.invalidated_caches:
                self.purge_cache_of_invalid_values()
            return array
    stack.append({"name": variable_name, "period": period})
    try:
        return _computed(self, known, period)
    finally:
        stack.pop()
        if not stack and self.invalidated_caches:
            self.purge_cache_of_invalid_values()


def _known(self: Any, name: str) -> _Known:
    names = self.__dict__.get("_known_names")
    if names is None or names[0] is not self.populations:  # a copy of a simulation has populations of its own
        names = self.__dict__["_known_names"] = (self.populations, {})
    found: _Known | None = names[1].get(name)
    if (
        found is None
        or found.variable is not self.tax_benefit_system.variables.get(name)
        or found.storage is not found.holder._memory_storage
    ):
        holder = self.get_variable_population(name).get_holder(name)
        found = names[1][name] = _Known(holder)
    return found


def _computed(self: Any, known: _Known, period: Any) -> Any:
    variable, holder = known.variable, known.holder
    if not (known.eternal or (period[0] == known.unit and period[2] == 1)):
        self._check_period_consistency(period, variable)
    if not known.live:
        return holder.default_array()
    start = self.start_computation_period
    if start is not None:
        if not isinstance(start, Period):
            self.start_computation_period = start = periods.period(start)
        if period < start:
            return holder.default_array()
    under_way = self.tracer.__dict__.setdefault("_under_way", {})
    before = under_way.get(variable.name)
    if before is None:
        before = under_way[variable.name] = []
    try:
        if before:
            _check_for_cycle(self, variable.name, period, before)
        before.append(period)
        try:
            array = self._run_formula(variable, known.population, period)
        finally:
            before.pop()
        if array is None:
            array = holder.default_array()
        if type(array) is not known.kind or array.dtype is not known.dtype:
            array = self._cast_formula_result(array, variable)
        _keep(known, array, period)
    except SpiralError:
        array = holder.default_array()
    return array


def _check_for_cycle(self: Any, name: str, period: Any, before: list[Any]) -> None:
    """Refuse a variable that needs itself for the same period, and stop one that goes on and on."""
    if period in before:
        raise CycleError(f"Circular definition detected on formula {name}@{period}")
    if len(before) >= self.max_spiral_loops:
        self.invalidate_spiral_variables(name)
        raise SpiralError(f"Quasicircular definition detected on formula {name}@{period}", name)


def _keep(known: _Known, array: Any, period: Any) -> None:
    """Keep a computed array; one of another length or unit goes the long way, to be refused there."""
    holder = known.holder
    if (
        type(array) is known.kind
        and array.dtype == known.dtype
        and array.ndim == 1
        and len(array) == known.population.count
        and period[0] == known.unit
        and period[2] == 1
        and not holder._do_not_store
    ):
        known.storage._arrays[period] = array
        note_computed(holder, period)
    else:
        holder.put_in_cache(array, period)


def _run_formula(self: Any, variable: Any, population: Any, period: Any) -> Any:
    formula = _formula_at(variable, period)
    if formula is None:
        return None
    if formula.__code__.co_argcount == 2:
        return formula(population, period)
    at = self.trace_parameters_at_instant if self.trace else self.tax_benefit_system.get_parameters_at_instant
    return formula(population, period, at)


def _formula_at(variable: Any, period: Any) -> Any:
    """Return the formula that holds at the start of a period; each instant of a variable is looked up once."""
    if not variable.formulas:
        return None
    memo = variable.__dict__.get("_formulas_by_instant")
    if memo is None:
        memo = variable.__dict__["_formulas_by_instant"] = {}
    formula = memo.get(period[1], _UNKNOWN)
    if formula is _UNKNOWN:
        formula = memo[period[1]] = variable.get_formula(period)
    return formula


def _call(self: Any, variable_name: str, period: Any, options: Any = None) -> Any:
    """Compute a variable of this population; mistakes and unlikely options take OpenFisca's own way."""
    simulation = self.simulation
    if simulation is None or type(period) is not Period:
        return _plain_call(self, variable_name, period, options)
    variable = simulation.tax_benefit_system.variables.get(variable_name)
    if variable is None or variable.entity.key != self.entity.key:
        return _plain_call(self, variable_name, period, options)
    if options is None:
        return simulation.calculate(variable_name, period)
    if type(options) is list and len(options) == 1 and options[0] is _ADD:
        return simulation.calculate_add(variable_name, period)
    return _plain_call(self, variable_name, period, options)


def _add(self: Any, variable_name: str, period: Any) -> Any:
    """Sum a variable over the parts of a period; mistakes take OpenFisca's own way."""
    variable = self.tax_benefit_system.variables.get(variable_name)
    if variable is None or type(period) is not Period:
        return _plain_add(self, variable_name, period)
    parts = _parts(period, variable.definition_period)
    if parts is None:
        return _plain_add(self, variable_name, period)
    return sum(self.calculate(variable_name, part) for part in parts)


@lru_cache(REMEMBERED)
def _parts(period: Any, unit: Any) -> tuple[Any, ...] | None:
    """Return the parts of a period; None when it has none of that length."""
    if unit == DateUnit.ETERNITY or periods.unit_weight(unit) > periods.unit_weight(period.unit):
        return None
    return tuple(period.get_subperiods(unit))


def _step_lightly() -> Undo:
    return replaced(
        (_TARGETS[0], _calculate), (_TARGETS[2], _add), (_TARGETS[3], _run_formula), (_REST[0], _call)
    )


HOOK = Hook("light-steps", (*_TARGETS, *_REST), frozenset({"8da89aee28bd718c"}), _step_lightly)

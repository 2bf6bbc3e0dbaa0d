# SPDX-License-Identifier: EUPL-1.2
"""One step of a calculation, from a variable's name to its array, in as few calls as its rules need."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy
from openfisca_core import periods
from openfisca_core.errors import CycleError, SpiralError
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import Period
from openfisca_core.populations import _core_population
from openfisca_core.simulations import simulation as simulation_module
from openfisca_core.simulations.simulation import Simulation
from openfisca_core.tracers import SimpleTracer

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced
from flagstone.blocks.rules.service.engine.repairs import note_computed

_SIMULATION = "Simulation."
_TARGETS = tuple(
    Target(simulation_module, _SIMULATION + name)
    for name in (
        "calculate",
        "_calculate",
        "_run_formula",
        "_check_for_cycle",
        "_check_period_consistency",
        "_cast_formula_result",
        "purge_cache_of_invalid_values",
        "get_variable_population",
    )
)
_CALL = Target(_core_population, "CorePopulation.__call__")

_plain_calculate = Simulation.calculate
_plain_call = _core_population.CorePopulation.__call__
_ETERNITY = Period.eternity()


class _Known(NamedTuple):
    """What a variable's name leads to within one simulation."""

    variable: Any
    population: Any
    holder: Any
    arrays: dict[Any, Any]


def _calculate(self: Any, variable_name: str, period: Any) -> Any:
    """Return the array of a variable: a known one at once, else by its formula.

    Tracing, and whatever is not in memory only, takes OpenFisca's own way.
    """
    if type(self.tracer) is not SimpleTracer or self.memory_config is not None or self.opt_out_cache:
        return _plain_calculate(self, variable_name, period)
    if type(period) is not Period:
        if period is None:
            return _plain_calculate(self, variable_name, period)
        period = periods.period(period)
    known = _known(self, variable_name)
    stack = self.tracer.stack
    array = None if known.variable.is_neutralized else known.arrays.get(period)
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
    populations, names = self.__dict__.get("_known_names", (None, {}))
    if populations is not self.populations:  # a copy of a simulation has populations of its own
        names = {}
        self.__dict__["_known_names"] = (self.populations, names)
    found: _Known | None = names.get(name)
    if found is None or found.variable is not self.tax_benefit_system.variables.get(name):
        population = self.get_variable_population(name)
        holder = population.get_holder(name)
        found = _Known(holder.variable, population, holder, holder._memory_storage._arrays)
        names[name] = found
    return found


def _computed(self: Any, known: _Known, period: Any) -> Any:
    variable, population, holder, _arrays = known
    self._check_period_consistency(period, variable)
    array = holder.get_array(period)  # an eternal or neutralised variable is found here
    if array is not None:
        return array
    start = self.start_computation_period
    if start is not None:
        if not isinstance(start, Period):
            self.start_computation_period = start = periods.period(start)
        if period < start:
            return holder.default_array()
    try:
        _check_for_cycle(self, variable.name, period)
        array = self._run_formula(variable, population, period)
        if array is None:
            array = holder.default_array()
        array = self._cast_formula_result(array, variable)
        _keep(holder, array, period)
    except SpiralError:
        array = holder.default_array()
    return array


def _check_for_cycle(self: Any, name: str, period: Any) -> None:
    """Refuse a variable that needs itself for the same period, and stop one that goes on and on."""
    before = [frame["period"] for frame in self.tracer.stack if frame["name"] == name]
    before.pop()  # the one that is being computed
    if not before:
        return
    if period in before:
        raise CycleError(f"Circular definition detected on formula {name}@{period}")
    if len(before) >= self.max_spiral_loops:
        self.invalidate_spiral_variables(name)
        raise SpiralError(f"Quasicircular definition detected on formula {name}@{period}", name)


def _keep(holder: Any, array: Any, period: Any) -> None:
    """Keep a computed array; one of another length or unit goes the long way, to be refused there."""
    variable = holder.variable
    if (
        type(array) is numpy.ndarray
        and array.ndim == 1
        and len(array) == holder.population.count
        and variable.value_type is not Enum
        and period[0] == variable.definition_period
        and period[2] == 1
    ):
        holder._memory_storage._arrays[period] = array
        note_computed(holder, period)
    else:
        holder.put_in_cache(array, period)


def _run_formula(self: Any, variable: Any, population: Any, period: Any) -> Any:
    formula = variable.get_formula(period)
    if formula is None:
        return None
    if formula.__code__.co_argcount == 2:
        return formula(population, period)
    at = self.trace_parameters_at_instant if self.trace else self.tax_benefit_system.get_parameters_at_instant
    return formula(population, period, at)


def _call(self: Any, variable_name: str, period: Any, options: Any = None) -> Any:
    """Compute a variable of this population; options and mistakes take OpenFisca's own way."""
    simulation = self.simulation
    if options is not None or simulation is None or type(period) is not Period:
        return _plain_call(self, variable_name, period, options)
    variable = simulation.tax_benefit_system.variables.get(variable_name)
    if variable is None or variable.entity.key != self.entity.key:
        return _plain_call(self, variable_name, period, options)
    return simulation.calculate(variable_name, period)


def _step_lightly() -> Undo:
    return replaced((_TARGETS[0], _calculate), (_TARGETS[2], _run_formula), (_CALL, _call))


HOOK = Hook("light-steps", (*_TARGETS, _CALL), frozenset({"383d57af96b70fdc"}), _step_lightly)

# SPDX-License-Identifier: EUPL-1.2
"""One step of a calculation, from a variable's name to its array, in as few calls as its rules need."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy
from openfisca_core import periods
from openfisca_core.data_storage import InMemoryStorage, in_memory_storage
from openfisca_core.errors import CycleError, SpiralError
from openfisca_core.holders import Holder
from openfisca_core.holders import holder as holder_module
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.periods import DateUnit, Period
from openfisca_core.populations import ADD, DIVIDE, _core_population
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
        "calculate_divide",
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
    Target(in_memory_storage, "InMemoryStorage.__init__"),
    Target(in_memory_storage, "InMemoryStorage.get"),
    Target(in_memory_storage, "InMemoryStorage.put"),
    Target(holder_module, "Holder.__init__"),
    Target(holder_module, "Holder.get_array"),
    Target(holder_module, "Holder._to_array"),
    Target(holder_module, "Holder._set"),
    Target(simple_tracer, "SimpleTracer.record_calculation_start"),
    Target(simple_tracer, "SimpleTracer.record_calculation_end"),
)

_plain_calculate = Simulation.calculate
_plain_add = Simulation.calculate_add
_plain_divide = Simulation.calculate_divide
_plain_call = _core_population.CorePopulation.__call__
_ETERNITY = Period.eternity()


class _Meaning:
    """What a variable says of itself, found out once for a law."""

    __slots__ = ("dtype", "eternal", "key", "kind", "live", "name", "unit", "variable")

    def __init__(self, variable: Any) -> None:
        self.variable, self.name, self.key = variable, variable.name, variable.entity.key
        self.unit = variable.definition_period
        self.eternal = self.unit == DateUnit.ETERNITY
        self.live = not variable.is_neutralized
        self.dtype = numpy.dtype(variable.dtype)
        self.kind: Any = EnumArray if variable.value_type is Enum else numpy.ndarray

    def __deepcopy__(self, _memo: Any) -> None:
        """Leave a copy of the variable to find out anew."""


class _Known(NamedTuple):
    """What a variable's name leads to within one simulation."""

    meaning: _Meaning
    population: Any
    holder: Any
    storage: Any


def holder_of(population: Any, variable: Any) -> Any:
    """Return a new holder that the population keeps, as OpenFisca makes one that is in memory only."""
    simulation = population.simulation
    if simulation is None or simulation.memory_config is not None:
        return population.get_holder(variable.name)
    eternal = variable.definition_period == DateUnit.ETERNITY
    storage = InMemoryStorage.__new__(InMemoryStorage)
    storage.__dict__ = {"_arrays": {}, "is_eternal": eternal}
    holder = population._holders[variable.name] = Holder.__new__(Holder)
    holder.__dict__ = {
        "population": population,
        "variable": variable,
        "simulation": simulation,
        "_eternal": eternal,
        "_memory_storage": storage,
        "_disk_storage": None,
        "_on_disk_storable": False,
        "_do_not_store": False,
    }
    return holder


def _calculate(self: Any, variable_name: str, period: Any) -> Any:
    """Return the array of a variable: a known one at once, else by its formula."""
    if type(period) is not Period:
        if period is None:
            return _plain_calculate(self, variable_name, period)
        period = periods.period(period)
    return _step(self, _known(self, variable_name), period)


def _step(self: Any, known: _Known, period: Any) -> Any:
    """Return the array of what is known; tracing and all but memory alone take OpenFisca's own way."""
    tracer = self.tracer
    meaning = known[0]
    if type(tracer) is not SimpleTracer or self.memory_config is not None or self.opt_out_cache:
        return _plain_calculate(self, meaning.name, period)
    stack = tracer._stack
    if meaning.live:
        array = known[3]._arrays.get(_ETERNITY if meaning.eternal else period)
        if array is not None:
            if not stack and self.invalidated_caches:
                self.purge_cache_of_invalid_values()
            return array
    stack.append({"name": meaning.name, "period": period})
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
    variable = self.tax_benefit_system.variables.get(name)
    if found is None or found[0].variable is not variable:
        found = names[1][name] = _looked_up(self, name, variable)
    return found


def _looked_up(self: Any, name: str, variable: Any) -> _Known:
    if variable is None:
        self.tax_benefit_system.get_variable(name, check_existence=True)  # says what is missing
    meaning = variable.__dict__.get("_meaning")
    if meaning is None or meaning.variable is not variable:
        meaning = variable.__dict__["_meaning"] = _Meaning(variable)
    population = self.populations[meaning.key]
    holder = population._holders.get(name)
    if holder is None:
        holder = holder_of(population, variable)
    if holder.variable is not variable:  # kept from before a change of the law in place
        meaning = _Meaning(variable)
        meaning.live, meaning.kind = False, None  # nothing is taken for granted
    return _Known(meaning, population, holder, holder._memory_storage)


def _computed(self: Any, known: _Known, period: Any) -> Any:
    meaning, population, holder, _storage = known
    variable = meaning.variable
    if not (meaning.eternal or (period[0] == meaning.unit and period[2] == 1)):
        self._check_period_consistency(period, variable)
    if not meaning.live:
        array = holder.get_array(period)
        if array is not None:
            return array
    if self.start_computation_period is not None and _too_early(self, period):
        return holder.default_array()
    before = _under_way(self.tracer, meaning.name)
    try:
        if before:
            _check_for_cycle(self, meaning.name, period, before)
        before.append(period)
        try:
            array = _run_formula(self, variable, population, period)
        finally:
            before.pop()
        if array is None:
            array = holder.default_array()
        if type(array) is not meaning.kind or array.dtype is not meaning.dtype:
            array = self._cast_formula_result(array, variable)
        _keep(known, array, period)
    except SpiralError:
        array = holder.default_array()
    return array


def _too_early(self: Any, period: Any) -> bool:
    """Tell whether a period is before the first that is computed at all."""
    start = self.start_computation_period
    if not isinstance(start, Period):
        self.start_computation_period = start = periods.period(start)
    return bool(period < start)


def _under_way(tracer: Any, name: str) -> list[Any]:
    """Return the periods for which a variable is being computed."""
    whole = tracer.__dict__.get("_under_way")
    if whole is None:
        whole = tracer.__dict__["_under_way"] = {}
    found: list[Any] | None = whole.get(name)
    if found is None:
        found = whole[name] = []
    return found


def _check_for_cycle(self: Any, name: str, period: Any, before: list[Any]) -> None:
    """Refuse a variable that needs itself for the same period, and stop one that goes on and on."""
    if period in before:
        raise CycleError(f"Circular definition detected on formula {name}@{period}")
    if len(before) >= self.max_spiral_loops:
        self.invalidate_spiral_variables(name)
        raise SpiralError(f"Quasicircular definition detected on formula {name}@{period}", name)


def _keep(known: _Known, array: Any, period: Any) -> None:
    """Keep a computed array; one of another length or unit goes the long way, to be refused there."""
    meaning, population, holder, storage = known
    if (
        type(array) is meaning.kind
        and array.dtype == meaning.dtype
        and array.shape == (population.count,)
        and period[0] == meaning.unit
        and period[2] == 1
        and not holder._do_not_store
    ):
        storage._arrays[period] = array
        note_computed(holder, period)
    else:
        holder.put_in_cache(array, period)


def _run_formula(self: Any, variable: Any, population: Any, period: Any) -> Any:
    memo = variable.__dict__.get("_formulas_by_instant")
    if memo is None:
        memo = variable.__dict__["_formulas_by_instant"] = {}
    found = memo.get(period[1])
    if found is None:
        formula = variable.get_formula(period)
        found = memo[period[1]] = (formula, formula is not None and formula.__code__.co_argcount > 2)
    formula, reads = found
    if formula is None:
        return None
    if not reads:
        return formula(population, period)
    at = self.trace_parameters_at_instant if self.trace else self.tax_benefit_system.get_parameters_at_instant
    return formula(population, period, at)


def _call(self: Any, variable_name: str, period: Any, options: Any = None) -> Any:
    """Compute a variable of this population; mistakes and unlikely options take OpenFisca's own way."""
    simulation = self.simulation
    plainly = type(period) is not Period or type(simulation) is not Simulation
    if plainly or variable_name not in simulation.tax_benefit_system.variables:
        return _plain_call(self, variable_name, period, options)
    known = _known(simulation, variable_name)
    if known[1] is not self:
        return _plain_call(self, variable_name, period, options)
    if options is None:
        return _step(simulation, known, period)
    option = options[0] if type(options) is list and len(options) == 1 else None
    if option is ADD:
        return simulation.calculate_add(variable_name, period)
    if option is DIVIDE:
        return simulation.calculate_divide(variable_name, period)
    return _plain_call(self, variable_name, period, options)


def _add(self: Any, variable_name: str, period: Any) -> Any:
    """Sum a variable over the parts of a period; mistakes take OpenFisca's own way."""
    variable = self.tax_benefit_system.variables.get(variable_name)
    if variable is None or type(period) is not Period or type(self) is not Simulation:
        return _plain_add(self, variable_name, period)
    parts = _parts(period, variable.definition_period)
    if parts is None:
        return _plain_add(self, variable_name, period)
    known = _known(self, variable_name)
    return sum(_step(self, known, part) for part in parts)


@lru_cache(REMEMBERED)
def _parts(period: Any, unit: Any) -> tuple[Any, ...] | None:
    """Return the parts of a period; None when it has none of that length."""
    if unit == DateUnit.ETERNITY or periods.unit_weight(unit) > periods.unit_weight(period.unit):
        return None
    return tuple(period.get_subperiods(unit))


def _divide(self: Any, variable_name: str, period: Any) -> Any:
    """Return the share of a longer period's value; mistakes take OpenFisca's own way."""
    variable = self.tax_benefit_system.variables.get(variable_name)
    share = _share(period, variable.definition_period) if variable and type(period) is Period else None
    if share is None:
        return _plain_divide(self, variable_name, period)
    whole, parts = share
    return self.calculate(variable_name, whole) / parts


@lru_cache(REMEMBERED)
def _share(period: Any, unit: Any) -> tuple[Any, int] | None:
    """Return the year in which a month or year lies, and of how many of these it is made; None for others."""
    if unit != DateUnit.YEAR or period.size != 1 or period.unit not in (DateUnit.YEAR, DateUnit.MONTH):
        return None
    year = period.this_year
    return year, year.size_in_years if period.unit == DateUnit.YEAR else year.size_in_months


def _step_lightly() -> Undo:
    return replaced(
        (_TARGETS[0], _calculate),
        (_TARGETS[2], _add),
        (_TARGETS[3], _divide),
        (_TARGETS[4], _run_formula),
        (_REST[0], _call),
    )


HOOK = Hook("light-steps", (*_TARGETS, *_REST), frozenset({"a2eaaffe47a2fd9b"}), _step_lightly)

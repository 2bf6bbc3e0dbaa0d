# SPDX-License-Identifier: EUPL-1.2
"""One step of a calculation, from a variable's name to its array, in as few calls as its rules need."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from openfisca_core import periods
from openfisca_core.data_storage import in_memory_storage
from openfisca_core.errors import CycleError, SpiralError
from openfisca_core.holders import holder as holder_module
from openfisca_core.periods import DateUnit, Period
from openfisca_core.populations import ADD, DIVIDE, _core_population
from openfisca_core.simulations import simulation as simulation_module
from openfisca_core.simulations.simulation import Simulation
from openfisca_core.tracers import SimpleTracer, simple_tracer
from openfisca_core.variables import variable as variable_module

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced
from flagstone.blocks.rules.service.engine.recording import Recorder
from flagstone.blocks.rules.service.engine.repairs import note_computed
from flagstone.blocks.rules.service.engine.speed.knowing import Meaning, holder_of, meaning_of
from flagstone.blocks.rules.service.engine.speed.times import REMEMBERED
from flagstone.blocks.rules.service.engine.speed.uniform import MANY, refused, uniform

FRAMES_MAX = 3_000
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


def _calculate(self: Any, variable_name: str, period: Any) -> Any:
    """Return the array of a variable: a known one at once, else by its formula."""
    if type(period) is not Period:
        if period is None:
            return _plain_calculate(self, variable_name, period)
        period = periods.period(period)
    variable = self.tax_benefit_system.variables.get(variable_name)
    return _step(self, variable, period) if variable else _plain_calculate(self, variable_name, period)


def _step(self: Any, variable: Any, period: Any) -> Any:
    """Return the array of a variable; tracing and all but memory alone take OpenFisca's own way."""
    meaning = meaning_of(variable)
    population = self.populations[meaning.key]
    holder = population._holders.get(meaning.name) or holder_of(population, variable)
    tracer = self.tracer
    recorded = type(tracer) is Recorder
    if (
        not (recorded or type(tracer) is SimpleTracer)
        or self.memory_config is not None
        or self.opt_out_cache
        or holder.variable is not variable  # kept from before a change of the law in place
    ):
        return _plain_calculate(self, meaning.name, period)
    if not recorded:
        return _array(self, meaning, holder, period)
    key = (meaning.name, _ETERNITY if meaning.eternal else period)
    if meaning.live and tracer._stack:
        array = holder._memory_storage._arrays.get(key[1])
        if array is not None and tracer.again(key, array):
            return array
    node = tracer.begin(key)
    try:
        node.value = _array(self, meaning, holder, period)
        return node.value
    finally:
        tracer.end()


def _array(self: Any, meaning: Meaning, holder: Any, period: Any) -> Any:
    """Return the array that is there, or make it."""
    arrays, key = holder._memory_storage._arrays, _ETERNITY if meaning.eternal else period
    array = arrays.get(key) if meaning.live else None
    if array is None and meaning.fixed and _simple(self, meaning, holder, period):
        array = arrays[key] = _default(self, meaning, holder.population.count)
        note_computed(holder, period)
    stack = self.tracer._stack
    if array is None:
        stack.append({"name": meaning.name, "period": period})
        try:
            array = _computed(self, meaning, holder, period)
        finally:
            stack.pop()
            if not stack and self.invalidated_caches:
                self.purge_cache_of_invalid_values()
    elif not stack and self.invalidated_caches:
        self.purge_cache_of_invalid_values()
    return array


def _simple(self: Any, meaning: Meaning, holder: Any, period: Any) -> bool:
    """Tell whether the default can be kept for a period, and nothing else is to be done."""
    late, kept = self.start_computation_period is not None, not holder._do_not_store
    return not late and kept and _of_unit(meaning, period)


def _of_unit(meaning: Meaning, period: Any) -> bool:
    """Tell whether a period is one for which a variable has values."""
    return meaning.eternal or bool(period[0] == meaning.unit and period[2] == 1)


def _computed(self: Any, meaning: Meaning, holder: Any, period: Any) -> Any:
    usual = _of_unit(meaning, period)
    if not usual:
        self._check_period_consistency(period, meaning.variable)
    if not meaning.live:
        array = holder.get_array(period)
        if array is not None:
            return array
    if self.start_computation_period is not None and _too_early(self, period):
        return holder.default_array()
    try:
        array = _by_formula(self, meaning, holder, period)
        if usual and _fits(meaning, holder, array):
            if len(array) >= MANY and "_spread" not in self.__dict__:
                array = uniform(array)
            holder._memory_storage._arrays[_ETERNITY if meaning.eternal else period] = array
            note_computed(holder, period)
        else:  # the long way refuses it, or turns it into what fits
            holder.put_in_cache(array, period)
    except SpiralError:
        array = holder.default_array()
    return array


def _by_formula(self: Any, meaning: Meaning, holder: Any, period: Any) -> Any:
    """Return what a variable's formula gives, as an array of its kind; SpiralError for one in circles."""
    before = _under_way(holder)
    if before:
        _check_for_cycle(self, meaning.name, period, before)
    before.append(period)
    try:
        array = _run_formula(self, meaning, holder.population, period)
    except ValueError as error:
        if not refused(error, self):
            raise
        array = _run_formula(self, meaning, holder.population, period)
    finally:
        before.pop()
    if type(array) is not meaning.kind or array.dtype is not meaning.dtype:
        array = self._cast_formula_result(array, meaning.variable)
    return array


def _under_way(holder: Any) -> list[Any]:
    """Return the periods for which a holder's variable is being computed; a copy of a holder has its own."""
    found: tuple[Any, list[Any]] | None = holder.__dict__.get("_under_way")
    if found is None or found[0] is not holder:
        found = holder.__dict__["_under_way"] = (holder, [])
    return found[1]


def _fits(meaning: Meaning, holder: Any, array: Any) -> bool:
    """Tell whether a computed array can be kept as it is."""
    return (
        type(array) is meaning.kind
        and array.dtype == meaning.dtype
        and array.shape == (holder.population.count,)
        and not holder._do_not_store
    )


def _too_early(self: Any, period: Any) -> bool:
    """Tell whether a period is before the first that is computed at all."""
    start = self.start_computation_period
    if not isinstance(start, Period):
        self.start_computation_period = start = periods.period(start)
    return bool(period < start)


def _check_for_cycle(self: Any, name: str, period: Any, before: list[Any]) -> None:
    """Refuse a variable that needs itself for the same period, and stop one that goes on and on."""
    if period in before:
        raise CycleError(f"Circular definition detected on formula {name}@{period}")
    if len(before) >= self.max_spiral_loops:
        self.invalidate_spiral_variables(name)
        raise SpiralError(f"Quasicircular definition detected on formula {name}@{period}", name)


def _run_formula(self: Any, meaning: Meaning, population: Any, period: Any) -> Any:
    """Return what a variable's formula gives; its default where it has none, or that gives nothing."""
    formula, reads = meaning.formulas.get(period[1]) or meaning.formula(period)
    if formula is None:
        return _default(self, meaning, population.count)
    if not reads:
        array = formula(population, period)
    else:
        tracer = self.tracer
        recorded = type(tracer) is Recorder
        at = tracer.parameters_at if recorded else self.tax_benefit_system.get_parameters_at_instant
        array = formula(population, period, at)
    return _default(self, meaning, population.count) if array is None else array


def _default(self: Any, meaning: Meaning, count: int) -> Any:
    """Return an array of a variable's default; many keep it once, unless a formula wrote into such."""
    if count < MANY or "_spread" in self.__dict__:
        return meaning.default(count)
    return meaning.shared_default(count)


def _call(self: Any, variable_name: str, period: Any, options: Any = None) -> Any:
    """Compute a variable of this population; mistakes and unlikely options take OpenFisca's own way."""
    simulation = self.simulation
    if options is None and type(period) is Period and type(simulation) is Simulation:
        array = _at_hand(self, simulation, variable_name, period)
        if array is not None:
            return array
        variable = simulation.tax_benefit_system.variables.get(variable_name)
        if variable is not None and variable.entity.key == self.entity.key:
            return _step(simulation, variable, period)
    return _called(self, variable_name, period, options)


def _called(self: Any, variable_name: str, period: Any, options: Any) -> Any:
    """Sum or share out a variable where that is asked; the rest takes OpenFisca's own way."""
    simulation = self.simulation
    option = options[0] if type(options) is list and len(options) == 1 else None
    usual = type(period) is Period and type(simulation) is Simulation
    if usual and (option is ADD or option is DIVIDE):
        variable = simulation.tax_benefit_system.variables.get(variable_name)
        if variable is not None and variable.entity.key == self.entity.key:
            way = simulation.calculate_add if option is ADD else simulation.calculate_divide
            return way(variable_name, period)
    return _plain_call(self, variable_name, period, options)


def _at_hand(population: Any, simulation: Any, name: str, period: Any) -> Any:
    """Return an array that is in memory already; None for one that is not, and where more is to be done."""
    holder, tracer = population._holders.get(name), simulation.tracer
    if holder is None or simulation.invalidated_caches:
        return None
    storage = holder._memory_storage
    when = _ETERNITY if storage.is_eternal else period
    array = storage._arrays.get(when)
    if array is None or holder.variable.is_neutralized:
        return None
    if type(tracer) is SimpleTracer:
        return array
    return array if type(tracer) is Recorder and tracer.again((name, when), array) else None


def _add(self: Any, variable_name: str, period: Any) -> Any:
    """Sum a variable over the parts of a period; mistakes take OpenFisca's own way."""
    variable = self.tax_benefit_system.variables.get(variable_name)
    if variable is None or type(period) is not Period or type(self) is not Simulation:
        return _plain_add(self, variable_name, period)
    parts = _parts(period, variable.definition_period)
    if parts is None:
        return _plain_add(self, variable_name, period)
    return sum(_step(self, variable, part) for part in parts)


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
    limit = sys.getrecursionlimit()
    undo = replaced(
        (_TARGETS[0], _calculate),
        (_TARGETS[2], _add),
        (_TARGETS[3], _divide),
        (_REST[0], _call),
    )

    def restored() -> None:
        undo()
        sys.setrecursionlimit(limit)

    sys.setrecursionlimit(max(limit, FRAMES_MAX))  # a step takes more frames here than OpenFisca's five
    return restored


HOOK = Hook("light-steps", (*_TARGETS, *_REST), frozenset({"a2eaaffe47a2fd9b"}), _step_lightly)

# SPDX-License-Identifier: EUPL-1.2
"""What would have come out otherwise: copies of a situation, each with one other value, computed at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy
from openfisca_core import periods
from openfisca_core.simulations import Simulation

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.faults import CalculationFailed, SituationInvalid
from flagstone.blocks.rules.model.situations import Asked
from flagstone.blocks.rules.service.engine.calculating import run
from flagstone.blocks.rules.service.engine.lineage import Lineage, Place, same, within
from flagstone.blocks.rules.service.engine.recording import Key

COPIES_MAX = 128
SOME = 100.0
PART = 0.1
_OTHERS_MAX = 2
REFUSED = (CalculationFailed, SituationInvalid, ValueError, TypeError, OverflowError)

Buffer = Mapping[str, Mapping[str, Any]]
"""Inputs as they were given: an array by variable and period."""


@dataclass(frozen=True)
class Other:
    """An input, and what it might have been instead; `index` tells whose it is."""

    input: Asked
    index: int
    value: JsonValue
    other: JsonValue


@dataclass(frozen=True)
class Trial:
    """What came out with another input: the new values of those that were asked for."""

    other: Other
    becomes: tuple[JsonValue, ...]


class Batch(NamedTuple):
    """Copies that were computed at once: how many, and in which of them a value that was asked for moved."""

    simulation: Any
    times: int
    moved: Any


def repeated(base: Any, times: int) -> Any:
    """Return a simulation of the same persons and groups `times` over, with no values yet."""
    populations = base.tax_benefit_system.instantiate_entities()
    simulation = Simulation(base.tax_benefit_system, populations)
    for key, population in populations.items():
        known = base.populations[key]
        population.ids = [*known.ids] * times
        population.count = known.count * times
        if not population.entity.is_person:
            count = base.persons.count
            moved = numpy.repeat(numpy.arange(times) * known.count, count)
            population._members_entity_id = numpy.tile(known.members_entity_id, times) + moved
            population._members_role = numpy.tile(known.members_role, times)
    return simulation


def tiled(array: Any, times: int) -> Any:
    """Return an array `times` over, one copy after the other."""
    return array[numpy.arange(len(array) * times) % len(array)]


def give(simulation: Any, key: Key, array: Any) -> None:
    """Put an array into a simulation as if it were known there."""
    name, period = key
    holder = simulation.get_variable_population(name).get_holder(name)
    holder._memory_storage.put(array, period)


def inputs(base: Any) -> Iterator[tuple[Key, Any]]:
    """Yield every array that was given to a simulation, as it is kept."""
    for population in base.populations.values():
        for name, holder in population._holders.items():
            computed = holder.__dict__.get("_computed", ())
            for period, array in holder._memory_storage._arrays.items():
                if period not in computed:
                    yield (name, period), array


def others(variable: Any, value: JsonValue) -> list[JsonValue]:
    """Return what a value might have been: a tenth more or less, the other truth, a year before or after."""
    if isinstance(value, bool):
        return [not value]
    if variable.value_type is float and isinstance(value, int | float):
        return _amounts(float(value))
    if isinstance(value, int | float):
        return [int(value) + 1, *([int(value) - 1] if value != 0 else [])]
    if variable.value_type is date and isinstance(value, str):
        return _days(value)
    if variable.possible_values is not None:
        names = [each.name for each in variable.possible_values]
        at = names.index(value) if value in names else 0
        return [names[(at + step) % len(names)] for step in range(1, min(len(names), _OTHERS_MAX + 1))]
    return []


def _amounts(value: float) -> list[JsonValue]:
    if value == 0:
        return [SOME]
    places = 2 if abs(value) >= 1 else 6
    return [each for each in (round(value * part, places) for part in (1 + PART, 1 - PART)) if each != value]


def _days(value: str) -> list[JsonValue]:
    found: list[JsonValue] = []
    for step in (1, -1):
        with suppress(ValueError):
            day = date.fromisoformat(value)
            moved = min(day.day, 28) if day.month == 2 else day.day
            found.append(day.replace(year=day.year + step, day=moved).isoformat())
    return found


class Trials:
    """Finds out what each input changes in the values that were asked for."""

    def __init__(self, lineage: Lineage, buffer: Buffer, asked: Sequence[tuple[Asked, Place]]) -> None:
        """Try other inputs than those of `buffer`, in the situation of `lineage`."""
        self._lineage = lineage
        self._buffer = buffer
        self._asked = asked
        self._done: list[Batch] = []
        self._parents: dict[Key, list[Key]] = {}
        for key, node in lineage.nodes.items():
            for child in dict.fromkeys(node.children):
                self._parents.setdefault(child, []).append(key)

    def run(self, alternatives: Sequence[Other]) -> tuple[list[Trial], int]:
        """Return what came of each alternative, and how many could not be computed."""
        found: list[Trial] = []
        failed = 0
        waiting = [alternatives] if alternatives else []
        while waiting:
            batch = waiting.pop()
            try:
                found += self._batch(batch)
            except REFUSED:
                half = len(batch) // 2
                if half:
                    waiting += [batch[half:], batch[:half]]
                else:
                    failed += 1
        return found, failed

    def _batch(self, batch: Sequence[Other]) -> list[Trial]:
        times = len(batch)
        simulation = repeated(self._lineage.simulation, times)
        names = {each.input.variable for each in batch}
        for name in names:
            self._give_others(simulation, name, batch)
        touched = self._touched(names)
        for key, array in self._steady(touched, names):
            give(simulation, key, tiled(array, times))
        arrays = [run(simulation, each.variable, place.period, each.period) for each, place in self._asked]
        trials = [Trial(other, self._outcomes(arrays, number)) for number, other in enumerate(batch)]
        before = [self._lineage.value(place) for _, place in self._asked]
        moved = [any(not same(*pair) for pair in zip(before, each.becomes, strict=True)) for each in trials]
        self._done.append(Batch(simulation, times, numpy.array(moved)))
        return trials

    def decides(self, place: Place) -> bool:
        """Tell whether a value moved in one of the trials in which a value that was asked for did."""
        before = self._lineage.nodes[place.array].value
        for simulation, times, moved in self._done:
            holder = simulation.get_variable_population(place.name).get_holder(place.name)
            after = holder._memory_storage.get(place.period)
            if before is None or after is None or not moved.any():
                continue
            column = numpy.asarray(after).reshape(times, -1)[:, place.at]
            for number in numpy.flatnonzero((column != numpy.asarray(before)[place.at]) & moved):
                if not same(self._lineage.value(place), self._outcome(after, place, int(number))):
                    return True
        return False

    def _outcomes(self, arrays: Sequence[Any], number: int) -> tuple[JsonValue, ...]:
        places = [place for _, place in self._asked]
        return tuple(self._outcome(each, place, number) for each, place in zip(arrays, places, strict=True))

    def _outcome(self, array: Any, place: Place, number: int) -> JsonValue:
        return self._lineage.of(self._part(array, place, number), place)

    def _part(self, array: Any, place: Place, number: int) -> Any:
        """Return the part of an array that belongs to one copy."""
        count = self._lineage.population(place).count
        return array[number * count : (number + 1) * count]

    def _give_others(self, simulation: Any, name: str, batch: Sequence[Other]) -> None:
        """Give a variable's inputs as the situation does, short periods first, with the batch's changes."""
        holder = simulation.get_variable_population(name).get_holder(name)
        given = self._buffer[name]
        for period in sorted(map(periods.period, given), key=periods.key_period_size):
            count = len(given[str(period)])
            array = tiled(given[str(period)], len(batch))
            for number, each in enumerate(batch):
                if each.input.variable == name and periods.period(each.input.period) == period:
                    array[number * count + each.index] = holder.variable.check_set_value(each.other)
            if holder.variable.end is None or period.start.date <= holder.variable.end:
                holder.set_input(period, array)

    def _touched(self, names: Iterable[str]) -> set[Key]:
        """Return every array that was made from one of these variables, and theirs."""
        nodes = self._lineage.nodes
        waiting = [key for key in nodes if key[0] in names]
        found = set(waiting)
        while waiting:
            for parent in self._parents.get(waiting.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    def _steady(self, touched: set[Key], names: Iterable[str]) -> Iterator[tuple[Key, Any]]:
        """Yield what stays as it was and is read by what does not; and all the other inputs."""
        nodes = self._lineage.nodes
        seen = set()
        for key in touched:
            for child in nodes[key].children:
                if child not in touched and child not in seen and nodes[child].value is not None:
                    seen.add(child)
                    yield child, nodes[child].value
        for key, array in inputs(self._lineage.simulation):
            if key not in seen and key[0] not in names:
                yield key, array


def alternatives(
    lineage: Lineage, given: Sequence[tuple[Asked, JsonValue]], near: Mapping[Key, int]
) -> tuple[list[Other], int]:
    """Return which inputs to try otherwise, the nearest first, and how many are too many.

    `near` tells how many steps each array is away from what was asked.
    """
    tried: list[tuple[int, list[Other]]] = []
    left = 0
    for each, value in given:
        variable = lineage.simulation.tax_benefit_system.variables[each.variable]
        steps = [
            n for (name, period), n in near.items() if name == each.variable and within(period, each.period)
        ]
        if not steps:
            continue
        ids = [str(one) for one in lineage.simulation.get_variable_population(each.variable).ids]
        index = ids.index(each.instance)
        instead = [Other(each, index, value, other) for other in others(variable, value)]
        left += not instead
        if instead:
            tried.append((min(steps), instead))
    chosen: list[Other] = []
    for _, instead in sorted(tried, key=lambda pair: pair[0]):
        if len(chosen) + len(instead) > COPIES_MAX:
            left += 1
        else:
            chosen += instead
    return chosen, left

# SPDX-License-Identifier: EUPL-1.2
"""A situation of the usual kind is read, computed and answered in one pass over it.

Whatever is not usual (axes, mistakes, values of unlikely types) is left to the long way, which knows every
case and names the place of each mistake.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy
from openfisca_core import periods
from openfisca_core.holders import helpers as holder_helpers
from openfisca_core.holders import holder as holder_module
from openfisca_core.periods import Period
from openfisca_core.simulations import Simulation, simulation_builder
from openfisca_core.variables import variable as variable_module

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Situation
from flagstone.blocks.rules.model.situations import Asked
from flagstone.blocks.rules.service.engine import calculating
from flagstone.blocks.rules.service.engine.calculating import run
from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.speed.knowing import holder_of
from flagstone.blocks.rules.service.engine.speed.values import Known, Unusual

REMEMBERED = 65_536
_ETERNITY = Period.eternity()


class _Group:
    """A kind of group: its entity, and its roles by the name under which a group lists its persons."""

    def __init__(self, entity: Any) -> None:
        self.entity = entity
        self.first = entity.flattened_roles[0]
        self.roles = {role.plural or role.key: role for role in entity.roles}


class _Tables:
    """What the names in a situation mean in one law."""

    def __init__(self, system: Any) -> None:
        self.persons = system.person_entity.plural
        self.person_key = system.person_entity.key
        self.groups = {each.plural: _Group(each) for each in system.group_entities}
        self.known: dict[str, Known] = {}

    def variable(self, system: Any, name: str) -> Known:
        """Return what a variable's name means; Unusual when the law lacks it or has switched it off."""
        found = self.known.get(name)
        variable = system.variables.get(name)
        if found is None or found.variable is not variable:
            if variable is None or variable.is_neutralized:
                raise Unusual
            found = self.known[name] = Known(variable)
        return found


_TABLES: WeakKeyDictionary[Any, _Tables] = WeakKeyDictionary()


def _tables(system: Any) -> _Tables:
    found = _TABLES.get(system)
    if found is None:
        found = _TABLES[system] = _Tables(system)
    return found


@lru_cache(REMEMBERED)
def _period(text: str) -> Any:
    """Return a period that is written as OpenFisca writes it; ValueError for every other text."""
    period = periods.period(text)
    if str(period) != text:
        raise ValueError(text)
    return period


class _Reading:
    """What one pass over a situation found."""

    def __init__(self, system: Any, situation: Situation) -> None:
        self.system = system
        self.tables = _tables(system)
        self.situation: Any = situation
        self.inputs: dict[str, tuple[Known, dict[Any, Any]]] = {}
        self.asked: list[tuple[Known, Any, int, tuple[str, str, str, str]]] = []
        self.count = 0
        persons = self.situation.get(self.tables.persons)
        if type(persons) is not dict or not persons:
            raise Unusual
        self.persons = list(persons)
        self.ids: dict[str, list[str]] = {self.tables.persons: self.persons}
        self.members: dict[str, tuple[Any, Any]] = {}

    def read(self, bounds: Bounds) -> None:
        """Read everything; Unusual when there is more than may be."""
        for plural in self.situation:
            if plural != self.tables.persons and plural not in self.tables.groups:
                raise Unusual
        for plural, group in self.tables.groups.items():
            self._place(plural, group)
        for plural, instances in self.situation.items():
            self._values_of(plural, instances)
        instances_count = sum(map(len, self.situation.values()))
        if instances_count > bounds.instances_max or bounds.copies_max < 1:
            raise Unusual
        if self.count > min(bounds.values_max, bounds.cells_max):
            raise Unusual

    def _place(self, plural: str, group: _Group) -> None:
        """Find each person's group of a kind and her role in it."""
        count = len(self.persons)
        groups = self.situation.get(plural)
        if plural not in self.situation:
            self.ids[plural] = self.persons
            self.members[plural] = (numpy.arange(count), _objects([group.first] * count))
            return
        if type(groups) is not dict:
            raise Unusual
        places = {person: number for number, person in enumerate(self.persons)}
        members, roles = [-1] * count, [group.first] * count
        for number, told in enumerate(groups.values()):
            for name, role in group.roles.items():
                listed = told.get(name)
                if listed is not None or name in told:
                    _join(listed, role, number, (places, members, roles))
        ids = list(groups)
        for place, person in enumerate(self.persons):
            if members[place] < 0:
                if person in groups:
                    raise Unusual
                members[place] = len(ids)
                ids.append(person)
        self.ids[plural] = ids
        self.members[plural] = (numpy.array(members), _objects(roles))

    def _values_of(self, plural: str, instances: Any) -> None:
        """Read the values of all instances of a kind, given and asked for."""
        group = self.tables.groups.get(plural)
        roles: Any = group.roles if group else ()
        for number, (instance, told) in enumerate(instances.items()):
            if type(told) is not dict:
                raise Unusual
            for name, values in told.items():
                if name in roles:
                    continue
                known = self.tables.variable(self.system, name)
                if known.plural != plural or type(values) is not dict:
                    raise Unusual
                self.count += len(values)
                for text, value in values.items():
                    if value is None:
                        period = known.asked(_period(text))
                        self.asked.append((known, period, number, (plural, instance, name, text)))
                    else:
                        self._take(known, _period(text), number, value)

    def _take(self, known: Known, period: Any, number: int, value: JsonValue) -> None:
        entry = self.inputs.get(known.name)
        if entry is None:
            entry = self.inputs[known.name] = (known, {})
        array = entry[1].get(period)
        if array is None:
            array = entry[1][period] = known.defaults(len(self.ids[known.plural]))
        array[number] = known.taken(value)

    def simulation(self) -> Any:
        """Return a simulation with what was read."""
        populations = self.system.instantiate_entities()
        simulation = Simulation(self.system, populations)
        for population in populations.values():
            plural = population.entity.plural
            population.ids = self.ids[plural]
            population.count = len(population.ids)
            if plural in self.members:
                population._members_entity_id, population._members_role = self.members[plural]
        for known, arrays in self.inputs.values():
            population = populations[known.key]
            holder = holder_of(population, known.variable)
            _put(holder, known, arrays)
        return simulation


def _objects(values: list[Any]) -> Any:
    array = numpy.empty(len(values), dtype=object)
    array[:] = values
    return array


def _join(listed: Any, role: Any, number: int, found: tuple[dict[str, int], list[int], list[Any]]) -> None:
    """Put the persons whom a group lists under a role into it."""
    places, members, roles = found
    most = len(role.subroles) if role.subroles else role.max
    if type(listed) is not list or (most is not None and len(listed) > most):
        raise Unusual
    for at, person in enumerate(listed):
        place = places[person]
        if members[place] >= 0:
            raise Unusual
        members[place] = number
        roles[place] = role.subroles[at] if role.subroles else role


def _put(holder: Any, known: Known, arrays: dict[Any, Any]) -> None:
    """Give a holder its inputs, those of short periods first."""
    stored = holder._memory_storage._arrays
    ordered = arrays if len(arrays) == 1 else sorted(arrays, key=periods.key_period_size)
    for period in ordered:
        if known.end is not None and period.start.date > known.end:
            continue
        if known.stores(period):
            stored[_ETERNITY if known.eternal else period] = arrays[period]
        else:
            holder.set_input(period, arrays[period])


def answered(law: Law, situation: Situation, bounds: Bounds) -> dict[str, JsonValue] | None:
    """Return the situation with its nulls replaced; None when it is for the long way."""
    try:
        reading = _Reading(law.system, situation)
        reading.read(bounds)
        simulation = reading.simulation()
    except (Unusual, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
    found = []
    try:
        for known, period, number, path in reading.asked:
            array = run(simulation, known.name, period, path[3])
            found.append(known.shown(array, number))
            if found[-1] is None:
                calculating.finite(array.item(number), Asked(*path))
    finally:
        _dismantle(simulation)
    return _filled(reading.situation, [path for *_, path in reading.asked], found)


def _dismantle(simulation: Any) -> None:
    """Part what refers to each other in circles, so that its memory is free at once."""
    for population in simulation.populations.values():
        for holder in population._holders.values():
            holder.__dict__.clear()
        population.__dict__.clear()
    simulation.__dict__.clear()


def _filled(situation: Any, paths: list[tuple[str, str, str, str]], found: list[Any]) -> dict[str, JsonValue]:
    """Return the situation with values in the places that `paths` name; what has none of them is shared."""
    whole = dict(situation)
    copied: dict[tuple[str, ...], Any] = {}
    for (plural, instance, name, text), value in zip(paths, found, strict=True):
        values = copied.get((plural, instance, name))
        if values is None:
            told = copied.get((plural, instance))
            if told is None:
                instances = copied.get((plural,))
                if instances is None:
                    instances = whole[plural] = copied[(plural,)] = dict(whole[plural])
                told = instances[instance] = copied[(plural, instance)] = dict(instances[instance])
            values = told[name] = copied[(plural, instance, name)] = dict(told[name])
        values[text] = value
    return whole


_BUILDER = tuple(
    Target(simulation_builder, "SimulationBuilder." + name)
    for name in (
        "build_from_entities",
        "add_person_entity",
        "add_default_group_entity",
        "add_group_entity",
        "check_persons_to_allocate",
        "init_variable_values",
        "add_variable_value",
        "finalize_variables_init",
    )
)
_REST = (
    Target(holder_module, "Holder.__init__"),
    Target(holder_module, "Holder.set_input"),
    Target(holder_module, "Holder._to_array"),
    Target(holder_module, "Holder._set"),
    Target(holder_helpers, "set_input_dispatch_by_period"),
    Target(holder_helpers, "set_input_divide_by_period"),
    Target(variable_module, "Variable.check_set_value"),
    Target(variable_module, "Variable.default_array"),
)


def _answer_at_once() -> Undo:
    return replaced((Target(calculating, "shortcut"), answered))


HOOK = Hook(
    "situations-at-once",
    (*_BUILDER, *_REST),
    frozenset({"3e00f97dc8834841", "317dd44cfcb024c1"}),
    _answer_at_once,
)

# SPDX-License-Identifier: EUPL-1.2
"""Which single values a value was made from: a recorded calculation, taken apart by persons and groups."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

import numpy
from openfisca_core import periods
from openfisca_core.periods import DateUnit

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.model.situations import Asked
from flagstone.blocks.rules.service.engine.calculating import plain
from flagstone.blocks.rules.service.engine.recording import ETERNITY, Key, Node, Recorder

NOISE = 1e-9
"""Up to which part of themselves two amounts are the same: they may differ in their last bits."""


class Place(NamedTuple):
    """One value: a variable, a period of OpenFisca, and whose it is, as a number in its population."""

    name: str
    period: Any
    at: int

    @property
    def array(self) -> Key:
        """The array that holds it."""
        return self.name, self.period


class Lineage:
    """A recorded calculation of one situation, whose inputs are `stated`."""

    def __init__(self, simulation: Any, recorder: Recorder, stated: frozenset[Asked]) -> None:
        """Look at what `recorder` noted in `simulation`."""
        self.simulation = simulation
        self.nodes = recorder.nodes
        self._stated: dict[tuple[str, str], list[str]] = {}
        for each in stated:
            self._stated.setdefault((each.variable, each.instance), []).append(each.period)
        self._children: dict[Place, tuple[Place, ...]] = {}
        self._values: dict[Place, JsonValue] = {}
        self._of_entity = {each.entity.key: each for each in simulation.populations.values()}

    def variable(self, place: Place) -> Any:
        """Return OpenFisca's variable of a place."""
        return self.simulation.tax_benefit_system.variables[place.name]

    def population(self, place: Place) -> Any:
        """Return the population to which a place belongs."""
        return self._of_entity[self.variable(place).entity.key]

    def instance(self, place: Place) -> str:
        """Return whose value it is, as the situation names them."""
        return str(self.population(place).ids[place.at])

    def key(self, place: Place) -> str:
        """Return `variable<period>@instance`."""
        return f"{place.name}<{place.period}>@{self.instance(place)}"

    def find(self, key: str) -> Place | None:
        """Return the place of a key; None when nothing like it was computed."""
        head, _, instance = key.partition(">@")
        name, _, text = head.partition("<")
        for (each, period), node in self.nodes.items():
            if each == name and str(period) == text and node.value is not None:
                population = self.population(Place(name, period, 0))
                ids = [str(one) for one in population.ids]
                return Place(name, period, ids.index(instance)) if instance in ids else None
        return None

    def value(self, place: Place) -> JsonValue:
        """Return the value as JSON has it."""
        try:
            return self._values[place]  # it is looked at many times, in each language and for each step above
        except KeyError:
            found = self._values[place] = self.of(self.nodes[place.array].value, place)
            return found

    def of(self, array: Any, place: Place) -> JsonValue:
        """Return the value of an array that stands where a place's does."""
        found: JsonValue = plain(array[place.at : place.at + 1])[0]
        return found

    def formula(self, place: Place) -> str:
        """Return the day from which the formula that made it holds; empty for an input or a default."""
        if self.is_input(place.array):
            return ""
        variable = self.variable(place)
        start = place.period.start.date
        if variable.is_neutralized or (variable.end is not None and start > variable.end):
            return ""
        dates = [each for each in variable.formulas if each <= start.isoformat()]
        return max(dates, default="")

    def is_input(self, key: Key) -> bool:
        """Tell whether an array was given, at least for somebody."""
        name, period = key
        holder = self._of_entity[self.simulation.tax_benefit_system.variables[name].entity.key]._holders.get(
            name
        )
        return (
            holder is not None
            and period in holder._memory_storage._arrays
            and period not in holder.__dict__.get("_computed", ())
        )

    def is_stated(self, place: Place) -> bool:
        """Tell whether somebody stated this value, for its period or one around it."""
        if not self.is_input(place.array):
            return False
        texts = self._stated.get((place.name, self.instance(place)), ())
        return any(within(place.period, text) for text in texts)

    def children(self, place: Place) -> tuple[Place, ...]:
        """Return the values from which the formula made it, in the order in which they were read."""
        found = self._children.get(place)
        if found is None:
            node = self.nodes[place.array]
            found = self._children[place] = tuple(dict.fromkeys(self._related(place, node)))
        return found

    def _related(self, place: Place, node: Node) -> Iterator[Place]:
        formula = self.variable(place).get_formula(place.period) if node.children else None
        names = names_in(formula.__code__) if formula is not None else frozenset()
        for name, period in dict.fromkeys(node.children):
            child = Place(name, period, 0)
            if self.nodes[child.array].value is None:
                continue
            for index in self._kin(place, self.population(child), names):
                yield Place(name, period, index)

    def _kin(self, place: Place, to: Any, names: frozenset[str]) -> list[int]:
        """Return who of a population can have had a part in a value."""
        own = self.population(place)
        if own is to:
            return self._same_kind(place.at, own, names)
        if own.entity.is_person:
            return [int(to.members_entity_id[place.at])]
        persons = members(own, place.at)
        if to.entity.is_person:
            return persons
        return sorted({int(to.members_entity_id[each]) for each in persons})

    def _same_kind(self, index: int, own: Any, names: frozenset[str]) -> list[int]:
        """Return a person, and those of her groups whose members the formula looks at."""
        if not own.entity.is_person or "members" not in names:
            return [index]
        groups = [each for key, each in self._of_entity.items() if key in names and not each.entity.is_person]
        others = {one for each in groups for one in members(each, int(each.members_entity_id[index]))}
        return [index, *sorted(others - {index})]


def members(group: Any, index: int) -> list[int]:
    """Return the persons of one group of a population, in order."""
    return [int(each) for each in numpy.flatnonzero(group.members_entity_id == index)]


@lru_cache(maxsize=16_384)
def within(period: Any, text: str) -> bool:
    """Tell whether a period lies in one that is written as text, or is for ever."""
    if period == ETERNITY:
        return True
    whole = periods.period(text)
    return bool(whole == ETERNITY or (whole.start <= period.start and period.stop <= whole.stop))


@lru_cache(maxsize=16_384)
def names_in(code: CodeType) -> frozenset[str]:
    """Return the names that a function uses, and what is defined in it."""
    inner = [names_in(each) for each in code.co_consts if isinstance(each, CodeType)]
    return frozenset(code.co_names).union(*inner)


def same(one: JsonValue, other: JsonValue) -> bool:
    """Tell whether two values are the same but for noise."""
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if numbers and not isinstance(one, bool) and not isinstance(other, bool):
        return abs(float(one) - float(other)) <= NOISE * max(1.0, abs(float(one)))  # type: ignore[arg-type]
    return one == other


def placed(lineage: Lineage, asked: Asked) -> Place:
    """Return the place of a value that was asked for."""
    variable = lineage.simulation.tax_benefit_system.variables[asked.variable]
    period = ETERNITY if variable.definition_period == DateUnit.ETERNITY else periods.period(asked.period)
    population = lineage.population(Place(asked.variable, period, 0))
    return Place(asked.variable, period, [str(each) for each in population.ids].index(asked.instance))

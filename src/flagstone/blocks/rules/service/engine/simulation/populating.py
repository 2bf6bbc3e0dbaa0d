# SPDX-License-Identifier: EUPL-1.2
"""Makes households up by a law's pattern; each depends on the seed and its own number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy

from flagstone.blocks.rules.contract.catalogue import PeriodUnit, ValueKind
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.simulation.chance import Chance
from flagstone.blocks.rules.service.engine.simulation.patterns import MILLION, Pattern, Value
from flagstone.blocks.rules.service.engine.simulation.people import Array, Grouping, Input, People, seats

_DAYS, _MONTHS = 365, 12
_ADULT_AGE = 18


@dataclass(frozen=True)
class Maker:
    """Makes people up for a year."""

    law: Law
    pattern: Pattern
    year: int
    seed: int

    def people(self, first: int, last: int) -> People:
        """Return the households numbered from `first` up to, and not including, `last`."""
        return _Making(self, numpy.arange(first, last)).people

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of members in the pattern's order."""
        return tuple(self.pattern.members)


class _Making:
    """Some households while they are made; persons stand household by household, in the shape's order."""

    def __init__(self, maker: Maker, numbers: Array) -> None:
        self._maker, self._pattern = maker, maker.pattern
        self._chance = Chance(maker.seed, numbers)
        shapes = self._pattern.shapes
        self._shape = self._chance.among("shape", [each.share for each in shapes])
        sizes = numpy.array([len(each.members) for each in shapes])[self._shape]
        self._homes = numpy.repeat(numpy.arange(len(numbers)), sizes)
        starts = numpy.cumsum(sizes) - sizes
        self._place = numpy.arange(len(self._homes)) - starts[self._homes]
        self._starts, self._count = starts, len(numbers)
        most = max(len(each.members) for each in shapes)
        table = numpy.full((len(shapes), most), -1)
        for number, shape in enumerate(shapes):
            table[number, : len(shape.members)] = [maker.kinds.index(each) for each in shape.members]
        self._kind = table[self._shape[self._homes], self._place]
        self._ages = self._all_ages(most)
        self._true: dict[str, Array] = {}

    @property
    def people(self) -> People:
        """All of them with what is drawn for each."""
        inputs = list(self._births())
        for value in sorted(self._pattern.values, key=lambda each: bool(each.unless)):
            inputs += self._inputs(value)
        weights = numpy.ones(self._count)
        return People(weights, self._homes, self._groups(), tuple(inputs))

    def _groups(self) -> dict[str, Grouping]:
        """Return one group of each kind for each household, with the shape's roles."""
        found = {}
        for entity in (
            each.key for each in self._maker.law.catalogue.entities.values() if not each.is_person
        ):
            taken = seats(self._maker.law, entity)
            table = numpy.zeros((len(self._pattern.shapes), int(self._place.max()) + 1), dtype=numpy.int64)
            for number, shape in enumerate(self._pattern.shapes):
                before: dict[str, int] = {}
                for place, kind in enumerate(shape.members[: table.shape[1]]):
                    role = self._pattern.members[kind].roles[entity]
                    nth = before[role] = before.get(role, -1) + 1
                    table[number, place] = taken[role][min(nth, len(taken[role]) - 1)]
            roles = table[self._shape[self._homes], self._place]
            found[entity] = Grouping(self._homes, roles, numpy.arange(self._count))
        return found

    def _all_ages(self, most: int) -> Array:
        """Return each person's age: the first's by the shape, the others' near it or a gap below."""
        ages = numpy.zeros(len(self._homes), dtype=numpy.int64)
        first = numpy.zeros(self._count, dtype=numpy.int64)
        for number, shape in enumerate(self._pattern.shapes):
            drawn = self._chance.along(f"age/{number}", (*shape.ages[:-1], shape.ages[-1] + 1))
            first = numpy.where(self._shape == number, numpy.minimum(drawn, shape.ages[-1]), first)
        for place in range(most):
            here = self._place == place
            at = self._homes[here]
            ages[here] = self._ages_at(place, first)[at, self._kind[here]] if place else first[at]
        return ages

    def _ages_at(self, place: int, first: Array) -> Array:
        """Return the age at a place of the household for each kind of member: a row a household."""
        columns = []
        for name in self._maker.kinds:
            member, label = self._pattern.members[name], f"age/{place}/{name}"
            if member.is_child:
                drawn = self._chance.along(label, (*member.ages[:-1], member.ages[-1] + 1))
                limit = numpy.maximum(first - member.gap, 0)
                columns.append(numpy.minimum(numpy.minimum(drawn, member.ages[-1]), limit))
            else:
                away = self._chance.between(label, -member.near, member.near)
                columns.append(numpy.maximum(first + away, _ADULT_AGE))
        return numpy.stack(columns, axis=1)

    def _births(self) -> list[Input]:
        if not self._pattern.birth:
            return []
        day = self._per_place("birth", lambda label: self._chance.between(label, 0, _DAYS - 1))
        year = (self._maker.year - self._ages - 1970).astype("datetime64[Y]")
        dates = year.astype("datetime64[D]") + day.astype("timedelta64[D]")
        unit = self._maker.law.catalogue.variables[self._pattern.birth].period
        period = "ETERNITY" if unit is PeriodUnit.ETERNITY else f"{self._maker.year}-01"
        return [Input(self._pattern.birth, period, dates)]

    def _inputs(self, value: Value) -> list[Input]:
        """Return a variable's values for each of its periods."""
        is_person = value.variable.entity == self._maker.law.catalogue.persons.key
        who = self._whose(value, is_person=is_person)
        drawn = self._drawn(value, is_person=is_person)
        if value.variable.kind is ValueKind.BOOL:
            self._true[value.variable.name] = who
        if value.variable.period is PeriodUnit.ETERNITY:
            return [Input(value.variable.name, "ETERNITY", _masked(drawn, who, value))]
        found = []
        for year in range(self._maker.year - self._pattern.years_before, self._maker.year + 1):
            this = who & ~self._true[value.unless] if value.unless and year == self._maker.year else who
            if value.variable.period is PeriodUnit.YEAR:
                found.append(Input(value.variable.name, str(year), _masked(drawn, this, value)))
            else:
                found += self._monthly(value, year, _masked(drawn, this, value), is_person=is_person)
        return found

    def _monthly(self, value: Value, year: int, values: Array, *, is_person: bool) -> list[Input]:
        """Return twelve months; in the year that is simulated some persons have fewer."""
        if year != self._maker.year or value.months == MILLION:
            months = [numpy.ones(len(values), dtype=bool)] * _MONTHS
        else:
            months = self._months(value, is_person=is_person)
        blank = _blank(value, len(values))
        return [
            Input(value.variable.name, f"{year}-{month:02}", numpy.where(paid, values, blank))
            for month, paid in enumerate(months, start=1)
        ]

    def _months(self, value: Value, *, is_person: bool) -> list[Array]:
        name = value.variable.name
        whole = self._per(
            f"{name}/whole", lambda label: self._chance.happens(label, value.months), is_person=is_person
        )
        count = self._per(
            f"{name}/count", lambda label: self._chance.between(label, 1, 11), is_person=is_person
        )
        start = self._per(
            f"{name}/start", lambda label: self._chance.between(label, 0, 11), is_person=is_person
        )
        return [whole | ((month - start) % _MONTHS < count) for month in range(_MONTHS)]

    def _whose(self, value: Value, *, is_person: bool) -> Array:
        """Tell which instances have a value at all."""
        name = value.variable.name
        has = self._per(
            f"{name}/has", lambda label: self._chance.happens(label, value.chance), is_person=is_person
        )
        some = self._households_with(value)
        if not is_person:
            return has & some
        wanted = [number for number, kind in enumerate(self._maker.kinds) if kind in value.members]
        of_kind = numpy.isin(self._kind, wanted) if value.members else numpy.ones(len(has), dtype=bool)
        least, most = value.ages
        return has & of_kind & (self._ages >= least) & (self._ages <= most) & some[self._homes]

    def _households_with(self, value: Value) -> Array:
        """Tell which households are of the kind that a value asks for."""
        child = numpy.array([self._pattern.members[kind].is_child for kind in self._maker.kinds])[self._kind]
        found = numpy.ones(self._count, dtype=bool)
        if value.child_below:
            young = child & (self._ages < value.child_below)
            found &= numpy.bincount(self._homes, weights=young, minlength=self._count) > 0
        if value.couples:
            found &= numpy.bincount(self._homes, weights=~child, minlength=self._count) >= 2
        return found

    def _drawn(self, value: Value, *, is_person: bool) -> Array:
        name = value.variable.name
        if value.variable.kind is ValueKind.BOOL:
            return numpy.ones(len(self._homes) if is_person else self._count, dtype=bool)
        if value.variable.kind is ValueKind.ENUM:
            weights = [*value.choices.values()]
            place = self._per(name, lambda label: self._chance.among(label, weights), is_person=is_person)
            return numpy.array([*value.choices])[place]
        whole = self._per(name, lambda label: self._chance.along(label, value.quantiles), is_person=is_person)
        return whole if value.variable.kind is ValueKind.INT else whole / 100

    def _per(self, label: str, draw: Any, *, is_person: bool) -> Array:
        """Draw for each person, or for each household."""
        return self._per_place(label, draw) if is_person else draw(label)

    def _per_place(self, label: str, draw: Any) -> Array:
        """Draw for each person by her place in the household."""
        most = int(self._place.max()) + 1
        columns = numpy.stack([draw(f"{label}/{place}") for place in range(most)], axis=1)
        return columns[self._homes, self._place]


def _masked(values: Array, who: Array, value: Value) -> Array:
    return numpy.where(who, values, _blank(value, len(values)))


def _blank(value: Value, count: int) -> Array:
    """Return what those have who have no value: nothing, or a list's first item."""
    if value.variable.kind is ValueKind.ENUM:
        return numpy.full(count, value.variable.values[0])
    return numpy.zeros(count, dtype=bool if value.variable.kind is ValueKind.BOOL else None)

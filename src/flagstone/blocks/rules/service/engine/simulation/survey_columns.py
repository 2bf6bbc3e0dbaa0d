# SPDX-License-Identifier: EUPL-1.2
"""What the columns of a survey mean, cell by cell, and the people that its households make."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import isfinite
from typing import Any

import numpy
from openfisca_core import periods

from flagstone.blocks.rules.contract.catalogue import Entity, PeriodUnit, ValueKind, Variable
from flagstone.blocks.rules.contract.faults import SurveyInvalid
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.simulation.people import Array, Grouping, Input, People, seats
from flagstone.kernel.errors import Flaw

PEOPLE_MAX = 100
"""Most persons of one household."""

NUMBER_MAX = 1e12
WEIGHT_MAX = 1e9
NAME_LENGTH_MAX = 100
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_WHOLE = re.compile(r"[+-]?\d{1,15}")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_OWN = ("household", "weight", "person", "role")
_ANY_YEAR = 2000


class _Wrong(Exception):
    """A cell that cannot be read; its flaw says what it must be, and nothing of what it is."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


@dataclass(frozen=True)
class Column:
    """A column of a variable's values for a period."""

    at: int
    name: str
    variable: Variable
    period: str


@dataclass(frozen=True)
class Row:
    """A person: her household, its weight if told, roles and groups by entity, and values by column."""

    line: int
    household: str
    weight: float | None
    roles: Mapping[str, str]
    groups: Mapping[str, str]
    values: Sequence[Any]


@dataclass
class Household:
    """The rows of one household."""

    name: str
    rows: list[Row]
    weight: float = field(default=0.0)

    def finish(self, flaws: list[Flaw]) -> None:
        """Note what is wrong with the household as a whole, and take its weight."""
        first = self.rows[0]
        told = {each.weight for each in self.rows if each.weight is not None}
        if first.weight is None or len(told) > 1:
            message = "The first row of a household has its weight, and no other row another."
            flaws.append(Flaw(f"line {first.line}, column weight", message))
        if len(self.rows) > PEOPLE_MAX:
            here, most = f"line {first.line}", PEOPLE_MAX
            flaws.append(Flaw.filled(here, "A household has %(most)s persons at most.", most=most))
        self.weight = first.weight or 0.0


@dataclass(frozen=True)
class Header:
    """What each column is."""

    places: Mapping[str, int]
    roles: Mapping[str, tuple[int, Mapping[str, tuple[int, ...]]]]
    groups: Mapping[str, int]
    values: tuple[Column, ...]

    @classmethod
    def read(cls, names: Sequence[Any], law: Law, year: int) -> Header:
        """Return what the names of columns mean; SurveyInvalid names those that mean nothing.

        `year` 0 is any year: then only the form of periods is looked at.
        """
        flaws: list[Flaw] = []
        places = {str(name): at for at, name in enumerate(names)}
        for name in ("household", "weight"):
            if name not in places:
                flaws.append(Flaw(f"line 1, column {name}", "This column is missing."))
        kinds = [each for each in law.catalogue.entities.values() if not each.is_person]
        roles = {}
        for entity in kinds:
            at = places.get(f"role:{entity.key}", places.get("role"))
            if at is None:
                flaws.append(Flaw(f"line 1, column role:{entity.key}", "This column is missing."))
            else:
                roles[entity.key] = (at, seats(law, entity.key))
        groups = {each.key: places[f"group:{each.key}"] for each in kinds if f"group:{each.key}" in places}
        values = tuple(_columns(places, law, (year, kinds), flaws))
        if flaws:
            raise SurveyInvalid(flaws=tuple(flaws[:20]))
        return cls(places, roles, groups, values)

    def row(self, line: int, cells: Sequence[Any], flaws: list[Flaw]) -> Row | None:
        """Return a person; None when a cell is wrong, which is then noted with its line and column."""
        before = len(flaws)

        def read(at: int, name: str, reading: Any) -> Any:
            try:
                return reading(cells[at])
            except _Wrong as wrong:
                here = f"line {line}, column {name[:NAME_LENGTH_MAX]}"
                flaws.append(replace(wrong.flaw, pointer=here))
                return None

        household = read(self.places["household"], "household", _name)
        weight = read(self.places["weight"], "weight", _weight)
        roles = {
            key: read(at, f"role:{key}", lambda cell, known=known: _role(cell, known))
            for key, (at, known) in self.roles.items()
        }
        groups = {key: read(at, f"group:{key}", _name) for key, at in self.groups.items()}
        values = [
            read(each.at, each.name, lambda cell, each=each: value_of(cell, each.variable))
            for each in self.values
        ]
        if len(flaws) > before:
            return None
        return Row(line, household, weight, roles, groups, values)


def _columns(
    places: Mapping[str, int], law: Law, terms: tuple[int, Sequence[Entity]], flaws: list[Flaw]
) -> list[Column]:
    """Return the columns of variables."""
    year, kinds = terms
    known = {*_OWN, *(f"{part}:{each.key}" for part in ("role", "group") for each in kinds)}
    found = []
    for name, at in places.items():
        if name in known:
            continue
        variable_name, _, when = name.partition("@")
        variable = law.catalogue.variables.get(variable_name)
        place = f"line 1, column {name[:NAME_LENGTH_MAX]}"
        if variable is None:
            flaws.append(Flaw(place, "Neither is this a variable of the law, nor has it a meaning here."))
            continue
        period = _period(variable, when, year)
        if period is None:
            flaws.append(Flaw(place, "The law takes no value of this variable for that period."))
        else:
            found.append(Column(at, name, variable, period))
    return found


def _period(variable: Variable, when: str, year: int) -> str | None:
    """Return the period for which a column is set, as OpenFisca writes it; None for one that cannot be."""
    if variable.period is PeriodUnit.ETERNITY:
        return None if when else "ETERNITY"
    try:
        period = periods.period(when or str(year or _ANY_YEAR))
    except (ValueError, TypeError):
        return None
    fits = str(period.unit) == variable.period.value and period.size == 1
    return str(period) if fits or variable.spreads else None


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _name(cell: Any) -> str:
    text = _text(cell)
    if not 0 < len(text) <= NAME_LENGTH_MAX or not text.isprintable():
        raise _Wrong(Flaw.filled("", "This is a name of 1 to %(most)s characters.", most=NAME_LENGTH_MAX))
    return text


def _weight(cell: Any) -> float | None:
    if not _text(cell):
        return None
    found = _number(cell, WEIGHT_MAX)
    if found <= 0:
        raise _Wrong(Flaw("", "A weight is above 0."))
    return found


def _role(cell: Any, known: Mapping[str, Any]) -> str:
    text = _text(cell)
    if text not in known:
        raise _Wrong(Flaw.filled("", "This is one of: %(these)s.", these=", ".join(sorted(known))))
    return text


def _number(cell: Any, most: float = NUMBER_MAX) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        if not _NUMBER.fullmatch(_text(cell)):
            raise _Wrong(Flaw("", "This is a number, with a point before its decimals."))
        cell = float(_text(cell))
    if not isfinite(cell) or abs(cell) > most:
        raise _Wrong(Flaw.filled("", "A number is at most %(most)s.", most=f"{most:.0e}"))
    return float(cell)


def value_of(cell: Any, variable: Variable) -> Any:
    """Return a cell as the variable's value, None for an empty one; _Wrong says what it must be."""
    if not _text(cell):
        return None
    if variable.kind is ValueKind.FLOAT:
        return _number(cell)
    if variable.kind is ValueKind.INT:
        if isinstance(cell, bool) or not (isinstance(cell, int) or _WHOLE.fullmatch(_text(cell))):
            raise _Wrong(Flaw("", "This is a whole number."))
        return int(_number(int(cell)))
    if variable.kind is ValueKind.BOOL:
        if _text(cell).lower() not in _TRUTH:
            raise _Wrong(Flaw("", "This is true or false, or 1 or 0."))
        return _TRUTH[_text(cell).lower()]
    if variable.kind is ValueKind.DATE:
        return _date(cell)
    if variable.kind is ValueKind.ENUM and _text(cell) not in variable.values:
        these = ", ".join(variable.values[:20])
        raise _Wrong(Flaw.filled("", "This is one of: %(these)s.", these=these))
    return _text(cell)


def _date(cell: Any) -> str:
    try:
        return date.fromisoformat(_text(cell)[:10]).isoformat()
    except ValueError:
        raise _Wrong(Flaw("", "This is a date: YYYY-MM-DD.")) from None


def gathered(law: Law, header: Header, households: Sequence[Household]) -> tuple[list[str], People]:
    """Return the names of households and their people; SurveyInvalid where values do not agree."""
    rows = [row for each in households for row in each.rows]
    homes = numpy.repeat(numpy.arange(len(households)), [len(each.rows) for each in households])
    groups = {key: _grouping(key, header, rows, homes) for key in header.roles}
    flaws: list[Flaw] = []
    inputs = []
    for number, column in enumerate(header.values):
        given = [row.values[number] for row in rows]
        if column.variable.entity in groups:
            given = _of_groups(given, groups[column.variable.entity], (rows, column), flaws)
        found = _input(law, column, given, flaws, rows[0].line)
        if found is not None:
            inputs.append(found)
    if flaws:
        raise SurveyInvalid(flaws=tuple(flaws[:20]))
    weights = numpy.array([each.weight for each in households])
    return [each.name for each in households], People(weights, homes, groups, tuple(inputs))


def _grouping(key: str, header: Header, rows: Sequence[Row], homes: Array) -> Grouping:
    """Return the groups of one kind: as the column of groups tells, or one for each household."""
    numbers: dict[tuple[int, str], int] = {}
    groups, roles, taken = [], [], header.roles[key][1]
    before: dict[tuple[int, str], int] = {}
    for row, home in zip(rows, homes.tolist(), strict=True):
        group = numbers.setdefault((home, row.groups.get(key, "")), len(numbers))
        nth = before[group, row.roles[key]] = before.get((group, row.roles[key]), -1) + 1
        places = taken[row.roles[key]]
        groups.append(group)
        roles.append(places[min(nth, len(places) - 1)])
    return Grouping(numpy.array(groups), numpy.array(roles), numpy.array([home for home, _ in numbers]))


def _of_groups(
    given: Sequence[Any], grouping: Grouping, where: tuple[Sequence[Row], Column], flaws: list[Flaw]
) -> list[Any]:
    """Return a value for each group: the one that its persons' rows tell; two different ones are a flaw."""
    rows, column = where
    found: list[Any] = [None] * len(grouping.homes)
    for value, group, row in zip(given, grouping.groups.tolist(), rows, strict=True):
        if value is None:
            continue
        if found[group] not in {None, value}:
            message = "The rows of a group tell one value, or none."
            flaws.append(Flaw(f"line {row.line}, column {column.name}", message))
        found[group] = value
    return found


def _input(law: Law, column: Column, given: list[Any], flaws: list[Flaw], line: int) -> Input | None:
    """Return the column's values; empty cells are the law's default, and none may be where it computes."""
    missing = sum(each is None for each in given)
    if missing and column.variable.formulas:
        message = "The law computes this: fill the column for everybody, or leave it out."
        flaws.append(Flaw(f"line {line} or later, column {column.name}", message))
    if missing == len(given):
        return None
    default = law.system.variables[column.variable.name].default_value
    default = getattr(default, "name", default)
    default = default.isoformat() if isinstance(default, date) else default
    values = numpy.array([default if each is None else each for each in given])
    if column.variable.kind is ValueKind.DATE:
        values = values.astype("datetime64[D]")
    return Input(column.variable.name, column.period, values)

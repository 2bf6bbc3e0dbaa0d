# SPDX-License-Identifier: EUPL-1.2
"""A budget constraint: what one household has while an amount of its first person moves."""

from __future__ import annotations

import numpy

from flagstone.blocks.rules.contract.catalogue import PeriodUnit, ValueKind
from flagstone.blocks.rules.contract.faults import PlanInvalid
from flagstone.blocks.rules.contract.simulation import Curve, Line
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.simulation.measuring import Ask, income_of
from flagstone.blocks.rules.service.engine.simulation.patterns import Pattern
from flagstone.blocks.rules.service.engine.simulation.people import (
    Array,
    Grouping,
    Input,
    People,
    seats,
    simulation_of,
)
from flagstone.kernel.errors import Flaw

POINTS_MAX = 2_001
GROWN, YOUNG = 40, 10
"""The ages of its members: of those without a gap to the first, and of those with one."""

_MEMBERS_MAX = 20
_MONTHS = 12


def flaws_of(line: Line, law: Law, pattern: Pattern | None) -> list[Flaw]:
    """Return what is wrong with a line."""
    variable = law.catalogue.variables.get(line.variable)
    flaws = []
    if (
        variable is None
        or variable.entity != law.catalogue.persons.key
        or variable.kind is not ValueKind.FLOAT
        or variable.period not in {PeriodUnit.MONTH, PeriodUnit.YEAR}
    ):
        flaws.append(
            Flaw("/line/variable", "The law has no amount of that name for a person's month or year.")
        )
    if not (line.least < line.most and 2 <= line.points <= POINTS_MAX):
        flaws.append(
            Flaw.filled("/line", "It goes from less to more, in 2 to %(most)s points.", most=POINTS_MAX)
        )
    known = pattern.members if pattern else {}
    if len(line.household) > _MEMBERS_MAX or not set(line.household) <= known.keys():
        these = ", ".join(known) or "-"
        flaws.append(Flaw.filled("/line/household", "The pattern has these members: %(these)s.", these=these))
    return flaws


def curve(line: Line, laws: tuple[Law, Law], pattern: Pattern | None, ask: Ask) -> Curve:
    """Return the household's income at each point under two laws; PlanInvalid, CalculationFailed."""
    flaws = flaws_of(line, laws[0], pattern)
    if flaws:
        raise PlanInvalid(flaws=tuple(flaws))
    moved = line.least + (line.most - line.least) * numpy.arange(line.points) / (line.points - 1)
    people = _people(line, laws[0], pattern, (ask.year, moved))
    found = [income_of(law, simulation_of(law, people), people, ask).tolist() for law in laws]
    return Curve(line.variable, tuple(moved.tolist()), tuple(found[0]), tuple(found[1]))


def _people(line: Line, law: Law, pattern: Pattern | None, moving: tuple[int, Array]) -> People:
    """Return the same household as often as there are points."""
    year, moved = moving
    size = max(len(line.household), 1)
    homes = numpy.repeat(numpy.arange(len(moved)), size)
    groups = {
        entity.key: Grouping(
            homes, numpy.tile(_roles(line, law, pattern, entity.key), len(moved)), numpy.arange(len(moved))
        )
        for entity in law.catalogue.entities.values()
        if not entity.is_person
    }
    inputs = _births(line, law, pattern, (year, len(moved)))
    values = numpy.zeros((len(moved), size))
    if law.catalogue.variables[line.variable].period is PeriodUnit.YEAR:
        values[:, 0] = moved
        inputs.append(Input(line.variable, str(year), values.ravel()))
    else:
        values[:, 0] = numpy.round(moved / _MONTHS, 2)
        months = [f"{year}-{month:02}" for month in range(1, _MONTHS + 1)]
        inputs += [Input(line.variable, month, values.ravel()) for month in months]
    return People(numpy.ones(len(moved)), homes, groups, tuple(inputs))


def _roles(line: Line, law: Law, pattern: Pattern | None, entity: str) -> list[int]:
    """Return the role of each member in a kind of group."""
    taken = seats(law, entity)
    if pattern is None or not line.household:
        return [next(iter(taken.values()))[0]]
    found: list[int] = []
    before: dict[str, int] = {}
    for kind in line.household:
        role = pattern.members[kind].roles[entity]
        nth = before[role] = before.get(role, -1) + 1
        found.append(taken[role][min(nth, len(taken[role]) - 1)])
    return found


def _births(line: Line, law: Law, pattern: Pattern | None, count: tuple[int, int]) -> list[Input]:
    if pattern is None or not pattern.birth:
        return []
    year, times = count
    kinds = line.household
    ages = [YOUNG if pattern.members[kind].is_child else GROWN for kind in kinds] or [GROWN]
    dates = numpy.array([f"{year - age}-01-01" for age in ages], dtype="datetime64[D]")
    unit = law.catalogue.variables[pattern.birth].period
    return [
        Input(
            pattern.birth,
            "ETERNITY" if unit is PeriodUnit.ETERNITY else f"{year}-01",
            numpy.tile(dates, times),
        )
    ]

# SPDX-License-Identifier: EUPL-1.2
"""What a law makes of some households: a few columns with a number for each, from which all else is told."""

from __future__ import annotations

import gc
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy
from openfisca_core import periods

from flagstone.blocks.rules.contract.catalogue import Catalogue, PeriodUnit, ValueKind
from flagstone.blocks.rules.contract.faults import PlanInvalid
from flagstone.blocks.rules.service.engine.calculating import run
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.simulation.people import Array, Input, People, simulation_of
from flagstone.kernel.errors import Flaw

STEP = 120.0
"""By how much pay rises for marginal rates, in units of currency a year: ten a month."""

ADULT_AGE = 14
_TERM = re.compile(r"\s*([+-]?)\s*([A-Za-z_]\w*)\s*")
_SUMMED = frozenset({ValueKind.FLOAT, ValueKind.INT, ValueKind.BOOL})
_NEVER_BORN = 9999

Columns = Mapping[str, Array]
"""`weight`, `people`, `units` (of consumption), `income`, `marginal`, and `budget.NAME` for each variable."""


@dataclass(frozen=True)
class Ask:
    """What is told of each household: variables with their signs, for a year; `pay` and `birth` or empty."""

    year: int
    income: tuple[tuple[str, int], ...]
    budget: tuple[str, ...]
    pay: str
    birth: str


def terms(text: str) -> tuple[tuple[str, int], ...] | None:
    """Return the variables of a sum with their signs, `a + b - c`; None for a text that is no such sum."""
    found: list[tuple[str, int]] = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or (found and not match[1]):
            return None
        found.append((match[2], -1 if match[1] == "-" else 1))
        at = match.end()
    return tuple(found) or None


def flaws_of(ask: Ask, catalogue: Catalogue) -> list[Flaw]:
    """Return what the law cannot tell of what is asked."""
    flaws = [*_unknown("income", dict(ask.income), catalogue), *_unknown("budget", ask.budget, catalogue)]
    pay = catalogue.variables.get(ask.pay)
    if ask.pay and (pay is None or pay.entity != catalogue.persons.key or pay.kind is not ValueKind.FLOAT):
        flaws.append(Flaw("/pay", "The law has no amount of that name for a person."))
    return flaws


def _unknown(place: str, names: Any, catalogue: Catalogue) -> list[Flaw]:
    return [
        Flaw.filled(f"/{place}", "The law has no amount %(name)s.", name=name)
        for name in names
        if name not in catalogue.variables or catalogue.variables[name].kind not in _SUMMED
    ]


def measured(law: Law, people: People, ask: Ask) -> Columns:
    """Return the columns of some households under a law; CalculationFailed."""
    columns, pay = _first_run(law, people, ask)
    gc.collect()  # a simulation is a circle, and the largest thing in memory
    if ask.pay:
        columns["marginal"] = _marginal(law, people, ask, (pay, columns["income"]))
    gc.collect()
    return columns


def _first_run(law: Law, people: People, ask: Ask) -> tuple[dict[str, Array], Array]:
    """Return all columns but marginal rates, and each person's pay."""
    simulation = simulation_of(law, people)
    columns = {
        "weight": people.weights,
        "people": numpy.bincount(people.homes, minlength=people.households).astype(float),
        "units": _units(simulation, people, ask),
        "income": income_of(law, simulation, people, ask),
    }
    for name in ask.budget:
        columns[f"budget.{name}"] = _of_households(law, simulation, people, name, ask.year)
    if not ask.pay:
        return columns, None
    return columns, yearly(simulation, ask.pay, law.catalogue.variables[ask.pay].period, ask.year)


def income_of(law: Law, simulation: Any, people: People, ask: Ask) -> Array:
    """Return each household's disposable income of the year."""
    income = numpy.zeros(people.households)
    for name, sign in ask.income:
        income = income + sign * _of_households(law, simulation, people, name, ask.year)
    return income


def _of_households(law: Law, simulation: Any, people: People, name: str, year: int) -> Array:
    """Return a variable's sum over the year and over everybody and every group of a household."""
    variable = law.catalogue.variables[name]
    values = yearly(simulation, name, variable.period, year)
    if variable.entity not in people.groups or len(values) != people.households:
        homes = people.of_homes(variable.entity)
        return numpy.bincount(homes, weights=values, minlength=people.households)
    return _in_order(values, people.groups[variable.entity].homes)


def _in_order(values: Array, homes: Array) -> Array:
    """Return the values of as many groups as households, one each, by household."""
    return numpy.bincount(homes, weights=values, minlength=len(values))


def yearly(simulation: Any, name: str, unit: PeriodUnit, year: int) -> Array:
    """Return a variable's values for a year; those of shorter periods are summed."""
    period = periods.period(str(year))
    if unit in {PeriodUnit.YEAR, PeriodUnit.ETERNITY}:
        return numpy.asarray(run(simulation, name, period, str(year)), dtype=float)
    months = period.get_subperiods(periods.DateUnit(unit.value))
    total = numpy.asarray(run(simulation, name, months[0], str(months[0])), dtype=float)
    for each in months[1:]:
        total = total + run(simulation, name, each, str(each))
    return total


def _units(simulation: Any, people: People, ask: Ask) -> Array:
    """Return by how much each household's income is divided to compare it with one person's."""
    count = numpy.bincount(people.homes, minlength=people.households)
    if not ask.birth:
        return numpy.sqrt(numpy.maximum(count, 1))
    births = simulation.calculate(ask.birth, periods.period(f"{ask.year}-01"))
    age = ask.year - (births.astype("datetime64[Y]").astype(numpy.int64) + 1970)
    young = numpy.bincount(people.homes, weights=age < ADULT_AGE, minlength=people.households)
    grown = numpy.maximum(count - young, 1)
    return (10 + 5 * (grown - 1) + 3 * (count - grown)) / 10


def _marginal(law: Law, people: People, ask: Ask, before: tuple[Array, Array]) -> Array:
    """Return what the state takes of more pay of a household's best paid; NaN where nobody has pay."""
    pay, income = before
    chosen, has = _best_paid(pay, people)
    raised = replace(people, inputs=tuple(_raised(each, ask, chosen, people) for each in people.inputs))
    after = income_of(law, simulation_of(law, raised), raised, ask)
    return numpy.where(has, 1 - (after - income) / STEP, numpy.nan)


def _best_paid(pay: Array, people: People) -> tuple[Array, Array]:
    """Tell of each person whether she is the first of the best paid in her household, and which have one."""
    order = numpy.lexsort((numpy.arange(len(pay)), -pay, people.homes))
    first = order[numpy.unique(people.homes[order], return_index=True)[1]]
    chosen = numpy.zeros(len(pay), dtype=bool)
    chosen[first] = pay[first] > 0
    has = numpy.bincount(people.homes, weights=chosen, minlength=people.households) > 0
    return chosen, has


def _raised(each: Input, ask: Ask, chosen: Array, people: People) -> Input:
    """Return an input, with more for those chosen where it is the pay of the year or a part of it."""
    if each.variable != ask.pay or not each.period.startswith(str(ask.year)):
        return each
    count = sum(
        1 for one in people.inputs if one.variable == ask.pay and one.period.startswith(str(ask.year))
    )
    return replace(each, values=each.values + chosen * (STEP / count))


def pay_flaw(people: People, ask: Ask) -> Flaw | None:
    """Return what stands in the way of marginal rates: pay that is no input of these people's year."""
    given = any(each.variable == ask.pay and each.period.startswith(str(ask.year)) for each in people.inputs)
    if given or not ask.pay:
        return None
    return Flaw("/pay", "The people have no input of that name in the year; name another, or none.")


def packed(columns: Columns) -> bytes:
    """Return columns as compressed bytes, the same for the same columns."""
    file = BytesIO()
    numpy.savez_compressed(file, **columns)
    return file.getvalue()


def unpacked(content: bytes) -> dict[str, Array]:
    """Return the columns of `packed`."""
    with numpy.load(BytesIO(content), allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def required(ask: Ask, catalogue: Catalogue) -> None:
    """Raise PlanInvalid for what the law cannot tell."""
    flaws = flaws_of(ask, catalogue)
    if flaws:
        raise PlanInvalid(flaws=tuple(flaws))

# SPDX-License-Identifier: EUPL-1.2
"""From what registers answered to a situation that a law can compute, with the origin of every fact in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flagstone.blocks.rules.contract.assessment import (
    CHILD,
    HOME,
    ME,
    OTHER,
    PARTNER,
    AssessmentPlan,
    Heard,
    IncomeFields,
    Known,
    LawWords,
)
from flagstone.blocks.rules.contract.decision import Fact, Origin
from flagstone.blocks.rules.model.relatives import (
    Family,
    RecordUnreadable,
    Relative,
    families_of,
    family_of,
    is_child_in_care,
)
from flagstone.blocks.rules.model.situations import pointer

MINOR_MAX = 10**15
"""More hundredths than any income has; a row with more is no income."""

ADULT_YEARS = 18
EVER = "ETERNITY"
_MONTHS = 12


@dataclass(frozen=True)
class Drawn:
    """What was heard about a person and hers: `people` by code, `incomes` by code and year.

    `me` None when the register of persons did not answer; `home` asks for everybody in the dwelling, too.
    """

    code: str = field(repr=False)
    me: Relative | None = field(repr=False)
    people: Mapping[str, Relative] = field(repr=False)
    incomes: Mapping[tuple[str, int], Heard] = field(repr=False)
    silent: tuple[str, ...] = ()
    home: bool = False


@dataclass(frozen=True)
class Amounts:
    """What a person got in a year: hundredths by variable; which of them cannot be told or are disputed."""

    sums: Mapping[str, int]
    untold: tuple[str, ...] = ()
    doubtful: bool = False


def amounts_of(heard: Heard, names: IncomeFields, wanted: Mapping[str, str], currency: str) -> Amounts:
    """Return the sums over the rows of one answer, of variables by field as `wanted`.

    Rows in another currency make all sums untold; RecordUnreadable for a row without a whole number.
    """
    sums = dict.fromkeys(wanted.values(), 0)
    strange = doubtful = False
    for row in heard.records:
        strange = strange or row.get(names.currency, currency) != currency
        doubtful = doubtful or row.get(names.status) in names.doubtful
        for column, variable in wanted.items():
            sums[variable] += _hundredths(row.get(column))
    return Amounts({}, tuple(sums), doubtful) if strange else Amounts(sums, (), doubtful)


def prefill(plan: AssessmentPlan, drawn: Drawn, year: int) -> Known:
    """Return what is known of a person's year; what could not be told is named, and is not in it."""
    page = _Page(plan, drawn, year)
    page.fill()
    return page.known()


def places_of(drawn: Drawn, plan: AssessmentPlan, year: int) -> dict[str, str]:
    """Return the instance of each person of the family and, where asked for, of the household, by code."""
    me = drawn.me
    if me is None:
        return {drawn.code: ME}
    named = {me.code: ME}
    if is_child_in_care(me, drawn.people):
        return named
    family = family_of(me, drawn.people, year, plan.persons, plan.child_years_max)
    named |= {each.code: PARTNER for each in family.partners if each is not me}
    children = [each.who for each in family.children]
    named |= {each.code: f"{CHILD}-{number}" for number, each in enumerate(children, 1)}
    if drawn.home:
        others = [each for each in _at_home(me, drawn, year) if each.code not in named]
        named |= {each.code: f"{OTHER}-{number}" for number, each in enumerate(others, 1)}
    return named


class _Page:
    """One situation while it is written."""

    def __init__(self, plan: AssessmentPlan, drawn: Drawn, year: int) -> None:
        self._plan, self._drawn, self._year = plan, drawn, year
        self._law: LawWords = plan.words
        self._named = places_of(drawn, plan, year)
        self._situation: dict[str, dict[str, dict[str, Any]]] = {self._law.persons: {}}
        self._facts: list[Fact] = []
        self._missing: dict[str, None] = {}
        self._doubtful: list[str] = []
        self._children: dict[str, str] = {}

    def known(self) -> Known:
        return Known(
            self._situation,
            tuple(self._facts),
            tuple(self._missing),
            self._drawn.silent,
            tuple(self._doubtful),
            self._children,
            self._drawn.home,
        )

    def fill(self) -> None:
        for code, instance in self._named.items():
            self._situation[self._law.persons][instance] = {}
            person = self._drawn.me if instance == ME else self._drawn.people.get(code)
            if person is not None:
                self._life(person, instance)
            if instance in (ME, PARTNER):
                self._income(code, instance, self._year)
        if self._drawn.me is None:
            self._miss(self._law.birth, self._law.married, self._law.shared)
        else:
            self._family(self._drawn.me)
        if self._drawn.home:
            self._home()

    def _life(self, person: Relative, instance: str) -> None:
        law, persons = self._law, self._law.persons
        self._put((persons, instance, law.birth, EVER), person.birth.isoformat(), person.heard)
        if person.death is not None:
            self._put((persons, instance, law.death, EVER), person.death.isoformat(), person.heard)

    def _income(self, code: str, instance: str, year: int) -> None:
        """Put what a person got in a year; of a year that the register does not have, nothing."""
        names = self._plan.incomes
        sums = names.sums_of(herself=instance == ME and year == self._year)
        variables = tuple(sums.values())
        heard = self._drawn.incomes.get((code, year))
        mine = "" if instance == ME else f"@{instance}"
        if year != self._year:
            variables, mine = (self._law.means,), ""
        if heard is None or not names.first_year <= year <= names.last_year:
            self._miss(*(variable + mine for variable in variables))
            return
        found = amounts_of(heard, names, sums, self._plan.currency)
        self._miss(*(variable + mine for variable in variables if found.untold))
        for variable, hundredths in found.sums.items():
            place = (self._law.persons, instance, variable, str(year))
            self._put(place, float(Decimal(hundredths) / 100), heard)
            if found.doubtful:
                self._doubtful.append(pointer(*place))

    def _family(self, me: Relative) -> None:
        names, people = self._plan.persons, self._drawn.people
        if is_child_in_care(me, people):
            self._group(HOME, Family((), ()), minors=[ME])
            return
        family = family_of(me, people, self._year, names, self._plan.child_years_max)
        self._group(HOME, family)
        self._stated(HOME, family, me.heard)
        for child in family.children:
            self._children[self._named[child.who.code]] = child.who.birth.isoformat()

    def _group(self, name: str, family: Family, minors: Sequence[str] = ()) -> None:
        """Name the members of a family, an answer of the register as they are."""
        law = self._law
        partners = [self._named[each.code] for each in family.partners]
        children = [self._named[each.who.code] for each in family.children]
        group = {law.partners: partners, law.children: [*children, *minors]}
        self._situation.setdefault(law.families, {})[name] = group

    def _stated(self, name: str, family: Family, heard: Heard) -> None:
        """Put what is stated of a family: marriage and shared custody, as far as they can be told."""
        law, year = self._law, str(self._year)
        if family.married is None:
            self._miss(law.married)
        elif len(family.partners) > 1:
            for each in [str(self._year - 1)] * self._drawn.home + [year]:
                self._put((law.families, name, law.married, each), family.married, heard)
        for child in family.children:
            instance = self._named[child.who.code]
            if child.shared is None:
                self._miss(law.shared)
            elif child.shared:
                first = max((each.since for each in child.who.custody), default=child.who.birth)
                for month in self._months(first.year, first.month):
                    self._put((law.persons, instance, law.shared, month), True, child.who.heard)

    def _home(self) -> None:
        """Put everybody in the dwelling, their families, and what they got in the year before."""
        me, law, before = self._drawn.me, self._law, self._year - 1
        if me is None or not me.household:
            self._miss(law.means)
            self._situation[law.households] = {HOME: {law.adults: [ME], law.minors: []}}
            return
        at_home = _at_home(me, self._drawn, self._year)
        for each in at_home:
            self._income(each.code, self._named[each.code], before)
        rest = [each for each in at_home if self._named[each.code].startswith(OTHER)]
        people = {each.code: each for each in rest}
        found = families_of(rest, people, self._year, self._plan.persons, self._plan.child_years_max)
        for number, family in enumerate(found, 1):
            self._group(f"{OTHER}-{number}", family)
            self._stated(f"{OTHER}-{number}", family, me.heard)
        grown = {each.code: each.age_reached_in(self._year) >= ADULT_YEARS for each in at_home}
        self._situation[law.households] = {
            HOME: {
                law.adults: [self._named[code] for code, is_adult in grown.items() if is_adult],
                law.minors: [self._named[code] for code, is_adult in grown.items() if not is_adult],
            }
        }

    def _months(self, year: int, month: int) -> Iterator[str]:
        """Yield the months of this year that are not before a month."""
        for number in range(1, _MONTHS + 1):
            if (self._year, number) >= (year, month):
                yield f"{self._year}-{number:02}"

    def _put(self, place: tuple[str, str, str, str], value: Any, heard: Heard) -> None:
        entity, instance, variable, period = place
        self._situation[entity][instance].setdefault(variable, {})[period] = value
        basis = self._plan.legal_basis
        self._facts.append(Fact(pointer(*place), Origin.REGISTER, heard.source, heard.query, heard.at, basis))

    def _miss(self, *variables: str) -> None:
        self._missing |= dict.fromkeys(variables)


def _at_home(me: Relative, drawn: Drawn, year: int) -> list[Relative]:
    """Return who lives in the person's dwelling, herself first."""
    if not me.household:
        return [me]
    there = [each for each in drawn.people.values() if each.household == me.household and each.lived_in(year)]
    return [me, *(each for each in there if each.code != me.code)]


def _hundredths(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MINOR_MAX:
        raise RecordUnreadable("an amount that is no whole number of hundredths")
    return value

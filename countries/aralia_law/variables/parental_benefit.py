# SPDX-License-Identifier: EUPL-1.2
"""Monthly benefit of a parent who stays at home with a young child. Parental Benefit Act."""

from datetime import date

import numpy
from openfisca_core.holders import set_input_dispatch_by_period
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import calculate_output_add
from openfisca_core.variables import Variable

from aralia_law.amounts import Amount, cents
from aralia_law.dates import (
    NEVER,
    NEVER_DAY,
    as_dates,
    days,
    month_named,
    month_of,
    months,
)
from aralia_law.entities import Family, Person

LAW = "https://law.xa.example/parental-benefit-act"
_WINDOW_BEGINS, _WINDOW_ENDS = 21, 10
_WINDOW_MONTHS = 12
_LONG_AGO = -NEVER_DAY


class takes_parental_leave(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.MONTH
    set_input = set_input_dispatch_by_period
    label = "Chose to take the parental benefit in the month"
    unit = "yes or no"
    reference = f"{LAW}#s2-1"


class youngest_birth_date(Variable):
    value_type = date
    default_value = NEVER
    entity = Family
    definition_period = DateUnit.MONTH
    label = "Date of the family's last birth, of the first-born of twins; 9999-12-31 without one"
    unit = "date"
    reference = [f"{LAW}#s1-1", f"{LAW}#s1-2"]

    def formula_2016(family, period):
        present = _present(family, period)
        return as_dates(_first_of_birth(family, period, present, _latest(family, period, present)))


class youngest_birth_children(Variable):
    value_type = int
    entity = Family
    definition_period = DateUnit.MONTH
    label = "Living children of the family's last birth"
    unit = "child"
    reference = f"{LAW}#s1-2"

    def formula_2016(family, period):
        first = family.project(days(family("youngest_birth_date", period)))
        births = days(family.members("birth_date", period))
        return family.sum(_present(family, period) & (births >= first))


class elder_birth_date(Variable):
    value_type = date
    default_value = NEVER
    entity = Family
    definition_period = DateUnit.MONTH
    label = (
        "Date of the birth before the family's last one, of the first-born of twins; 9999-12-31 without one"
    )
    unit = "date"
    reference = f"{LAW}#s4-1"

    def formula_2016(family, period):
        first = family.project(days(family("youngest_birth_date", period)))
        children = family.members.has_role(Family.CHILD)
        before = children & (days(family.members("birth_date", period)) < first) & (first < NEVER_DAY)
        return as_dates(_first_of_birth(family, period, before, _latest(family, period, before)))


class parental_income_base(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.MONTH
    label = "Average pay of the twelve months that count for a birth in the month"
    unit = "XAM/month"
    reference = [f"{LAW}#s3-1", f"{LAW}#s3-2"]

    def formula(person, period):
        born = month_of(period)
        window = range(born - _WINDOW_BEGINS, born - _WINDOW_ENDS + 1)
        together = sum(person("salary", month_named(month)) for month in window)
        return cents(together / _WINDOW_MONTHS)


class parental_base(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.MONTH
    label = "Income from which the parental benefit of the month is reckoned"
    unit = "XAM/month"
    reference = [f"{LAW}#s3-1", f"{LAW}#s4-1"]

    def formula_2016(person, period, parameters):
        claims = person("claims_parental_benefit", period)
        youngest, elder = (
            person.family("youngest_birth_date", period),
            person.family("elder_birth_date", period),
        )
        gap = months(youngest) - months(elder)
        within = parameters(period).parental_benefit.keeping_months
        kept = claims & (elder < numpy.datetime64(NEVER)) & (gap <= within)
        own = _base_of(person, months(youngest), claims)
        return cents(numpy.maximum(own, _base_of(person, months(elder), kept)))


class claims_parental_benefit(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.MONTH
    label = "Is a parent who may take the parental benefit in the month and chose to"
    unit = "yes or no"
    reference = [f"{LAW}#s1-1", f"{LAW}#s1-3", f"{LAW}#s2-1"]

    def formula_2016(person, period, parameters):
        law = parameters(period).parental_benefit
        birth, children = (
            person.family("youngest_birth_date", period),
            person.family("youngest_birth_children", period),
        )
        length = law.months + law.months_for_each_further_child * numpy.maximum(children - 1, 0)
        since = month_of(period) - months(birth)
        in_time = (since >= 0) & (since < length)
        at_home = person.has_role(Family.PARTNER) & person("resident_in_month", period)
        return at_home & person("takes_parental_leave", period) & in_time


class parental_benefit(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.MONTH
    calculate_output = calculate_output_add
    label = "Parental benefit of the month"
    unit = "XAM"
    reference = [f"{LAW}#s2-2", f"{LAW}#s5-1", f"{LAW}#s5-2", f"{LAW}#s6-1", f"{LAW}#s6-2"]

    def formula_2016(person, period, parameters):
        law = parameters(period).parental_benefit
        base, claims = person("parental_base", period), person("claims_parental_benefit", period)
        place = person.get_rank(person.family, _order(person, base), condition=claims)
        floor = numpy.where(base > 0, law.floor_with_income, law.floor_without_income)
        full = numpy.minimum(numpy.maximum(base, floor), law.ceiling)
        above = cents(numpy.maximum(person("salary", period) - law.earnings_limit, 0))
        less = numpy.minimum(cents(above * law.earnings_rate), cents(full / 2))
        return cents(full - less) * (claims & (place == 0))


def _present(family, period):
    """Tell which members are children that are born, alive and at home in Aralia in the month."""
    return family.members.has_role(Family.CHILD) & family.members("resident_in_month", period)


def _latest(family, period, children):
    births = days(family.members("birth_date", period))
    return family.max(numpy.where(children, births, _LONG_AGO))


def _first_of_birth(family, period, children, latest):
    """Return the day of the first-born of the birth of the latest, or `NEVER_DAY` where there is none."""
    births = days(family.members("birth_date", period))
    together = children & (births >= family.project(latest) - 1)
    return family.min(numpy.where(together, births, NEVER_DAY)).astype(numpy.int64)


def _base_of(person, born, wanted):
    """Return for the persons that are wanted the base of a birth in the month `born`, else 0."""
    base = numpy.zeros(person.count)
    for month in numpy.unique(born[wanted]):
        here = wanted & (born == month)
        base = numpy.where(here, person("parental_income_base", month_named(int(month))), base)
    return base


def _order(person, base):
    """Return the order among partners: the higher base first, then whom the family names first."""
    return -numpy.rint(base * 100) * 4 + numpy.minimum(person.family.members_position, 3)

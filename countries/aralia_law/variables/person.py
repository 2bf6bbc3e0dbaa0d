# SPDX-License-Identifier: EUPL-1.2
"""Who a person is: birth, death, home in Aralia, age. General Act, sections 2 to 4."""

from datetime import date

import numpy
from openfisca_core.holders import set_input_dispatch_by_period
from openfisca_core.periods import DateUnit
from openfisca_core.variables import Variable

from aralia_law.dates import NEVER, age_on, days, first_day, last_day, month_of, months
from aralia_law.entities import Family, Person

LAW = "https://law.xa.example/general-act"


class birth_date(Variable):
    value_type = date
    default_value = date(1970, 1, 1)
    entity = Person
    definition_period = DateUnit.ETERNITY
    label = "Date of birth"
    unit = "date"
    reference = f"{LAW}#s2-1"


class death_date(Variable):
    value_type = date
    default_value = NEVER
    entity = Person
    definition_period = DateUnit.ETERNITY
    label = "Date of death; 9999-12-31 for the living"
    unit = "date"
    reference = f"{LAW}#s3-1"


class arrival_date(Variable):
    value_type = date
    default_value = date(1900, 1, 1)
    entity = Person
    definition_period = DateUnit.ETERNITY
    label = "First day of the present home in Aralia; 1900-01-01 for whoever always lived there"
    unit = "date"
    reference = f"{LAW}#s3-1"


class departure_date(Variable):
    value_type = date
    default_value = NEVER
    entity = Person
    definition_period = DateUnit.ETERNITY
    label = "Last day of the home in Aralia; 9999-12-31 for whoever has not left"
    unit = "date"
    reference = f"{LAW}#s3-1"


class age(Variable):
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH
    label = "Age in whole years on the first day of the month"
    unit = "year"
    reference = f"{LAW}#s2-1"

    def formula(person, period):
        return age_on(person("birth_date", period), period.start.date)


class resident_in_month(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.MONTH
    set_input = set_input_dispatch_by_period
    label = "Had a home in Aralia on at least one day of the month"
    unit = "yes or no"
    reference = f"{LAW}#s3-2"

    def formula(person, period):
        return _home_days(person, period) > 0


class resident_days(Variable):
    value_type = int
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Days of the year with a home in Aralia"
    unit = "day"
    reference = [f"{LAW}#s3-3", f"{LAW}#s3-4"]

    def formula(person, period):
        return _home_days(person, period)


class tax_resident(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Resident of Aralia for tax in the year"
    unit = "yes or no"
    reference = f"{LAW}#s4-1"

    def formula(person, period, parameters):
        long_enough = person("resident_days", period) >= parameters(period).general.residence_days
        return long_enough | _died_at_home(person, period) | _born_at_home(person, period)


class resident_months(Variable):
    value_type = int
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Months of the year that count for allowances"
    unit = "month"
    reference = f"{LAW}#s4-2"

    def formula(person, period):
        begin, end = _home(person)
        first = numpy.maximum(begin, first_day(period))
        last = numpy.where(
            _died_at_home(person, period), last_day(period), numpy.minimum(end, last_day(period))
        )
        count = _month(last) - _month(first) + 1
        return numpy.where(first <= last, count, 0)


class of_retirement_age(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.MONTH
    label = "Has reached retirement age by the first day of the month"
    unit = "yes or no"
    reference = f"{LAW}#s2-3"

    def formula(person, period, parameters):
        return person("age", period) >= parameters(period).general.retirement_age


class married(Variable):
    value_type = bool
    entity = Family
    definition_period = DateUnit.YEAR
    label = "The partners were married on the last day of the year, or when one of them died in it"
    unit = "yes or no"
    reference = f"{LAW}#s5-2"


def _home(person):
    """Return the first and the last day of a person's home in Aralia."""
    begin = numpy.maximum(days(person("birth_date", "ETERNITY")), days(person("arrival_date", "ETERNITY")))
    end = numpy.minimum(days(person("death_date", "ETERNITY")), days(person("departure_date", "ETERNITY")))
    return begin, end


def _home_days(person, period):
    begin, end = _home(person)
    inside = numpy.minimum(end, last_day(period)) - numpy.maximum(begin, first_day(period)) + 1
    return numpy.maximum(inside, 0)


def _at_home_on(person, day):
    return (days(person("arrival_date", "ETERNITY")) <= day) & (
        day <= days(person("departure_date", "ETERNITY"))
    )


def _in_year(dates, period):
    return months(dates) // 12 == month_of(period) // 12


def _died_at_home(person, period):
    death = person("death_date", "ETERNITY")
    return _in_year(death, period) & _at_home_on(person, days(death))


def _born_at_home(person, period):
    birth = person("birth_date", "ETERNITY")
    return _in_year(birth, period) & _at_home_on(person, days(birth))


def _month(count):
    return count.astype("datetime64[D]").astype("datetime64[M]").astype(numpy.int64)

# SPDX-License-Identifier: EUPL-1.2
"""What a person earned, and business losses of earlier years. Income Tax Act, sections 2 and 3."""

from typing import Any

import numpy
from openfisca_core.holders import set_input_divide_by_period
from openfisca_core.periods import DateUnit
from openfisca_core.periods import period as span_of
from openfisca_core.populations import ADD

from aralia_law.amounts import Amount, cents
from aralia_law.entities import Person

LAW = "https://law.xa.example/income-tax-act"
FIRST_YEAR = 2016


class salary(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.MONTH
    set_input = set_input_divide_by_period
    label = "Pay for work in the month, before tax and contributions"
    unit = "XAM"
    reference = f"{LAW}#s2-1"


class employment_income(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Pay for work in the year, before tax and contributions"
    unit = "XAM"
    reference = f"{LAW}#s2-1"

    def formula(person, period):
        return cents(person("salary", period, options=[ADD]))


class business_income(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Result of one's own business in the year; negative for a loss"
    unit = "XAM"
    reference = f"{LAW}#s3-1"


class pension_income(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Pensions received in the year"
    unit = "XAM"
    reference = f"{LAW}#s2-1"


class capital_income(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Interest, dividends and rents received in the year"
    unit = "XAM"
    reference = f"{LAW}#s2-1"


class foreign_income(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Income of the year from other countries"
    unit = "XAM"
    reference = f"{LAW}#s2-2"


class business_loss_brought(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Business losses of earlier years that may still be used in the year"
    unit = "XAM"
    reference = [f"{LAW}#s3-2", f"{LAW}#s3-4"]

    def formula_2016(person, period, parameters):
        left: dict[int, Any] = {}
        for year in range(FIRST_YEAR, period.start.year):
            result = person("business_income", span_of(year))
            _use(left, numpy.maximum(result, 0), year - _years(parameters, year))
            left[year] = numpy.maximum(-result, 0)
        oldest = period.start.year - _years(parameters, period.start.year)
        usable = [loss for year, loss in left.items() if year >= oldest]
        return cents(sum(usable, numpy.zeros(person.count)))


class business_loss_used(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Business losses of earlier years set against this year's profit"
    unit = "XAM"
    reference = f"{LAW}#s3-3"

    def formula_2016(person, period):
        profit = numpy.maximum(person("business_income", period), 0)
        return cents(numpy.minimum(person("business_loss_brought", period), profit))


class total_income(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Total income of the year"
    unit = "XAM"
    reference = f"{LAW}#s2-1"

    def formula_2016(person, period):
        profit = numpy.maximum(person("business_income", period), 0) - person("business_loss_used", period)
        return cents(
            person("employment_income", period)
            + profit
            + person("pension_income", period)
            + person("capital_income", period)
            + person("tax_resident", period) * person("foreign_income", period)
        )


def _use(left, profit, oldest):
    """Set a year's profit against the losses that are left, the oldest first, none from before `oldest`."""
    for year in sorted(left):
        if year >= oldest:
            used = numpy.minimum(left[year], profit)
            left[year] = left[year] - used
            profit = profit - used


def _years(parameters, year):
    return int(parameters(f"{year}-01-01").income_tax.loss_years)

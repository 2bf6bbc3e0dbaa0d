# SPDX-License-Identifier: EUPL-1.2
"""The basic allowance, a spouse's and that for children. Income Tax Act, sections 5 to 7."""

import numpy
from openfisca_core.periods import MONTH, DateUnit
from openfisca_core.variables import Variable

from aralia_law.amounts import Amount, cents
from aralia_law.entities import Family, Person

LAW = "https://law.xa.example/income-tax-act"


class basic_allowance(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Basic allowance, which is free of tax"
    unit = "XAM"
    reference = [f"{LAW}#s5-1", f"{LAW}#s5-2", f"{LAW}#s5-3"]

    def formula_2018(person, period, parameters):
        law = parameters(period).income_tax
        above = cents(numpy.maximum(person("total_income", period) - law.taper_start, 0))
        left = numpy.maximum(law.basic_allowance - cents(above * law.taper_rate), 0)
        return _for_months(person, period, left)

    def formula_2016(person, period, parameters):
        return _for_months(person, period, parameters(period).income_tax.basic_allowance)


class unused_allowance(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Part of the basic allowance for which the income does not suffice"
    unit = "XAM"
    reference = f"{LAW}#s6-1"

    def formula_2016(person, period):
        left = person("basic_allowance", period) - person("income_before_allowances", period)
        return cents(numpy.maximum(left, 0))


class spouse_allowance(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Basic allowance that the spouse leaves unused and the person takes over"
    unit = "XAM"
    reference = [f"{LAW}#s6-1", f"{LAW}#s6-2"]

    def formula_2016(person, period, parameters):
        own = person("unused_allowance", period)
        both = person.family.sum(person.family.members("unused_allowance", period), role=Family.PARTNER)
        residents = person.family.sum(person.family.members("tax_resident", period), role=Family.PARTNER)
        entitled = person.has_role(Family.PARTNER) & person.family("married", period) & (residents == 2)
        ceiling = parameters(period).income_tax.spouse_ceiling
        return cents(numpy.where(entitled, numpy.minimum(both - own, ceiling), 0))


class dependent_in_year(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Was a dependent child in at least one month of the year"
    unit = "yes or no"
    reference = f"{LAW}#s7-1"

    def formula_2016(person, period):
        return _in_any_month(person, "dependent_child", period)


class shared_in_year(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Was in shared custody in at least one month of the year"
    unit = "yes or no"
    reference = f"{LAW}#s7-2"

    def formula_2016(person, period):
        return _in_any_month(person, "shared_custody", period)


class family_child_allowance(Amount):
    value_type = float
    entity = Family
    definition_period = DateUnit.YEAR
    label = "Allowance for all the children of a family"
    unit = "XAM"
    reference = [f"{LAW}#s7-1", f"{LAW}#s7-2"]

    def formula_2016(family, period, parameters):
        amount = parameters(period).income_tax.child_allowance
        parts = numpy.where(family.members("shared_in_year", period), cents(amount / 2), amount)
        return cents(family.sum(parts * family.members("dependent_in_year", period)))


class child_allowance(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Allowance for children, as far as it is this partner's"
    unit = "XAM"
    reference = f"{LAW}#s7-3"

    def formula_2016(person, period):
        residents = person.family.sum(person.family.members("tax_resident", period), role=Family.PARTNER)
        part = cents(person.family("family_child_allowance", period) / numpy.maximum(residents, 1))
        return part * (person.has_role(Family.PARTNER) & person("tax_resident", period))


def _for_months(person, period, amount):
    """Return the part of a year's allowance for the months that count; nothing for who is not resident."""
    part = cents(amount * person("resident_months", period) / 12)
    return part * person("tax_resident", period)


def _in_any_month(person, name, period):
    found = person(name, period.first_month)
    for month in period.get_subperiods(MONTH)[1:]:
        found = found | person(name, month)
    return found

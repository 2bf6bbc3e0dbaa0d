# SPDX-License-Identifier: EUPL-1.2
"""What may be taken off income before tax, with its ceilings. Income Tax Act, section 4."""

import numpy
from openfisca_core.periods import DateUnit

from aralia_law.amounts import Amount, cents
from aralia_law.entities import Person

LAW = "https://law.xa.example/income-tax-act"


class mortgage_interest(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Interest paid in the year on a loan for one's own home"
    unit = "XAM"
    reference = f"{LAW}#s4-2"


class donations(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Gifts of the year to associations on the list of the tax board"
    unit = "XAM"
    reference = f"{LAW}#s4-3"


class pension_savings(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Payments of the year into a voluntary pension"
    unit = "XAM"
    reference = f"{LAW}#s4-4"


class deductible_interest(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Interest that may be deducted"
    unit = "XAM"
    reference = f"{LAW}#s4-2"

    def formula_2016(person, period, parameters):
        ceiling = parameters(period).income_tax.interest_ceiling
        return cents(numpy.minimum(person("mortgage_interest", period), ceiling))


class deductible_donations(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Gifts that may be deducted"
    unit = "XAM"
    reference = f"{LAW}#s4-3"

    def formula_2016(person, period, parameters):
        law = parameters(period).income_tax
        part = cents(person("total_income", period) * law.donation_share)
        return cents(numpy.minimum(numpy.minimum(person("donations", period), part), law.donation_ceiling))


class deductible_savings(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Payments into a voluntary pension that may be deducted"
    unit = "XAM"
    reference = f"{LAW}#s4-4"

    def formula_2016(person, period, parameters):
        law = parameters(period).income_tax
        part = cents(person("total_income", period) * law.savings_share)
        return cents(
            numpy.minimum(numpy.minimum(person("pension_savings", period), part), law.savings_ceiling)
        )


class deductions(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Interest, gifts and savings that are deducted, together"
    unit = "XAM"
    reference = f"{LAW}#s4-5"

    def formula_2016(person, period, parameters):
        together = (
            person("deductible_interest", period)
            + person("deductible_donations", period)
            + person("deductible_savings", period)
        )
        limited = numpy.minimum(together, parameters(period).income_tax.deduction_ceiling)
        return cents(limited) * person("tax_resident", period)


class income_before_allowances(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Income after contributions and deductions, before allowances"
    unit = "XAM"
    reference = [f"{LAW}#s4-1", f"{LAW}#s4-6"]

    def formula_2016(person, period):
        left = (
            person("total_income", period)
            - person("employee_contribution", period)
            - person("self_employed_contribution", period)
            - person("deductions", period)
        )
        return cents(numpy.maximum(left, 0))

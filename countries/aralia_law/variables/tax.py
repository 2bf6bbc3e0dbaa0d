# SPDX-License-Identifier: EUPL-1.2
"""From taxable income to what is paid or given back. Income Tax Act, sections 8 to 12."""

import numpy
from openfisca_core.periods import DateUnit

from aralia_law.amounts import Amount, cents, share, whole
from aralia_law.entities import Person

LAW = "https://law.xa.example/income-tax-act"


class foreign_tax_paid(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Income tax paid in other countries on the foreign income of the year"
    unit = "XAM"
    reference = f"{LAW}#s10-1"


class tax_withheld(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Income tax of the year that employers withheld"
    unit = "XAM"
    reference = f"{LAW}#s11-2"


class taxable_income(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Taxable income"
    unit = "XAM"
    reference = [f"{LAW}#s8-1", f"{LAW}#s8-2"]

    def formula_2020(person, period):
        return whole(_after_allowances(person, period))

    def formula_2016(person, period):
        return _after_allowances(person, period)


class tax_by_scale(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Tax by the scale, before credits"
    unit = "XAM"
    reference = f"{LAW}#s9-1"

    def formula_2016(person, period, parameters):
        return cents(parameters(period).income_tax.scale.calc(person("taxable_income", period)))


class foreign_share(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Share of the foreign income in the total income"
    unit = "/1"
    reference = f"{LAW}#s10-2"

    def formula_2016(person, period):
        return share(person("foreign_income", period), person("total_income", period))


class foreign_tax_credit(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Credit for tax paid in other countries"
    unit = "XAM"
    reference = [f"{LAW}#s10-1", f"{LAW}#s10-2"]

    def formula_2016(person, period):
        most = cents(person("tax_by_scale", period) * person("foreign_share", period))
        credit = numpy.minimum(person("foreign_tax_paid", period), most)
        return cents(credit) * person("tax_resident", period)


class income_tax(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Income tax of the year"
    unit = "XAM"
    reference = f"{LAW}#s11-1"

    def formula_2016(person, period):
        return cents(person("tax_by_scale", period) - person("foreign_tax_credit", period))


class tax_balance(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Income tax still to be paid; negative when it is given back"
    unit = "XAM"
    reference = f"{LAW}#s11-2"

    def formula_2016(person, period):
        return cents(person("income_tax", period) - person("tax_withheld", period))


class net_income(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Total income less contributions and income tax"
    unit = "XAM"
    reference = f"{LAW}#s12-1"

    def formula_2016(person, period):
        return cents(
            person("total_income", period)
            - person("employee_contribution", period)
            - person("self_employed_contribution", period)
            - person("income_tax", period)
        )


def _after_allowances(person, period):
    left = (
        person("income_before_allowances", period)
        - person("basic_allowance", period)
        - person("spouse_allowance", period)
        - person("child_allowance", period)
    )
    return cents(numpy.maximum(left, 0))

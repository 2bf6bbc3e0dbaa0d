# SPDX-License-Identifier: EUPL-1.2
"""What employees, employers and the self-employed contribute. Social Contributions Act."""

import numpy
from openfisca_core.periods import DateUnit
from openfisca_core.variables import Variable

from aralia_law.amounts import Amount, cents
from aralia_law.entities import Person

LAW = "https://law.xa.example/social-contributions-act"


class self_employed_months(Variable):
    value_type = int
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Months of the year in which one's own business was registered"
    unit = "month"
    reference = f"{LAW}#s4-1"


class contribution_base(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Pay of the year on which an employee contributes"
    unit = "XAM"
    reference = f"{LAW}#s1-1"

    def formula_2016(person, period, parameters):
        ceiling = parameters(period).contributions.ceiling
        return cents(numpy.minimum(person("employment_income", period), ceiling))


class employee_pension_contribution(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Employee's contribution to pension insurance"
    unit = "XAM"
    reference = f"{LAW}#s2-1"

    def formula_2016(person, period, parameters):
        return cents(person("contribution_base", period) * parameters(period).contributions.employee_pension)


class employee_unemployment_contribution(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Employee's contribution to unemployment insurance"
    unit = "XAM"
    reference = f"{LAW}#s2-2"

    def formula_2016(person, period, parameters):
        owed = person("contribution_base", period) * parameters(period).contributions.employee_unemployment
        return cents(owed) * ~person("of_retirement_age", period.first_month)


class employee_contribution(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "All contributions of an employee"
    unit = "XAM"
    reference = f"{LAW}#s2-3"

    def formula_2016(person, period):
        pension = person("employee_pension_contribution", period)
        return cents(pension + person("employee_unemployment_contribution", period))


class employer_contribution(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Contributions that employers pay on top of the pay"
    unit = "XAM"
    reference = f"{LAW}#s3-1"

    def formula_2016(person, period, parameters):
        rates = parameters(period).contributions
        pension = cents(person("contribution_base", period) * rates.employer_pension)
        return cents(pension + cents(person("employment_income", period) * rates.employer_health))


class self_employed_base(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Amount on which a self-employed person contributes"
    unit = "XAM"
    reference = [f"{LAW}#s4-1", f"{LAW}#s4-2", f"{LAW}#s4-3"]

    def formula_2016(person, period, parameters):
        law = parameters(period).contributions
        count = person("self_employed_months", period)
        employed = person("contribution_base", period)
        least = cents(law.self_employed_minimum * count)
        least = numpy.where(employed >= least, 0, least)
        profit = numpy.maximum(person("business_income", period), 0)
        base = numpy.minimum(numpy.maximum(profit, least), law.ceiling - employed)
        return cents(numpy.where(count > 0, base, 0))


class self_employed_contribution(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR
    label = "Contribution of a self-employed person"
    unit = "XAM"
    reference = f"{LAW}#s4-4"

    def formula_2016(person, period, parameters):
        return cents(person("self_employed_base", period) * parameters(period).contributions.self_employed)

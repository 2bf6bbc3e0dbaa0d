# SPDX-License-Identifier: EUPL-1.2
"""Monthly supplement to the rent of a household of small means. Housing Supplement Act."""

import numpy
from openfisca_core.holders import set_input_dispatch_by_period
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import calculate_output_add
from openfisca_core.variables import Variable

from aralia_law.amounts import Amount, cents
from aralia_law.entities import Household

LAW = "https://law.xa.example/housing-supplement-act"


class rent(Amount):
    value_type = float
    entity = Household
    definition_period = DateUnit.MONTH
    set_input = set_input_dispatch_by_period
    label = "Rent of the dwelling for the month"
    unit = "XAM"
    reference = f"{LAW}#s2-1"


class household_size(Variable):
    value_type = int
    entity = Household
    definition_period = DateUnit.MONTH
    label = "Persons of the household with a home in Aralia in the month"
    unit = "person"
    reference = f"{LAW}#s2-2"

    def formula_2017(household, period):
        return household.sum(household.members("resident_in_month", period))


class household_means(Amount):
    value_type = float
    entity = Household
    definition_period = DateUnit.MONTH
    label = "Means of the household for one month: a twelfth of last year's net income"
    unit = "XAM/month"
    reference = f"{LAW}#s3-1"

    def formula_2017(household, period):
        together = household.sum(household.members("net_income", period.last_year))
        return cents(cents(numpy.maximum(together, 0)) / 12)


class housing_supplement(Amount):
    value_type = float
    entity = Household
    definition_period = DateUnit.MONTH
    calculate_output = calculate_output_add
    label = "Housing supplement of the household in the month"
    unit = "XAM"
    reference = [f"{LAW}#s2-1", f"{LAW}#s2-2", f"{LAW}#s4-1", f"{LAW}#s4-2", f"{LAW}#s4-3"]

    def formula_2017(household, period, parameters):
        law = parameters(period).housing_supplement
        size = household("household_size", period)
        ceiling = law.ceiling + law.ceiling_for_each_further_person * numpy.maximum(size - 1, 0)
        counted = cents(numpy.minimum(household("rent", period), ceiling))
        old = household.members("of_retirement_age", period) & household.members("resident_in_month", period)
        rate = numpy.where(household.any(old), law.own_share_of_the_old, law.own_share)
        left = cents(counted - cents(household("household_means", period) * rate))
        return numpy.where((left >= law.smallest) & (size > 0), left, 0)

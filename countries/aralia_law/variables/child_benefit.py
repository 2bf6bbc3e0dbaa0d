# SPDX-License-Identifier: EUPL-1.2
"""Monthly benefit for children, by their number and age. Child Benefit Act."""

import numpy
from openfisca_core.holders import set_input_dispatch_by_period
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import calculate_output_add
from openfisca_core.variables import Variable

from aralia_law.amounts import Amount, cents
from aralia_law.dates import days, month_of, month_of_age
from aralia_law.entities import Family, Person

LAW = "https://law.xa.example/child-benefit-act"
_PLACES = 1000


class in_school(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.MONTH
    set_input = set_input_dispatch_by_period
    label = "Attends a school in the month"
    unit = "yes or no"
    reference = f"{LAW}#s1-2"


class disabled(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.MONTH
    set_input = set_input_dispatch_by_period
    label = "Has an established disability in the month"
    unit = "yes or no"
    reference = f"{LAW}#s3-2"


class shared_custody(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.MONTH
    set_input = set_input_dispatch_by_period
    label = "Lives by turns in two homes; counted as a child in both families"
    unit = "yes or no"
    reference = f"{LAW}#s4-1"


class dependent_child(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.MONTH
    label = "Dependent child of her family in the month"
    unit = "yes or no"
    reference = [f"{LAW}#s1-1", f"{LAW}#s1-2", f"{LAW}#s1-3"]

    def formula_2016(person, period, parameters):
        law = parameters(period).child_benefit
        birth, month = person("birth_date", period), month_of(period)
        young = month <= month_of_age(birth, law.age_limit)
        learning = person("in_school", period) & (month <= month_of_age(birth, law.age_limit_in_school))
        return person.has_role(Family.CHILD) & person("resident_in_month", period) & (young | learning)


class child_rank(Variable):
    value_type = int
    default_value = -1
    entity = Person
    definition_period = DateUnit.MONTH
    label = "Place among the dependent children of the family, 0 for the eldest; -1 for whoever is none"
    unit = "place"
    reference = f"{LAW}#s2-2"

    def formula_2016(person, period):
        order = days(person("birth_date", period)) * _PLACES + person.family.members_position
        return person.get_rank(person.family, order, condition=person("dependent_child", period))


class child_benefit_for_child(Amount):
    value_type = float
    entity = Person
    definition_period = DateUnit.MONTH
    calculate_output = calculate_output_add
    label = "Child benefit for one child, in this home"
    unit = "XAM"
    reference = [f"{LAW}#s2-1", f"{LAW}#s3-1", f"{LAW}#s3-2", f"{LAW}#s4-1"]

    def formula_2016(person, period, parameters):
        law = parameters(period).child_benefit
        by_place = numpy.where(person("child_rank", period) >= 2, law.third_child, law.first_children)
        young = month_of(period) <= month_of_age(person("birth_date", period), law.young_age)
        amount = by_place + law.young_child * young + law.disabled_child * person("disabled", period)
        due = numpy.where(person("shared_custody", period), cents(amount / 2), amount)
        return cents(due * person("dependent_child", period))


class large_family_supplement(Amount):
    value_type = float
    entity = Family
    definition_period = DateUnit.MONTH
    calculate_output = calculate_output_add
    label = "Supplement for a family with many children"
    unit = "XAM"
    reference = [f"{LAW}#s5-1", f"{LAW}#s5-2"]

    def formula_2018(family, period, parameters):
        law = parameters(period).child_benefit
        weight = numpy.where(family.members("shared_custody", period), 0.5, 1)
        children = family.sum(weight * family.members("dependent_child", period))
        many, large = children >= law.very_large_family, children >= law.large_family
        most = numpy.where(many, law.very_large_family_supplement, law.large_family_supplement)
        return cents(numpy.where(large, most, 0))


class child_benefit(Amount):
    value_type = float
    entity = Family
    definition_period = DateUnit.MONTH
    calculate_output = calculate_output_add
    label = "Child benefit of the family in the month, with its supplement"
    unit = "XAM"
    reference = f"{LAW}#s6-1"

    def formula_2016(family, period):
        children = family.sum(family.members("child_benefit_for_child", period))
        at_home = family.any(family.members("resident_in_month", period), role=Family.PARTNER)
        return cents(children + family("large_family_supplement", period)) * at_home

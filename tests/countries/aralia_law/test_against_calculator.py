# SPDX-License-Identifier: EUPL-1.2
"""The formulas and the second calculator agree to the cent on made-up households."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.countries.aralia_law.calculator import Reckoning
from tests.countries.aralia_law.generator import Case
from tests.countries.aralia_law.population import Population

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.loading import load
from flagstone.blocks.rules.service.engine.modes import enter

_OF_A_YEAR: dict[str, Callable[[Reckoning, str, int], Decimal]] = {
    "resident_days": lambda law, who, year: Decimal(law.days_of_residence(who, year)),
    "tax_resident": lambda law, who, year: Decimal(law.resident_for_tax(who, year)),
    "resident_months": lambda law, who, year: Decimal(law.months_that_count(who, year)),
    "employment_income": Reckoning.pay_of,
    "employee_contribution": Reckoning.employee,
    "employer_contribution": Reckoning.employer,
    "self_employed_contribution": Reckoning.self_employed,
    "business_loss_brought": Reckoning.losses_brought,
    "business_loss_used": Reckoning.losses_used,
    "total_income": Reckoning.total_income,
    "deductions": Reckoning.deductions,
    "income_before_allowances": Reckoning.before_allowances,
    "basic_allowance": Reckoning.basic_allowance,
    "spouse_allowance": Reckoning.from_spouse,
    "child_allowance": Reckoning.for_children,
    "taxable_income": Reckoning.taxable_income,
    "tax_by_scale": Reckoning.tax_by_scale,
    "foreign_tax_credit": Reckoning.foreign_credit,
    "income_tax": Reckoning.income_tax,
    "tax_balance": Reckoning.balance,
    "net_income": Reckoning.net_income,
}
_OF_A_MONTH: dict[str, Callable[[Reckoning, str, date], Decimal]] = {
    "dependent_child": lambda law, who, month: Decimal(law.dependent(who, month)),
    "child_benefit_for_child": Reckoning.benefit_for,
    "claims_parental_benefit": lambda law, who, month: Decimal(law.claims(who, month)),
    "parental_benefit": Reckoning.parental_benefit,
}
_OF_A_FAMILY: dict[str, Callable[[Reckoning, Any, date], Decimal]] = {
    "large_family_supplement": Reckoning.large_family,
    "child_benefit": Reckoning.child_benefit,
}

Figure = tuple[str, str, str]  # variable, period, key


def _reckoned(case: Case) -> Iterator[tuple[Figure, Decimal]]:
    """Yield each figure of a household by the second calculator."""
    law, year, month = Reckoning(case.situation), case.year, f"{case.month:%Y-%m}"
    for who in law.persons:
        for name, of_year in _OF_A_YEAR.items():
            yield (name, f"{year}", who), of_year(law, who, year)
        for name, of_month in _OF_A_MONTH.items():
            yield (name, month, who), of_month(law, who, case.month)
    for key, family in law.families.items():
        for name, of_family in _OF_A_FAMILY.items():
            yield (name, month, key), of_family(law, family, case.month)
    for key, household in law.households.items():
        yield ("housing_supplement", month, key), law.housing_supplement(household, case.month)


def _differences(numbers: range) -> tuple[list[str], dict[str, int]]:
    """Return where the two differ, and of each variable how many figures that are not 0 were compared."""
    cases = [Case(number) for number in numbers]
    system = load(LawName("aralia_law")).system
    population = Population(system, (case.situation for case in cases))
    differing: list[str] = []
    telling: dict[str, int] = defaultdict(int)
    for case in cases:
        for (name, period, key), expected in _reckoned(case):
            plural = system.get_variable(name).entity.plural
            computed = population.calculate(name, period)[population.places[plural][key]]
            telling[name] += expected != 0
            if float(computed) != float(expected):
                differing.append(f"{name} {period} of {key}: {computed} by formula, {expected} by text")
    return differing, telling


@contextmanager
def _in(mode: Mode) -> Iterator[None]:
    installed = enter(mode)
    try:
        assert installed.switched_off == ()
        yield
    finally:
        installed.undo()


def test_three_hundred_households_to_the_cent() -> None:
    with _in(Mode.FAST):
        differing, telling = _differences(range(300))
    assert differing == []
    assert min(telling.values()) > 0, telling


@pytest.mark.slow
@pytest.mark.parametrize("mode", Mode)
def test_a_thousand_households_to_the_cent(mode: Mode) -> None:
    _agree(mode, range(0, 10_000, 10), least=1)


@pytest.mark.long
@pytest.mark.parametrize("mode", Mode)
def test_ten_thousand_households_to_the_cent(mode: Mode) -> None:
    _agree(mode, range(10_000), least=50)


def _agree(mode: Mode, numbers: range, *, least: int) -> None:
    """Check that the two agree on these households, and every variable is not 0 more than `least` times."""
    with _in(mode):
        differing, telling = _differences(numbers)
    assert differing == []
    assert min(telling.values()) > least, telling
    assert set(telling) == {*_OF_A_YEAR, *_OF_A_MONTH, *_OF_A_FAMILY, "housing_supplement"}

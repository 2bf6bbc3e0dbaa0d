# SPDX-License-Identifier: EUPL-1.2
"""A small pattern of made-up people for somebody else's law, and plans for tests of simulations."""

from __future__ import annotations

from pathlib import Path

from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import Population, SimulationPlan
from flagstone.blocks.rules.service.simulating import Task

TEMPLATE = LawName("openfisca_country_template")
PATTERN = """
birth: birth
pay: salary
income: disposable_income
budget: {income_tax: 1, social_security_contribution: 1, basic_income: -1, housing_allowance: -1}
members:
  adult: {roles: {household: adult}}
  partner: {roles: {household: adult}, near: 6}
  child: {roles: {household: child}, ages: [0, 9, 17], gap: 20}
households:
  - {share: 4, members: [adult], ages: [19, 40, 90]}
  - {share: 3, members: [adult, partner], ages: [20, 45, 88]}
  - {share: 3, members: [adult, partner, child, child], ages: [22, 36, 55]}
  - {share: 1, members: [adult, child], ages: [21, 50]}
values:
  salary: {members: [adult, partner], ages: [18, 66], chance: 0.8, quantiles: [200, 1800, 9000], months: 0.7}
  rent: {chance: 0.5, quantiles: [150, 500, 1500]}
"""
REFORM = Reform(
    "another rate",
    {
        "taxes.income_tax_rate": {"2017-01-01": 0.2},
        "benefits.basic_income": {"2017-01-01": 620},
    },
)
PLAN = SimulationPlan(
    "a plan", 2017, REFORM, Population(households=60, seed=5), chunk_households=12, workers=2
)


def task(folder: Path, plan: SimulationPlan = PLAN) -> Task:
    """Return a simulation of some households by the template's law."""
    return Task(TEMPLATE, plan, str(folder), pattern=PATTERN)

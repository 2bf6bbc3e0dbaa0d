# SPDX-License-Identifier: EUPL-1.2
"""A simulation that is done, with findings of every kind, for tests of what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flagstone.blocks.rules.contract.law import LawName, LawSnapshot, Part
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import (
    BudgetLine,
    Curve,
    Decile,
    Findings,
    Line,
    Population,
    Progress,
    Scale,
    Simulation,
    SimulationPlan,
)

NUMBER = "S-2026-0007"
AT = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
SNAPSHOT = LawSnapshot(
    LawName("aralia_law"), (Part("flagstone-aralia", "0.5.0", "a" * 64),), "46.0.1", "b" * 64, "c" * 64
)
REFORM = Reform(
    "A higher allowance, and a lower rate",
    {
        "income_tax.basic_allowance": {"2026-01-01": 9600},
        "income_tax.scale[1].rate": {"2026-01-01": 0.265, "2026-07-01": 0.28},
    },
    ("housing_supplement",),
)
PLAN = SimulationPlan(
    "A higher allowance, and a lower rate",
    2026,
    REFORM,
    Population(households=10_000),
    line=Line("salary", 0, 60_000),
)
_WON = (0.21, 0.38, 0.52, 0.55, 0.61, 0.66, 0.64, 0.58, 0.41, 0.12)
_LOST = (0.02, 0.03, 0.02, 0.05, 0.09, 0.14, 0.19, 0.28, 0.47, 0.81)
_CHANGE = (0.002, 0.008, 0.012, 0.015, 0.014, 0.009, 0.004, 0.001, -0.003, -0.012)


_INCOMES = (4_120.0, 6_240.0, 7_890.0, 9_410.0, 11_020.0, 12_900.0, 15_230.0, 18_440.0, 23_910.0, 44_800.0)
_BANDS = (None, -500.0, -200.0, -100.0, -50.0, -0.005, 0.005, 50.0, 100.0, 200.0, 500.0, None)
_COUNTS = (310.0, 420.5, 610.0, 280.0, 190.0, 3_200.0, 520.0, 1_240.0, 2_010.0, 980.0, 239.5)
_RATES = (
    (0.02, 0.05, 0.21, 0.34, 0.2, 0.1, 0.05, 0.02, 0.01, 0.0),
    (0.02, 0.07, 0.32, 0.29, 0.15, 0.08, 0.04, 0.02, 0.01, 0.0),
)


def _budget() -> tuple[BudgetLine, ...]:
    return (
        BudgetLine("income_tax", "Income tax", 1, 48_310_221.4, 45_105_002.9),
        BudgetLine("employee_contribution", "Employee's contribution", 1, 9_204_118.0, 9_204_118.0),
        BudgetLine("child_benefit", "Child benefit", -1, 6_120_400.0, 6_120_400.0),
        BudgetLine("housing_supplement", "Housing supplement", -1, 1_830_112.5, 0.0),
    )


def _curve() -> Curve:
    moved = tuple(600.0 * place for place in range(101))
    law = tuple(each * 0.78 - max(0.0, each - 22_800) * 0.075 for each in moved)
    gained = (min(288.0, each * 0.2) - max(0.0, each - 40_000) * 0.03 for each in moved)
    return Curve("salary", moved, law, tuple(map(sum, zip(law, gained, strict=True))))


def findings() -> Findings:
    """Return findings of every kind."""
    tenths = enumerate(zip(_INCOMES, _CHANGE, _WON, _LOST, strict=True), 1)
    gains = zip(_BANDS[:-1], _BANDS[1:], _COUNTS, strict=True)
    return Findings(
        households=10_000.0,
        people=23_411.0,
        budget=_budget(),
        winners=0.4989,
        losers=0.1811,
        unchanged=0.32,
        deciles=tuple(
            Decile(number, income, income * (1 + change), won, lost)
            for number, (income, change, won, lost) in tenths
        ),
        gini_law=0.3412,
        gini_reform=0.3361,
        poor_law=0.1874,
        poor_reform=0.1802,
        gainers=tuple(
            (low, high, count, count * ((low or -900) + (high or 900)) / 2) for low, high, count in gains
        ),
        marginal=tuple(
            (place / 10, (place + 1) / 10, *rates) for place, rates in enumerate(zip(*_RATES, strict=True))
        ),
        curve=_curve(),
        median_law=11_870.0,
        median_reform=11_990.0,
        scale=Scale.OECD,
    )


def simulation(
    progress: Progress = Progress.DONE, *, plan: SimulationPlan = PLAN, done: int = 5
) -> Simulation:
    """Return a simulation as far as `progress`."""
    waiting = Simulation(NUMBER, plan, "EE-official", AT, progress, 0, 5)
    if progress is Progress.WAITING:
        return waiting
    if progress is not Progress.DONE:
        return replace(waiting, done=min(done, 3), law=SNAPSHOT)
    return replace(waiting, done=5, law=SNAPSHOT, findings=findings(), seconds=12.4)

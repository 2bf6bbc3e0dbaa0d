# SPDX-License-Identifier: EUPL-1.2
"""People of Aralia are assessed from its registers, and a second calculator comes to the same cents."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest
from tests.blocks.rules.here import Here, InHand, fast_law
from tests.blocks.rules.registers import InMemory, aralia
from tests.countries.aralia_law.calculator import Reckoning

from aralia.assessment import assessment
from aralia.people import people
from aralia.person import Person
from flagstone.blocks.rules.contract.assessment import Assessed
from flagstone.blocks.rules.contract.decision import Decisions
from flagstone.blocks.rules.contract.engine import Engine
from flagstone.blocks.rules.service.assessment import Assessing, View, person_of
from flagstone.blocks.rules.service.drawing import Drawing
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode

BABIES_SINCE = 2024


@pytest.fixture
def assessing(clock: SetClock) -> Iterator[Assessing]:
    plan = assessment()
    with fast_law(plan.law) as law:
        engine = Here(law)
        decisions = cast(Decisions, InHand(engine, clock))
        drawing = Drawing(plan, InMemory(aralia()), seconds_max=60)
        yield Assessing(plan, drawing, cast(Engine, engine), decisions, clock=clock)


def _reckoned(view: View, one: Assessed) -> dict[str, Decimal]:
    """Return a result's values by the second calculator, by period."""
    law = Reckoning(cast(Any, view.situation))
    groups: Any = view.situation
    of: dict[str, Callable[[str], Decimal]] = {
        "tax_balance": lambda period: law.balance("me", int(period)),
        "income_tax": lambda period: law.income_tax("me", int(period)),
        "parental_benefit": lambda period: law.parental_benefit("me", _month(period)),
        "child_benefit": lambda period: law.child_benefit(groups["families"]["home"], _month(period)),
        "housing_supplement": lambda period: law.housing_supplement(
            groups["households"]["home"], _month(period)
        ),
    }
    return {period: of[one.result.variable](period) for period in one.values}


def _month(period: str) -> date:
    return date.fromisoformat(f"{period}-01")


def _asked_for(chance: random.Random, count: int) -> list[Person]:
    """Return whom to assess: anybody alive, and among every eight a parent of the very young."""
    living = [one for one in people() if one.alive]
    young = {one.code for one in living if one.birth.year >= BABIES_SINCE}
    parents = [one for one in living if young.intersection(one.children)]
    return chance.sample(living, count - count // 8) + chance.sample(parents, count // 8)


def _answers(chance: random.Random) -> dict[str, str]:
    """Return what a person may answer; half of them answer nothing."""
    if chance.random() < 0.5:
        return {}
    leave = {"takes_parental_leave": chance.choice(["yes", "yes", "no"])}
    always = dict.fromkeys(("parental_income_base", "salary"), 1.0)
    sometimes = dict.fromkeys(("rent", "pension_income", "mortgage_interest", "donations"), 0.6)
    return leave | {
        name: f"{chance.randrange(0, 300_000) / 100:.2f}"
        for name, odds in (always | sometimes).items()
        if chance.random() < odds
    }


def _assess(assessing: Assessing, count: int) -> Counter[str]:
    """Compare each result of so many persons; return of each variable how many were not nothing."""
    chance = random.Random("assessed")
    told: Counter[str] = Counter()
    for one in _asked_for(chance, count):
        caller = Caller(Actor(ActorKind.PERSON, one.code))
        year = chance.choice(assessing.years())
        view = assessing.look(person_of(PersonCode(one.code), caller, "r"), year, _answers(chance))
        assert view.answers.flaws == ()
        for each in view.assessment.assessed:
            reckoned = _reckoned(view, each)
            assert each.values == {period: float(value) for period, value in reckoned.items()}
            told[each.result.variable] += any(reckoned.values())
    assert set(told) == {each.variable for each in assessing.plan.results}
    return told


def test_persons_are_assessed_to_the_cent(assessing: Assessing) -> None:
    told = _assess(assessing, 64)
    assert min(told.values()) > 0, told


@pytest.mark.slow
def test_many_persons_are_assessed_to_the_cent(assessing: Assessing) -> None:
    told = _assess(assessing, 1_000)
    assert min(told.values()) > 20, told

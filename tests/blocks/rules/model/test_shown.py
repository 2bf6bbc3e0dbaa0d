# SPDX-License-Identifier: EUPL-1.2
"""Facts are shown by whom they are about, months that agree as one; claims are read against them."""

from __future__ import annotations

from typing import Any

from tests.blocks.rules.registers import ASKED_AT, INTERIOR

from aralia.assessment import assessment
from flagstone.blocks.rules.contract.assessment import Known
from flagstone.blocks.rules.contract.decision import Fact, Origin
from flagstone.blocks.rules.model.answers import SAYINGS, questions
from flagstone.blocks.rules.model.shown import (
    assessed_of,
    claims_of,
    facts_shown,
    gaps_shown,
    present_of,
    topics,
)

PLAN = assessment()
MONTHS = [f"2025-{month:02}" for month in range(1, 13)]


def known(situation: dict[str, Any], **more: Any) -> Known:
    """Return a situation of which a register told every value."""
    facts = tuple(
        Fact(f"/{entity}/{instance}/{variable}/{period}", Origin.REGISTER, INTERIOR, "m", ASKED_AT)
        for entity, instances in situation.items()
        for instance, content in instances.items()
        for variable, dated in content.items()
        if isinstance(dated, dict)
        for period in dated
    )
    return Known(situation, facts, **more)


FAMILY = known(
    {
        "families": {"home": {"partners": ["me", "partner"], "married": {"2024": True, "2025": True}}},
        "households": {"home": {"adults": ["me"], "rent": dict.fromkeys(MONTHS, 700.0)}},
        "persons": {
            "child-10": {"birth_date": {"ETERNITY": "2015-01-01"}},
            "child-2": {
                "birth_date": {"ETERNITY": "2014-01-01"},
                "shared_custody": dict.fromkeys(MONTHS[6:], True),
            },
            "me": {"employment_income": {"2025": 10.0, "2024": 5.0}, "income_tax": {"2025": None}},
            "partner": {"birth_date": {"ETERNITY": "1980-01-01"}},
        },
    },
    missing=("rent", "employment_income@partner", "unheard_of"),
)


def test_oneself_comes_first_and_children_by_number() -> None:
    shown = facts_shown(FAMILY, PLAN, 2025)
    assert [each.instance for each in shown] == ["me", "partner", "child-2", "child-10"]
    told = {each.instance: [(line.variable, line.period) for line in each.lines] for each in shown}
    assert told["me"] == [("employment_income", ""), ("employment_income", "2024"), ("rent", "")]
    assert told["partner"] == [("birth_date", ""), ("married", "2024"), ("married", "")]
    assert told["child-2"][1] == ("shared_custody", "2025-07/2025-12")


def test_months_that_agree_are_one_line_of_all_their_places() -> None:
    (rent,) = [line for line in facts_shown(FAMILY, PLAN, 2025)[0].lines if line.variable == "rent"]
    assert rent.places == tuple(f"/households/home/rent/{month}" for month in MONTHS)


def test_gaps_name_whose_they_are_and_what_counts_instead() -> None:
    rent, pay, strange = gaps_shown(FAMILY, PLAN)
    assert rent.otherwise["en"].startswith("No supplement")
    assert (pay.instance, pay.otherwise, pay.label["en"]) == ("partner", {}, "Pay of the year, before tax")
    assert strange.label == {"en": "unheard_of"}


def test_claims_are_read_like_the_facts_that_they_are_about() -> None:
    shown = facts_shown(FAMILY, PLAN, 2025)
    form = {
        "claim./persons/me/employment_income/2025": "1 234,50",
        "claim./persons/partner/birth_date/ETERNITY": "1981-02-03",
        "claim./families/home/married/2025": "no",
        "claim./households/home/rent/2025-01": "700",
        "claim./persons/me/income_tax/2025": "0",
        "claim./persons/nobody/x/2025": "1",
    }
    claimed, wrong = claims_of(shown, form)
    assert claimed == {
        "/persons/me/employment_income/2025": 1234.5,
        "/persons/partner/birth_date/ETERNITY": "1981-02-03",
        "/families/home/married/2025": False,
    }
    assert wrong == {}
    name = "claim./persons/partner/birth_date/ETERNITY"
    claimed, wrong = claims_of(shown, {name: "long ago", "claim./households/home/rent/2025-01": "1"})
    assert set(claimed) == {f"/households/home/rent/{month}" for month in MONTHS}
    assert wrong[name] in SAYINGS


def test_values_by_place_become_results_in_the_order_of_the_plan() -> None:
    found = assessed_of(
        {
            "/persons/me/income_tax/2025": 7.0,
            "/families/home/child_benefit/2025-01": 1.0,
            "/families/home/child_benefit/2025-02": 2.5,
            "/persons/partner/income_tax/2025": 9.0,
        },
        PLAN,
    )
    assert [(each.result.variable, each.total) for each in found] == [
        ("income_tax", 7.0),
        ("child_benefit", 3.5),
    ]


def test_questions_show_what_counts_now_and_keep_their_topics_together() -> None:
    asked = questions(PLAN, FAMILY, 2025, everything=True)
    present = present_of(FAMILY, asked, 2025)
    assert present == {"employment_income": 10.0, "rent": 700.0}
    grouped = topics(asked)
    assert sum(map(len, grouped)) == len(asked)
    assert len(grouped) < len(asked)

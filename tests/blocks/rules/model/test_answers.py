# SPDX-License-Identifier: EUPL-1.2
"""What a person may type: amounts of every script, nonsense of every kind, and what an answer changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralia.assessment import assessment
from flagstone.blocks.rules.contract.assessment import Answer, Ask, Known, Result
from flagstone.blocks.rules.contract.decision import Fact, Origin
from flagstone.blocks.rules.model import answers as model
from flagstone.blocks.rules.model.answers import (
    NOTHING,
    SAYINGS,
    Question,
    concerns,
    not_told,
    questions,
    read_answer,
    read_answers,
    with_answers,
)
from flagstone.blocks.rules.web.assessment import WORDS

PLAN = assessment()
AMOUNT = Ask("x", {}, Answer.AMOUNT, {}, {})
LOSS = Ask("x", {}, Answer.AMOUNT, {}, {}, below_zero=True)
KNOWN = Known({"persons": {"me": {}, "child-1": {}}}, (), children={"child-1": "2007-03-01"})


def ask(variable: str) -> Ask:
    return next(each for each in PLAN.asks if each.variable == variable)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0.0),
        ("1234.5", 1234.5),
        ("1234,50", 1234.5),
        ("1 234,50", 1234.5),
        ("1\u00a0234.50", 1234.5),
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("\u0661\u0662\u0663\u0664\u066b\u0665\u0660", 1234.5),
        ("1000000000", 1e9),
        ("-0", 0.0),
    ],
)
def test_amounts_as_people_write_them(text: str, amount: float) -> None:
    found = read_answer(text, AMOUNT)
    assert found == amount
    assert str(found)[0] != "-"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-1", model.BELOW_ZERO),
        ("1000000000.01", model.TOO_MUCH),
        ("9" * 15, model.TOO_MUCH),
        ("9" * 59, model.NOT_AN_AMOUNT),
        ("1e9", model.NOT_AN_AMOUNT),
        ("NaN", model.NOT_AN_AMOUNT),
        ("inf", model.NOT_AN_AMOUNT),
        ("0x10", model.NOT_AN_AMOUNT),
        ("1.234", model.THOUSANDS),
        ("12,345,678", model.THOUSANDS),
        ("1.2345", model.NOT_AN_AMOUNT),
        ("1000*4", model.NOT_AN_AMOUNT),
        ("", model.NOT_AN_AMOUNT),
        ("٣½", model.NOT_AN_AMOUNT),
    ],
)
def test_what_is_no_amount_or_too_much_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.split(",", maxsplit=1)[0]):
        read_answer(text, AMOUNT)


def test_only_a_result_of_a_business_may_be_below_zero() -> None:
    assert read_answer("-12.30", LOSS) == -12.3
    assert read_answer("\u221212,30", LOSS) == -12.3


@pytest.mark.parametrize(
    "text", ["2025-02-30", "31.12.2025", "1899-12-31", "20250101T", "today", "2025-1-1", "2025-W01-1"]
)
def test_a_date_is_a_day_that_was(text: str) -> None:
    with pytest.raises(ValueError, match=model.NOT_A_DATE[:20]):
        read_answer(text, ask("arrival_date"))


def test_choices_and_counts() -> None:
    assert read_answer("yes", ask("in_school")) is True
    with pytest.raises(ValueError, match=model.NOT_A_CHOICE):
        read_answer("perhaps", ask("in_school"))
    count = Ask("x", {}, Answer.COUNT, {}, {})
    assert read_answer("12", count) == 12
    for text in ("-1", "1.5", "10001", "x"):
        with pytest.raises(ValueError, match=model.NOT_A_COUNT):
            read_answer(text, count)


@given(st.text(max_size=70), st.sampled_from(PLAN.asks))
def test_whatever_is_typed_is_read_or_refused_in_our_own_words(text: str, some: Ask) -> None:
    question = Question(some, "me")
    found = read_answers({question.name: text}, [question])
    assert {flaw.message for flaw in found.flaws} <= set(SAYINGS)
    assert len(found.values) + len(found.flaws) == len(found.texts)


def test_every_refusal_can_be_said_in_each_language() -> None:
    assert set(SAYINGS) == set(WORDS)


def test_questions_are_those_that_concern_her() -> None:
    asked = {each.name for each in questions(PLAN, KNOWN, 2025)}
    assert "in_school.child-1" in asked
    assert "takes_parental_leave" not in asked
    assert "employment_income" not in asked
    assert "in_school.child-1" not in {each.name for each in questions(PLAN, KNOWN, 2024)}
    lacking = Known(KNOWN.situation, (), ("employment_income",))
    assert "employment_income" in {each.name for each in questions(PLAN, lacking, 2025)}
    in_care = Known({"persons": {"me": {}}, "families": {"home": {"children": ["me"]}}}, ())
    assert "rent" not in {each.name for each in questions(PLAN, in_care, 2025)}


def test_answers_become_facts_of_hers_and_what_is_left_out_is_named() -> None:
    asked = questions(PLAN, KNOWN, 2025)
    form = {
        "rent": "700",
        "in_school.child-1": "yes",
        "donations": "",
        "birth_date": "1980-01-01",
        "odd": "1",
    }
    answers = read_answers(form, asked)
    assert dict(answers.values) == {"rent": 700.0, "in_school.child-1": True}
    known = with_answers(KNOWN, PLAN, answers, asked, 2025)
    situation: Any = known.situation
    assert situation["households"]["home"]["rent"]["2025-12"] == 700.0
    assert len(situation["persons"]["child-1"]["in_school"]) == 12
    assert Fact("/persons/child-1/in_school/2025-01", Origin.PERSON) in known.facts
    assert "donations" in known.missing
    assert "rent" not in known.missing
    assert KNOWN.situation == {"persons": {"me": {}, "child-1": {}}}


def test_an_answer_in_place_of_a_register_takes_the_place_of_its_fact() -> None:
    place = "/persons/me/employment_income/2025"
    known = Known({"persons": {"me": {"employment_income": {"2025": 5.0}}}}, (Fact(place, Origin.REGISTER),))
    asked = questions(PLAN, known, 2025, everything=True)
    found = with_answers(known, PLAN, read_answers({"employment_income": "6"}, asked), asked, 2025)
    assert [each.origin for each in found.facts if each.place == place] == [Origin.PERSON]
    untouched = with_answers(known, PLAN, NOTHING, asked, 2025)
    assert "employment_income" not in untouched.missing


def test_a_result_is_told_when_what_it_needs_is_known_or_needless() -> None:
    parental = next(each for each in PLAN.results if each.variable == "parental_benefit")
    lacking = Known({}, (), ("takes_parental_leave", "parental_income_base", "salary"))
    found = not_told(parental, lacking, NOTHING)
    assert found is not None
    assert found.needs == parental.needs[1:]
    declined = model.Answers({"takes_parental_leave": False})
    assert not_told(parental, Known({}, (), ("parental_income_base", "salary")), declined) is None


def test_a_result_for_families_with_children_may_concern_whose_family_is_not_known() -> None:
    benefit = next(each for each in PLAN.results if each.variable == "child_benefit")
    assert not concerns(benefit, Known({}, ()), PLAN, 2025)
    assert concerns(benefit, Known({}, (), silent=("individuals",)), PLAN, 2025)
    assert concerns(Result("x", "persons", {}), Known({}, ()), PLAN, 2025)

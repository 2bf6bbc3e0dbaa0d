# SPDX-License-Identifier: EUPL-1.2
"""A situation holds what registers said and nothing else, each fact with its origin, each gap by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.rules.kin import people, person
from tests.blocks.rules.registers import ASKED_AT, INTERIOR, REVENUE

from aralia.assessment import assessment
from flagstone.blocks.rules.contract.assessment import Heard, Known
from flagstone.blocks.rules.contract.decision import Fact, Origin
from flagstone.blocks.rules.model.prefill import Drawn, amounts_of, prefill
from flagstone.blocks.rules.model.relatives import RecordUnreadable

PLAN = assessment()
SUMS = PLAN.incomes.sums


def income(gross: Any, withheld: Any = 0, **more: Any) -> dict[str, Any]:
    row = {"gross_minor": gross, "tax_withheld_minor": withheld, "currency": "XAM", "status": "declared"}
    return row | more


def paid(*rows: dict[str, Any]) -> Heard:
    return Heard(tuple(rows), REVENUE, "message-9", ASKED_AT)


def drawn(*persons: dict[str, Any], **incomes: Heard) -> Drawn:
    """Return what was heard of the first person and hers; `incomes` are those of 2025 by code."""
    me, found = people(*persons)
    return Drawn(me.code, me, found, {(code, 2025): each for code, each in incomes.items()})


def fact(known: Known, place: str) -> Fact:
    return next(each for each in known.facts if each.place == place)


def test_several_employers_make_one_sum_with_its_origin() -> None:
    known = prefill(PLAN, drawn(person("me"), me=paid(income(1_234_56, 100), income(1))), 2025)
    persons: Any = known.situation["persons"]
    assert persons["me"]["employment_income"] == {"2025": 1234.57}
    assert persons["me"]["tax_withheld"] == {"2025": 1.0}
    basis = "General Act § 7"
    said = Fact("/persons/me/employment_income/2025", Origin.REGISTER, REVENUE, "message-9", ASKED_AT, basis)
    assert fact(known, said.place) == said
    assert fact(known, "/persons/me/birth_date/ETERNITY").source == INTERIOR
    assert known.missing == known.doubtful == known.silent == ()


def test_a_register_without_an_entry_says_that_there_was_no_pay() -> None:
    known = prefill(PLAN, drawn(person("me"), me=paid()), 2025)
    persons: Any = known.situation["persons"]
    assert persons["me"]["employment_income"] == {"2025": 0.0}


def test_a_register_that_did_not_answer_is_no_zero() -> None:
    known = prefill(PLAN, replace(drawn(person("me")), silent=("incomes",)), 2025)
    persons: Any = known.situation["persons"]
    assert "employment_income" not in persons["me"]
    assert known.missing == ("employment_income", "tax_withheld")
    assert known.silent == ("incomes",)


def test_a_year_that_is_not_over_is_not_known() -> None:
    some = replace(drawn(person("me")), incomes={("me", 2026): paid(income(5))})
    assert prefill(PLAN, some, 2026).missing == ("employment_income", "tax_withheld")


def test_without_the_register_of_persons_nothing_is_made_up() -> None:
    known = prefill(PLAN, Drawn("me", None, {}, {("me", 2025): paid(income(100))}, ("individuals",)), 2025)
    assert known.situation == {
        "persons": {"me": {"employment_income": {"2025": 1.0}, "tax_withheld": {"2025": 0.0}}}
    }
    assert known.missing == ("birth_date", "married", "shared_custody")


def test_rows_in_another_currency_are_not_added() -> None:
    rows = paid(income(100), income(100, currency="EUR"))
    assert prefill(PLAN, drawn(person("me"), me=rows), 2025).missing == ("employment_income", "tax_withheld")


def test_a_disputed_row_counts_and_is_named() -> None:
    known = prefill(PLAN, drawn(person("me"), me=paid(income(100), income(5, status="disputed"))), 2025)
    assert "/persons/me/employment_income/2025" in known.doubtful


@pytest.mark.parametrize("gross", ["100", 1.5, True, 10**16, -(10**16), [1]])
def test_an_amount_that_is_none_is_refused(gross: Any) -> None:
    with pytest.raises(RecordUnreadable):
        amounts_of(paid(income(gross)), PLAN.incomes, SUMS, "XAM")


def test_of_a_partner_only_the_pay_is_taken() -> None:
    couple = (
        person("me", spouse="he", marital="married", household="H1"),
        person("he", spouse="me", marital="married", household="H1"),
    )
    known = prefill(PLAN, drawn(*couple, me=paid(income(100)), he=paid(income(300, 50))), 2025)
    persons, families = (known.situation[each] for each in ("persons", "families"))
    assert set(persons["partner"]) == {"birth_date", "employment_income"}  # type: ignore[index,call-overload,arg-type]
    assert families == {"home": {"partners": ["me", "partner"], "children": [], "married": {"2025": True}}}


def test_shared_custody_counts_from_its_month() -> None:
    kid = person(
        "kid", "2015-05-05", custody=[("me", "joint", "2025-11-15"), ("he", "joint")], household="H1"
    )
    known = prefill(PLAN, drawn(person("me", children=["kid"], household="H1"), kid, me=paid()), 2025)
    persons: Any = known.situation["persons"]
    assert persons["child-1"]["shared_custody"] == {"2025-11": True, "2025-12": True}
    assert known.children == {"child-1": "2015-05-05"}


def test_a_child_in_care_is_a_child_of_her_family_and_of_her_parents_nothing_is_told() -> None:
    me = person("me", "2012-01-01", custody=[("mother", "sole")], household="H1")
    known = prefill(PLAN, drawn(me, person("mother", household="H1"), me=paid()), 2025)
    assert known.situation["families"] == {"home": {"partners": [], "children": ["me"]}}
    assert list(known.situation["persons"]) == ["me"]  # type: ignore[arg-type]


def test_the_household_is_in_it_only_when_it_is_asked_for() -> None:
    both = (person("me", household="H1"), person("brother", "1990-01-01", household="H1"))
    alone = drawn(*both, me=paid())
    assert "households" not in prefill(PLAN, alone, 2025).situation
    before = {("me", 2024): paid(income(1)), ("brother", 2024): paid(income(2))}
    known = prefill(PLAN, replace(alone, home=True, incomes={**alone.incomes, **before}), 2025)
    assert known.situation["households"] == {"home": {"adults": ["me", "other-1"], "children": []}}
    persons: Any = known.situation["persons"]
    assert persons["other-1"]["employment_income"] == {"2024": 0.02}
    assert "household_means" not in known.missing
    assert "household_means" in prefill(PLAN, replace(alone, home=True), 2025).missing


def test_no_text_of_a_situation_is_a_code_or_a_dwelling() -> None:
    known = prefill(
        PLAN,
        drawn(
            person("47608074013", spouse="37608074013", marital="married", household="H00001"),
            person("37608074013", spouse="47608074013", marital="married", household="H00001"),
        ),
        2025,
    )
    assert not {"47608074013", "37608074013", "H00001"} & set(str(known.situation).split("'"))


_ROW = st.fixed_dictionaries(
    {"gross_minor": st.one_of(st.none(), st.integers(0, 10**14)), "currency": st.sampled_from(["XAM", "EUR"])}
)


@given(st.lists(_ROW, max_size=4))
def test_every_value_has_an_origin_and_every_origin_a_value(rows: list[dict[str, Any]]) -> None:
    me = person("me", children=["kid"], household="H1")
    kid = person("kid", "2015-05-05", custody=[("me", "joint"), ("x", "joint")], household="H1")
    known = prefill(PLAN, drawn(me, kid, me=paid(*rows)), 2025)
    situation: Any = known.situation
    places = {
        f"/{entity}/{instance}/{variable}/{period}"
        for entity, instances in situation.items()
        for instance, content in instances.items()
        for variable, dated in content.items()
        if isinstance(dated, dict)
        for period in dated
    }
    assert places == {each.place for each in known.facts}
    assert len(places) == len(known.facts)

# SPDX-License-Identifier: EUPL-1.2
"""Situations are answered exactly, and whatever cannot be is named with its place."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Situation
from flagstone.blocks.rules.contract.faults import CalculationFailed, SituationInvalid, UnknownVariable
from flagstone.blocks.rules.service.engine.building import build
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.kernel.errors import Fault

BOUNDS = Bounds()
MONTH = "2017-01"


def person(**variables: JsonValue) -> Situation:
    return {"persons": {"a": {name: {MONTH: value} for name, value in variables.items()}}}


def found(answer: JsonValue, *path: str) -> Any:
    value: Any = answer
    for step in path:
        value = value[step]
    return value


def place_of(law: Law, situation: Situation) -> str:
    with pytest.raises(Fault) as raised:
        calculate(law, situation, BOUNDS)
    (flaw,) = raised.value.flaws
    return flaw.pointer


def test_every_null_is_answered_and_nothing_else_changes(law: Law) -> None:
    situation: Situation = {
        "persons": {
            "a": {"salary": {MONTH: 4000}, "income_tax": {MONTH: None}, "birth": {"ETERNITY": "1980-01-01"}},
            "b": {"age": {MONTH: None}, "birth": {"ETERNITY": None}},
        },
        "households": {"h": {"adults": ["a", "b"], "housing_occupancy_status": {MONTH: None}}},
    }
    assert calculate(law, situation, BOUNDS) == {
        "persons": {
            "a": {"salary": {MONTH: 4000}, "income_tax": {MONTH: 600.0}, "birth": {"ETERNITY": "1980-01-01"}},
            "b": {"age": {MONTH: 47}, "birth": {"ETERNITY": "1970-01-01"}},
        },
        "households": {"h": {"adults": ["a", "b"], "housing_occupancy_status": {MONTH: "tenant"}}},
    }
    assert found(situation, "persons", "a", "income_tax", MONTH) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.integers(min_value=0, max_value=10**11))
def test_money_is_exact_far_beyond_a_cent(law: Law, cents: int) -> None:
    answer = calculate(law, person(salary=cents / 100, income_tax=None), BOUNDS)
    got = found(answer, "persons", "a", "income_tax", MONTH)
    assert abs(Decimal(got) - Decimal(cents) / 100 * Decimal("0.15")) < Decimal("0.0001")


def test_axes_repeat_the_situation(law: Law) -> None:
    situation: Situation = {
        "persons": {"a": {"salary": {MONTH: None}, "income_tax": {MONTH: None}}, "b": {}},
        "households": {"h": {"adults": ["a", "b"], "disposable_income": {MONTH: None}}},
        "axes": [
            [{"count": 3, "name": "salary", "min": 0, "max": 2000, "period": MONTH}],
            [{"count": 2, "name": "salary", "min": 0, "max": 100, "period": MONTH, "index": 1}],
        ],
    }
    answer = calculate(law, situation, BOUNDS)
    assert found(answer, "persons", "a", "salary", MONTH) == [0, 1000, 2000] * 2
    assert found(answer, "persons", "a", "income_tax", MONTH) == [0, 150, 300] * 2
    assert len(found(answer, "households", "h", "disposable_income", MONTH)) == 6


def test_the_last_household_may_be_empty(law: Law) -> None:
    situation: Situation = {
        "persons": {"a": {"salary": {MONTH: 1000}}},
        "households": {"h": {"adults": ["a"]}, "nobody": {"disposable_income": {MONTH: None}}},
    }
    answer = calculate(law, situation, BOUNDS)
    assert isinstance(found(answer, "households", "nobody", "disposable_income", MONTH), float)


def test_persons_whom_no_group_names_stand_alone_and_always_the_same_way(law: Law) -> None:
    persons = {f"p{number}": {"salary": {MONTH: number}} for number in range(20)}
    situation: Situation = {"persons": persons, "households": {"h": {"adults": ["p3"]}}}
    ids = build(law, situation).household.ids
    assert list(ids) == ["h", *(name for name in persons if name != "p3")]


@pytest.mark.parametrize(
    "value",
    ["1000*4", "9**9**7", "toto", {}, [1], float("nan"), float("inf"), pytest.param(10**400, id="huge")],
)
def test_a_number_is_a_number_and_never_an_expression(law: Law, value: JsonValue) -> None:
    assert place_of(law, person(salary=value)) == f"/persons/a/salary/{MONTH}"


@pytest.mark.parametrize(
    ("situation", "place"),
    [
        ({"persons": {"a": {"salary": {"2017": None}}}}, "/persons/a/salary/2017"),
        ({"persons": {"a": {"salary": {"never": None}}}}, "/persons/a/salary"),
        ({"persons": {"a": {"birth": {MONTH: "yesterday"}}}}, f"/persons/a/birth/{MONTH}"),
        ({"persons": {"a": {"housing_tax": {"2017": None}}}}, "/persons/a/housing_tax"),
        ({"persons": {"a": {"salary": 4000}}}, "/persons/a/salary"),
        ({"persons": {}}, "/persons"),
        ({"people": {"a": {}}, "persons": {"a": {}}}, "/people"),
        ({"persons": {"a": {}}, "households": {"h": {"adults": ["b"]}}}, "/households/h/adults"),
        ({"persons": {"a": {}}, "households": {"h": {"adults": ["a", "a"]}}}, "/households/h/adults"),
        ({"persons": {"a/b~c": {"salary": {MONTH: "x"}}}}, f"/persons/a~1b~0c/salary/{MONTH}"),
    ],
)
def test_a_mistake_has_its_place(law: Law, situation: Situation, place: str) -> None:
    assert place_of(law, situation) == place


def test_a_variable_that_the_law_lacks_is_missing(law: Law) -> None:
    with pytest.raises(UnknownVariable):
        calculate(law, person(wealth=None), BOUNDS)


def test_a_formula_that_fails_is_named_without_any_value(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    def formula(person: object, period: object) -> None:
        raise ValueError("secret 4000")

    monkeypatch.setitem(law.system.variables["income_tax"].formulas, "0001-01-01", formula)
    with pytest.raises(CalculationFailed) as raised:
        calculate(law, person(salary=4000, income_tax=None), BOUNDS)
    assert "income_tax<2017-01>" in raised.value.detail
    assert "formula" in raised.value.detail
    assert "4000" not in raised.value.detail


@pytest.mark.parametrize(
    "bounds", [Bounds(instances_max=0), Bounds(values_max=1), Bounds(cells_max=1), Bounds(copies_max=0)]
)
def test_every_bound_holds(law: Law, bounds: Bounds) -> None:
    with pytest.raises(SituationInvalid):
        calculate(law, person(salary=4000, income_tax=None), bounds)


TANGLE = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3) | st.just(MONTH),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["persons", "households", "axes", "a", "h", "adults", "salary", "birth", "name", MONTH]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.dictionaries(st.sampled_from(["persons", "households", "axes"]), TANGLE, max_size=3))
def test_anything_is_answered_or_refused(law: Law, situation: dict[str, JsonValue]) -> None:
    with suppress(SituationInvalid, UnknownVariable):
        assert calculate(law, situation, BOUNDS).keys() == situation.keys()

# SPDX-License-Identifier: EUPL-1.2
"""What is measured of many households at once is what each of them gets alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Mode
from flagstone.blocks.rules.contract.faults import CalculationFailed, PlanInvalid
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.simulation import Line
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.loading import load
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.blocks.rules.service.engine.simulation import line
from flagstone.blocks.rules.service.engine.simulation.measuring import (
    STEP,
    Ask,
    measured,
    packed,
    required,
    terms,
    unpacked,
)
from flagstone.blocks.rules.service.engine.simulation.patterns import pattern_of, shipped
from flagstone.blocks.rules.service.engine.simulation.people import Grouping, Input, People
from flagstone.blocks.rules.service.engine.simulation.populating import Maker

INCOME = "net_income + child_benefit + parental_benefit + housing_supplement"
YEARLY = ("income_tax", "employee_contribution", "net_income")
MONTHLY = ("child_benefit", "parental_benefit", "housing_supplement")
MONTHS = [f"2026-{month:02}" for month in range(1, 13)]
MANY = Bounds(values_max=200_000, instances_max=2_000)


@pytest.fixture(scope="module")
def maker() -> Iterator[Maker]:
    installed = enter(Mode.FAST)
    law = load(LawName("aralia_law"))
    yield Maker(law, pattern_of(shipped("aralia_law") or b"", law.catalogue), 2026, 11)
    installed.undo()


@pytest.fixture(scope="module")
def ask() -> Ask:
    found = terms(INCOME)
    assert found is not None
    return Ask(2026, found, (*YEARLY, *MONTHLY), "salary", "birth_date")


def situation(people: People, home: int) -> dict[str, Any]:
    """Return one household as a body of `/calculate`, with all that is measured asked for."""
    members = [f"p{at}" for at in numpy.flatnonzero(people.homes == home)]
    persons: dict[str, Any] = {name: {each: {"2026": None} for each in YEARLY} for name in members}
    family: dict[str, Any] = {"partners": [], "children": [], "child_benefit": dict.fromkeys(MONTHS)}
    household: dict[str, Any] = {"adults": [], "children": [], "housing_supplement": dict.fromkeys(MONTHS)}
    for name in members:
        persons[name]["parental_benefit"] = dict.fromkeys(MONTHS)
        child = people.groups["family"].roles[int(name[1:])] == 1
        family["children" if child else "partners"].append(name)
        household["children" if child else "adults"].append(name)
    for each in people.inputs:
        if len(each.values) == len(people.homes):
            for name in members:
                value = each.values[int(name[1:])]
                given = str(value) if each.values.dtype.kind == "M" else value.item()
                persons[name].setdefault(each.variable, {})[each.period] = given
        else:
            where = household if each.variable == "rent" else family
            where.setdefault(each.variable, {})[each.period] = each.values[home].item()
    return {"persons": persons, "families": {"f": family}, "households": {"h": household}}


def test_each_household_gets_what_it_would_get_alone(maker: Maker, ask: Ask) -> None:
    people = maker.people(0, 16)
    columns = measured(maker.law, people, ask)
    totals = dict.fromkeys((*YEARLY, *MONTHLY), 0.0)
    for home in range(people.households):
        answer = calculate(maker.law, situation(people, home), MANY)
        found = {name: sum(sums(answer, name)) for name in totals}
        for name, value in found.items():
            assert columns[f"budget.{name}"][home] == pytest.approx(value, abs=1e-6), (home, name)
            totals[name] += value
        income = sum(found[name] for name in ("net_income", *MONTHLY))
        assert columns["income"][home] == pytest.approx(income, abs=1e-6)
    assert totals["income_tax"] > 0
    assert totals["child_benefit"] > 0


def sums(answer: Any, name: str) -> list[float]:
    """Return every value of a variable in an answer."""
    return [
        value
        for kind in answer.values()
        for instance in kind.values()
        if name in instance
        for value in instance[name].values()
    ]


def test_chunks_of_any_size_give_the_same_to_the_last_bit(maker: Maker, ask: Ask) -> None:
    whole = measured(maker.law, maker.people(0, 150), ask)
    parts = [measured(maker.law, maker.people(*ends), ask) for ends in ((0, 1), (1, 64), (64, 150))]
    for name, column in whole.items():
        joined = numpy.concatenate([each[name] for each in parts])
        assert joined.tobytes() == column.tobytes(), name


def test_marginal_rates_are_those_of_a_second_run(maker: Maker, ask: Ask) -> None:
    people = maker.people(0, 14)
    columns = measured(maker.law, people, ask)
    pay = sum(each.values for each in people.inputs if each.variable == "salary" and "2026" in each.period)
    for home in range(people.households):
        members = numpy.flatnonzero(people.homes == home)
        best = members[numpy.argmax(pay[members])]
        if pay[best] <= 0:
            assert numpy.isnan(columns["marginal"][home])
            continue
        more = situation(people, home)
        for month in MONTHS:
            more["persons"][f"p{best}"]["salary"][month] += STEP / 12
        answer = calculate(maker.law, more, MANY)
        after = sum(sum(sums(answer, name)) for name in ("net_income", *MONTHLY))
        rate = 1 - (after - columns["income"][home]) / STEP
        assert columns["marginal"][home] == pytest.approx(rate, abs=1e-6)
    rates = columns["marginal"][~numpy.isnan(columns["marginal"])]
    assert len(rates) > 4
    assert rates.max() < 0.7


def test_units_are_by_age_or_by_number(maker: Maker, ask: Ask) -> None:
    law = maker.law
    homes = numpy.array([0, 1, 1, 1, 1])
    births = numpy.array(
        ["1980-01-01", "1980-01-01", "1981-01-01", "2012-12-31", "2013-01-01"], "datetime64[D]"
    )
    groups = {
        key: Grouping(homes, numpy.zeros(5, dtype=int), numpy.arange(2)) for key in ("family", "household")
    }
    people = People(numpy.ones(2), homes, groups, (Input("birth_date", "ETERNITY", births),))
    bare = Ask(2026, ask.income, (), "", "birth_date")
    assert measured(law, people, bare)["units"].tolist() == [1.0, 2.3]
    assert "marginal" not in measured(law, people, bare)
    unknown = Ask(2026, ask.income, (), "", "")
    assert measured(law, people, unknown)["units"].tolist() == [1.0, 2.0]


def test_groups_in_any_order_count_for_their_household(maker: Maker) -> None:
    homes = numpy.array([0, 1])
    crossed = Grouping(numpy.array([1, 0]), numpy.zeros(2, dtype=int), numpy.array([1, 0]))
    groups = {"family": crossed, "household": crossed}
    rent = [Input("rent", month, numpy.array([700.0, 100.0])) for month in MONTHS]
    births = Input("birth_date", "ETERNITY", numpy.array(["1980-01-01"] * 2, "datetime64[D]"))
    people = People(numpy.ones(2), homes, groups, (births, *rent))
    found = measured(maker.law, people, Ask(2026, (("housing_supplement", 1),), ("rent",), "", ""))
    assert found["budget.rent"].tolist() == [1200.0, 8400.0]
    assert found["income"][0] < found["income"][1]


def test_a_budget_constraint_is_what_the_law_gives_at_each_point(maker: Maker, ask: Ask) -> None:
    wanted = Line("salary", 0, 48_000, 9, ("adult", "partner", "child"))
    found = line.curve(wanted, (maker.law, maker.law), maker.pattern, ask)
    assert found.law == found.reform
    assert found.moved == tuple(6000.0 * at for at in range(9))
    for moved, income in zip(found.moved, found.law, strict=True):
        earner: dict[str, JsonValue] = {
            "birth_date": {"ETERNITY": "1986-01-01"},
            "salary": dict.fromkeys(MONTHS, moved / 12),
            "net_income": {"2026": None},
        }
        body: dict[str, JsonValue] = {
            "persons": {
                "a": earner,
                "b": {"birth_date": {"ETERNITY": "1986-01-01"}},
                "c": {"birth_date": {"ETERNITY": "2016-01-01"}},
            },
            "families": {
                "f": {"partners": ["a", "b"], "children": ["c"], "child_benefit": dict.fromkeys(MONTHS)}
            },
            "households": {"h": {"adults": ["a", "b"], "children": ["c"]}},
        }
        answer = calculate(maker.law, body, MANY)
        assert income == pytest.approx(sum(sums(answer, "net_income")) + sum(sums(answer, "child_benefit")))


@pytest.mark.parametrize(
    "wanted",
    [
        Line("rent", 0, 10),
        Line("nothing", 0, 10),
        Line("salary", 10, 10),
        Line("salary", 0, float("nan")),
        Line("salary", 0, 10, 1),
        Line("salary", 0, 10, 10**9),
        Line("salary", 0, 10, 5, ("cook",)),
    ],
)
def test_a_line_that_cannot_be_drawn_is_refused(maker: Maker, ask: Ask, wanted: Line) -> None:
    with pytest.raises(PlanInvalid):
        line.curve(wanted, (maker.law, maker.law), maker.pattern, ask)


def test_a_sum_of_variables_is_read() -> None:
    assert terms("a + b - c_2") == (("a", 1), ("b", 1), ("c_2", -1))
    assert terms("-a") == (("a", -1),)
    for wrong in ("", " ", "a b", "a +", "a + 2", "a * b", "__import__('os')", "a,b", "+"):
        assert terms(wrong) is None


@given(st.text(alphabet="ab+- (_2", max_size=12))
def test_any_text_is_a_sum_or_none(text: str) -> None:
    found = terms(text)
    assert found is None or all(name.isidentifier() and sign in {1, -1} for name, sign in found)


def test_what_the_law_cannot_tell_is_refused(maker: Maker) -> None:
    for ask in (
        Ask(2026, (("nothing", 1),), (), "", ""),
        Ask(2026, (("net_income", 1),), ("birth_date",), "", ""),
        Ask(2026, (("net_income", 1),), (), "rent", ""),
    ):
        with pytest.raises(PlanInvalid):
            required(ask, maker.law.catalogue)


def test_an_input_that_the_law_does_not_take_is_a_fault(maker: Maker, ask: Ask) -> None:
    people = maker.people(0, 3)
    wrong = People(people.weights, people.homes, people.groups, (Input("salary", "2026-01", numpy.zeros(1)),))
    with pytest.raises(CalculationFailed):
        measured(maker.law, wrong, ask)


def test_columns_are_kept_bit_for_bit() -> None:
    columns = {"income": numpy.array([0.1, -0.0, numpy.nan, 1e300]), "budget.x": numpy.zeros(0)}
    assert packed(columns) == packed(columns)
    for name, found in unpacked(packed(columns)).items():
        assert found.tobytes() == columns[name].tobytes()

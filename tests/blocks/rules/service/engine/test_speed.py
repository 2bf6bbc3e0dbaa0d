# SPDX-License-Identifier: EUPL-1.2
"""The fast mode computes what the reference mode computes, bit for bit where decisions are made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openfisca_core.errors import ParameterNotFoundError
from openfisca_core.indexed_enums import EnumArray
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit, Instant, Period
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxscales import MarginalRateTaxScale
from openfisca_core.variables import Variable

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Mode, Situation
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.hooks import install
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.modes import SPEED, enter
from flagstone.blocks.rules.service.engine.speed import parameters
from flagstone.blocks.rules.service.engine.speed import situations as situations_at_once
from flagstone.blocks.rules.service.engine.speed.uniform import MANY, uniform

MONTH, YEAR = "2017-01", "2017"


@contextmanager
def at(mode: Mode) -> Iterator[None]:
    installed = enter(mode)
    try:
        assert installed.switched_off == ()
        yield
    finally:
        installed.undo()


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    names = [f"p{number}" for number in range(draw(st.integers(1, 6)))]
    money = st.integers(0, 10**7).map(lambda cents: cents / 100)
    persons: dict[str, JsonValue] = {
        name: {
            "birth": {"ETERNITY": draw(st.dates(date(1900, 1, 1), date(2016, 12, 31))).isoformat()},
            "salary": {draw(st.sampled_from([MONTH, YEAR])): draw(money)},
            "capital_returns": {MONTH: draw(money)},
            **{
                asked: {MONTH: None}
                for asked in ("age", "income_tax", "social_security_contribution", "pension")
            },
        }
        for name in names
    }
    split = draw(st.integers(0, len(names)))
    homes: dict[str, JsonValue] = {
        home: {
            "adults": members,
            "rent": {MONTH: draw(money)},
            "accommodation_size": {MONTH: draw(st.integers(0, 300))},
            "housing_occupancy_status": {
                MONTH: draw(st.sampled_from(["owner", "tenant", "free_lodger", "homeless"]))
            },
            **{asked: {MONTH: None} for asked in ("disposable_income", "total_taxes", "total_benefits")},
            "housing_tax": {YEAR: None},
        }
        for home, members in (("first", names[:split]), ("second", names[split:]))
    }
    return {"persons": persons, "households": homes}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(situations())
def test_both_modes_agree_to_the_last_bit(template: Law, situation: Situation) -> None:
    with at(Mode.REFERENCE):
        expected = calculate(template, situation, Bounds())
    with at(Mode.FAST):
        assert calculate(template, situation, Bounds()) == expected


def crowd(law: Law, count: int) -> Any:
    """Return a simulation of many people, three to a household."""
    chance = numpy.random.default_rng(7)
    builder = SimulationBuilder()
    builder.create_entities(law.system)
    builder.declare_person_entity("person", range(count))
    household = builder.declare_entity("household", range(count // 3))
    builder.join_with_persons(household, numpy.repeat(numpy.arange(count // 3), 3), [0, 0, 1] * (count // 3))
    simulation = builder.build(law.system)
    simulation.set_input("salary", MONTH, chance.gamma(2, 2000, count))
    simulation.set_input("birth", "ETERNITY", numpy.array(["1980-01-01"] * count, dtype="datetime64[D]"))
    simulation.set_input("accommodation_size", MONTH, chance.integers(0, 200, count // 3))
    simulation.set_input("housing_occupancy_status", MONTH, chance.integers(0, 4, count // 3).astype("int16"))
    return simulation


@pytest.mark.parametrize("name", ["disposable_income", "social_security_contribution", "income_tax"])
def test_many_people_agree_to_a_billionth(template: Law, name: str) -> None:
    with at(Mode.REFERENCE):
        expected = crowd(template, 6_000).calculate(name, MONTH)
    with at(Mode.FAST):
        found = crowd(template, 6_000).calculate(name, MONTH)
    assert numpy.allclose(found, expected, rtol=1e-12, atol=1e-9)


def test_many_people_have_their_roles(template: Law) -> None:
    child = template.system.group_entities[0].CHILD
    with at(Mode.FAST):
        simulation = crowd(template, 300)
        assert list(simulation.person.has_role(child)) == [False, False, True] * 100
        simulation.household.members_role = [child] * 300
        assert all(simulation.person.has_role(child))


@st.composite
def scales(draw: st.DrawFn) -> MarginalRateTaxScale:
    scale = MarginalRateTaxScale()
    for threshold in sorted(draw(st.sets(st.integers(0, 10**6), min_size=1, max_size=8))):
        scale.add_bracket(float(threshold), draw(st.floats(-1, 1)))
    return scale


@settings(max_examples=40, deadline=None)
@given(scales(), st.sampled_from([None, 0, 2]), st.booleans())
def test_scales_agree(scale: MarginalRateTaxScale, decimals: int | None, scaled: bool) -> None:
    chance = numpy.random.default_rng(3)
    bases = chance.uniform(-1000, 2 * 10**6, 3_000).round(2)
    factor = chance.uniform(0.5, 2, len(bases)).round(2) if scaled else 1.5
    with at(Mode.REFERENCE):
        expected = scale.calc(bases, factor, decimals)
    with at(Mode.FAST):
        found = scale.calc(bases, factor, decimals)
    assert numpy.allclose(found, expected, rtol=1e-12, atol=1e-8)


ZONES = {
    "rate": {
        zone: {
            size: {"values": {"2015-01-01": {"value": number + 10 * part}}} for part, size in enumerate("sml")
        }
        for number, zone in enumerate(("north", "south", "west"))
    }
}


def test_parameters_by_person_agree() -> None:
    tree = ParameterNode("", data=ZONES)
    chance = numpy.random.default_rng(5)
    zones = chance.choice(["north", "south", "west"], 500)
    sizes = chance.choice(["s", "m", "l"], 500)
    answers = []
    for mode in (Mode.REFERENCE, Mode.FAST):
        with at(mode):
            node = tree("2017-01-01").rate
            answers.append(
                [node[zones].s, node[zones][sizes], numpy.array([each.s for each in node[zones].vector])]
            )
    for expected, found in zip(*answers, strict=True):
        assert expected.dtype == found.dtype
        assert list(expected) == list(found)


@pytest.mark.parametrize("mode", list(Mode))
def test_a_parameter_that_is_not_there_is_named(template: Law, mode: Mode) -> None:
    with at(mode):
        node = template.system.get_parameters_at_instant("2017-01-01")
        assert node.taxes.income_tax_rate == node["taxes"]["income_tax_rate"] == 0.15
        with pytest.raises(ParameterNotFoundError, match="wealth"):
            node.taxes.wealth  # noqa: B018
        with pytest.raises(ParameterNotFoundError, match="wealth"):
            node["taxes"]["wealth"]
        assert "income_tax_rate" in list(node.taxes)


@pytest.mark.parametrize("mode", list(Mode))
def test_parameters_of_a_year_before_the_law_are_not_there(template: Law, mode: Mode) -> None:
    with at(mode):
        node = template.system.get_parameters_at_instant("1900-01-01")
        assert "income_tax_rate" not in list(node.taxes)
        with pytest.raises(ParameterNotFoundError):
            node.taxes.income_tax_rate  # noqa: B018


def test_a_reform_of_the_parameters_is_seen(template: Law) -> None:
    with at(Mode.FAST):
        system = template.system.clone()
        before = system.get_parameters_at_instant("2017-01-01").taxes.income_tax_rate
        tree = system.parameters.clone()
        tree.taxes.income_tax_rate.update(start="2016-01-01", value=0.5)
        system.parameters = tree
        assert (before, system.get_parameters_at_instant("2017-01-01").taxes.income_tax_rate) == (0.15, 0.5)


def test_an_unknown_index_of_an_enumeration_is_refused(template: Law) -> None:
    status = template.system.variables["housing_occupancy_status"].possible_values
    tree = ParameterNode(
        "", data={"x": {name: {"values": {"2015-01-01": {"value": 1}}} for name in status.names}}
    )
    wrong = EnumArray(numpy.array([0] * 99 + [77], dtype="int16"), status)
    for mode in Mode:
        with at(mode), pytest.raises((ValueError, IndexError)):
            tree("2017-01-01").x[wrong]


def test_a_hook_of_code_that_it_does_not_know_switches_itself_off() -> None:
    installed = install([replace(parameters.HOOK, known=frozenset()), SPEED[0]])
    installed.undo()
    assert (installed.at_work, installed.switched_off) == ((SPEED[0].name,), (parameters.HOOK.name,))


def test_what_was_kept_is_forgotten_when_an_input_comes(template: Law) -> None:
    with at(Mode.FAST):
        simulation = crowd(template, 3)
        before = simulation.calculate("income_tax", MONTH).copy()
        simulation.delete_arrays("salary", MONTH)
        simulation.set_input("salary", MONTH, numpy.array([1000.0, 0, 0]))
        after = simulation.calculate("income_tax", MONTH)
    assert list(after) == [150, 0, 0]
    assert list(before) != list(after)


@settings(max_examples=40, deadline=None)
@given(scales(), st.sampled_from([None, 0, 2]), st.integers(1, 9))
def test_scales_of_a_few_agree_to_the_last_bit(
    scale: MarginalRateTaxScale, decimals: int | None, count: int
) -> None:
    bases = numpy.random.default_rng(count).uniform(-1000, 2 * 10**6, count)
    with at(Mode.REFERENCE):
        expected = scale.calc(bases, 1.5, decimals)
    with at(Mode.FAST):
        assert list(scale.calc(bases, 1.5, decimals)) == list(expected)


USUAL: Situation = {
    "persons": {"a": {"salary": {MONTH: 4000}, "income_tax": {MONTH: None}}, "b": {}},
    "households": {"h": {"adults": ["a"], "housing_occupancy_status": {MONTH: "owner"}}},
}


def test_a_usual_situation_is_answered_at_once_and_left_as_it_was(template: Law) -> None:
    before = json.dumps(USUAL)
    with at(Mode.FAST):
        found: Any = situations_at_once.answered(template, USUAL, Bounds())
    assert found["persons"]["a"]["income_tax"][MONTH] == 600
    assert json.dumps(USUAL) == before


@pytest.mark.parametrize(
    "change",
    [
        {"axes": []},
        {"persons": {"a": {"salary": {"month:2017-01": 1}}}},
        {"persons": {"a": {"salary": {MONTH: True}}}},
        {"persons": {"a": {"salary": {"ETERNITY": 1}}}},
        {"persons": {"a": {"wealth": {MONTH: 1}}}},
        {"persons": {"a": {"rent": {MONTH: 1}}}},
        {"persons": {"a": {"birth": {"ETERNITY": "1980"}}}},
        {"persons": {"a": {}}, "households": {"a": {}}},
        {"persons": {"a": {}}, "households": {"h": {"adults": ["a", "a"]}}},
        {"persons": {"a": {}}, "households": {"h": {"adults": "a"}}},
        {"persons": {"a": {}}, "households": None},
    ],
)
def test_an_unusual_one_goes_the_long_way(template: Law, change: dict[str, Any]) -> None:
    with at(Mode.FAST):
        assert situations_at_once.answered(template, {**USUAL, **change}, Bounds()) is None
    with at(Mode.FAST):
        assert situations_at_once.answered(template, USUAL, Bounds(values_max=1)) is None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["day", "week", "weekday", "month", "year"]), st.integers(1, 40), st.dates())
def test_ends_of_periods_agree(unit: str, size: int, start: date) -> None:
    period = Period((DateUnit(unit), Instant((start.year, start.month, start.day)), size))
    with at(Mode.REFERENCE):
        try:
            expected = period.stop
        except (ValueError, OverflowError):
            return
    with at(Mode.FAST):
        assert period.stop == period.stop == expected


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0.0, -0.0, 1.5, float("nan"), True, 7, "2020-01-01"]),
    st.integers(0, MANY + 10),
    st.booleans(),
)
def test_an_array_of_one_value_keeps_every_bit(value: Any, place: int, odd: bool) -> None:
    dtype = "datetime64[D]" if isinstance(value, str) else None
    plain = numpy.full(MANY + 10, value, dtype=dtype)
    if odd and place < len(plain) and not isinstance(value, str):
        plain[place] = not value if isinstance(value, bool) else value + 1
    found = uniform(plain)
    assert found.tobytes() == plain.tobytes()
    assert (found.dtype, found.shape) == (plain.dtype, plain.shape)


def test_an_enumeration_of_one_value_stays_one(template: Law) -> None:
    status = template.system.variables["housing_occupancy_status"].possible_values
    found = uniform(EnumArray(numpy.full(MANY, 2, dtype="int16"), status))
    assert found.strides == (0,)
    assert list(found.decode_to_str()[:2]) == ["free_lodger"] * 2
    assert all(found == status.free_lodger)


def test_a_formula_that_writes_into_what_it_read_computes_as_it_does_plainly(template: Law) -> None:
    class overwritten(Variable):  # type: ignore[misc]  # noqa: N801
        value_type = float
        entity = template.system.person_entity
        definition_period = DateUnit.MONTH

        def formula(person: Any, period: Any) -> Any:  # noqa: N805
            returns = person("capital_returns", period)
            returns[1] = 77
            return returns

    answers = []
    for mode in Mode:
        with at(mode):
            system = template.system.clone()
            system.add_variable(overwritten)
            simulation = crowd(replace(template, system=system), MANY + 1)
            simulation.calculate("pension", MONTH)
            answers.append(
                [simulation.calculate(each, MONTH)[:3].tolist() for each in ("overwritten", "income_tax")]
            )
    assert answers[0] == answers[1]
    assert answers[0][0] == [0, 77, 0]


def test_a_long_chain_of_months_is_computed_as_far_as_plainly(template: Law) -> None:
    class carried(Variable):  # type: ignore[misc]  # noqa: N801
        value_type = float
        entity = template.system.person_entity
        definition_period = DateUnit.MONTH

        def formula(person: Any, period: Any) -> Any:  # noqa: N805
            return (
                person("carried", period.last_month) + 1 if period.start.year > 2005 else person.empty_array()
            )

    for mode in Mode:
        with at(mode):
            system = template.system.clone()
            system.add_variable(carried)
            simulation = crowd(replace(template, system=system), 3)
            simulation.max_spiral_loops = 1_000
            assert simulation.calculate("carried", "2017-01").tolist() == [133] * 3

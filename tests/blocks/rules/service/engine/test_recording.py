# SPDX-License-Identifier: EUPL-1.2
"""A recorder notes what its own calculation reads, whoever else computes by the same law meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import pytest

from flagstone.blocks.rules.contract.calculation import Mode, Situation
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.building import build
from flagstone.blocks.rules.service.engine.loading import Law, load
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.blocks.rules.service.engine.recording import Recorder, record

YEAR = "2025"


@pytest.fixture(scope="module")
def law() -> Law:
    return load(LawName("aralia_law"))


@pytest.fixture(params=list(Mode), autouse=True)
def mode(request: pytest.FixtureRequest) -> Iterator[Mode]:
    installed = enter(request.param)
    yield request.param
    installed.undo()


def recorded(law: Law, pay: int) -> tuple[Any, Recorder]:
    """Return a simulation of one person's year in which nothing was computed yet, and its recorder."""
    situation: Situation = {
        "persons": {"me": {"birth_date": {"ETERNITY": "1980-05-05"}, "employment_income": {YEAR: pay}}},
        "families": {"f": {"partners": ["me"]}},
        "households": {"h": {"adults": ["me"]}},
    }
    simulation = build(law, situation)
    return simulation, record(simulation)


def noted(recorder: Recorder) -> dict[str, Any]:
    """Return what each value read, as text."""
    return {
        f"{name}<{period}>": (
            [f"{child}<{when}>" for child, when in node.children],
            [(read.name, read.day) for read in node.parameters],
            [(used.name, used.base.tolist(), used.result.tolist()) for used in node.scales],
        )
        for (name, period), node in recorder.nodes.items()
    }


def test_a_second_recording_notes_the_same_as_the_first(law: Law) -> None:
    both = []
    for _ in range(2):
        simulation, recorder = recorded(law, 40_000)
        simulation.calculate("income_tax", YEAR)
        both.append(noted(recorder))
    assert both[0] == both[1]
    children, parameters, scales = both[0][f"tax_by_scale<{YEAR}>"]
    assert children == [f"taxable_income<{YEAR}>"]
    assert [name for name, _ in parameters] == [name for name, _, _ in scales] == ["income_tax.scale"]


def test_recordings_that_take_turns_do_not_mix(law: Law) -> None:
    (one, of_one), (other, of_other) = recorded(law, 40_000), recorded(law, 90_000)
    alone, of_alone = recorded(law, 40_000)
    for name in ("taxable_income", "tax_by_scale", "income_tax"):
        one.calculate(name, YEAR)
        other.calculate(name, YEAR)
        alone.calculate(name, YEAR)
    assert noted(of_one) == noted(of_alone)
    (one_used,), (other_used,) = (
        each.nodes["tax_by_scale", next(when for name, when in each.nodes if name == "tax_by_scale")].scales
        for each in (of_one, of_other)
    )
    assert one_used.base.tolist() < other_used.base.tolist()


def test_what_is_asked_again_is_noted_with_each_that_asks(law: Law) -> None:
    simulation, recorder = recorded(law, 40_000)
    simulation.calculate("net_income", YEAR)
    simulation.calculate("income_tax", YEAR)
    asked = [name for name, _ in recorder.frame.children]
    assert asked == ["net_income", "income_tax"]
    askers = [
        key for key, (children, _, _) in noted(recorder).items() if f"employment_income<{YEAR}>" in children
    ]
    assert len(askers) > 1


def test_what_is_read_outside_a_recorded_formula_is_nobodys(law: Law) -> None:
    simulation, recorder = recorded(law, 40_000)
    simulation.calculate("income_tax", YEAR)
    before = noted(recorder)
    node = recorder.parameters_at(f"{YEAR}-01-01").income_tax
    assert node.scale.calc(numpy.array([50_000.0]))[0] > 0
    assert noted(recorder) == before
    assert (recorder.frame.parameters, recorder.frame.scales) == ([], [])


def test_a_noted_node_answers_like_the_laws_own(law: Law) -> None:
    own = law.system.get_parameters_at_instant(f"{YEAR}-01-01")
    _, recorder = recorded(law, 1)
    node = recorder.parameters_at(f"{YEAR}-01-01")
    assert list(node) == list(own)
    assert all(name in node for name in own)
    assert (node.income_tax._name, node.income_tax._instant_str) == ("income_tax", f"{YEAR}-01-01")
    assert node["income_tax"] is node.income_tax
    with pytest.raises(Exception, match="no_such_part"):
        node.income_tax.no_such_part  # noqa: B018 - reading is the test
    with pytest.raises(Exception, match="no_such_part"):
        node.income_tax["no_such_part"]


def test_a_formula_that_fails_leaves_the_recorder_where_it_was(
    law: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation, recorder = recorded(law, 40_000)

    def failing(_instant: Any) -> Any:
        raise ArithmeticError

    with monkeypatch.context() as patched:
        patched.setattr(simulation.tax_benefit_system, "get_parameters_at_instant", failing)
        with pytest.raises(ArithmeticError):
            simulation.calculate("income_tax", YEAR)
    assert [name for name, _ in recorder.frame.children] == ["income_tax"]
    assert recorder.parameters_at(f"{YEAR}-01-01").income_tax.scale is not None
    assert recorder.frame.parameters == []
    simulation.calculate("income_tax", YEAR)
    assert [name for name, _ in recorder.frame.children] == ["income_tax"] * 2

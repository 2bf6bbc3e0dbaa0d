# SPDX-License-Identifier: EUPL-1.2
"""What plain OpenFisca gets wrong at its web API: shown on it, and gone here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from typing import Any

import pytest
from openfisca_core.commons import eval_expression
from openfisca_country_template import CountryTaxBenefitSystem
from openfisca_web_api import handlers

from flagstone.blocks.rules.contract.calculation import Bounds, Mode, Situation
from flagstone.blocks.rules.contract.faults import SituationInvalid
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.blocks.rules.service.engine.tracing import trace

MONTH = "2017-01"


def about(**variables: Any) -> dict[str, Any]:
    persons = {"A": {name: {MONTH: value} for name, value in variables.items()}}
    return {"persons": persons, "households": {"h": {"adults": ["A"]}}}


AXES = about(income_tax=None) | {
    "axes": [[{"count": 2, "name": "salary", "min": 0, "max": 1000, "period": MONTH}]]
}
YEARLY: Situation = {"persons": {"A": {"salary": {"2017": None}}}, "households": {"h": {"adults": ["A"]}}}


Ours = Callable[[], AbstractContextManager[Law]]


@pytest.fixture(scope="module")
def plain() -> Any:
    return CountryTaxBenefitSystem()


@pytest.fixture(params=list(Mode))
def ours(template: Law, request: pytest.FixtureRequest) -> Ours:
    """Give what puts ours in place; before and after it OpenFisca is plain."""

    @contextmanager
    def in_place() -> Iterator[Law]:
        installed = enter(request.param)
        try:
            yield template
        finally:
            installed.undo()

    return in_place


def test_money_of_32_bits(plain: Any, ours: Ours) -> None:
    asked = about(salary=20_000_001.37, income_tax=None)
    theirs = handlers.calculate(plain, deepcopy(asked))["persons"]["A"]["income_tax"][MONTH]
    with ours() as law:
        found: Any = calculate(law, asked, Bounds())
    assert abs(theirs - 3_000_000.2055) > 0.2
    assert abs(found["persons"]["A"]["income_tax"][MONTH] - 3_000_000.2055) < 1e-6


def test_scales_are_missing_from_traces(plain: Any, ours: Ours) -> None:
    asked = about(salary=4000, social_security_contribution=None)
    step = f"social_security_contribution<{MONTH}>"
    assert handlers.trace(plain, deepcopy(asked))["trace"][step]["parameters"] == {}
    with ours() as law:
        found: Any = trace(law, asked, Bounds())
    assert len(found["trace"][step]["parameters"]["taxes.social_security_contribution<2017-01-01>"]) == 3


def test_axes_break_the_answer(plain: Any, ours: Ours) -> None:
    with pytest.raises(ValueError, match="not in list"):
        handlers.calculate(plain, deepcopy(AXES))
    with ours() as law:
        found: Any = calculate(law, AXES, Bounds())
    assert found["persons"]["A"]["income_tax"][MONTH] == [0, 150]


def test_text_is_evaluated_as_an_expression(plain: Any, ours: Ours) -> None:
    asked = about(salary="1000*4+0", income_tax=None)
    assert float(eval_expression("1000*4+0")) == 4000
    theirs = handlers.calculate(plain, deepcopy(asked))["persons"]["A"]["income_tax"][MONTH]
    assert theirs == pytest.approx(600)
    with ours() as law, pytest.raises(SituationInvalid):
        calculate(law, asked, Bounds())


def test_a_wrong_period_is_taken_for_an_accident(plain: Any, ours: Ours) -> None:
    with pytest.raises(ValueError, match="whole month"):
        handlers.calculate(plain, deepcopy(dict(YEARLY)))
    with ours() as law, pytest.raises(SituationInvalid) as raised:
        calculate(law, YEARLY, Bounds())
    assert raised.value.flaws[0].pointer == "/persons/A/salary/2017"


def test_a_trace_has_clock_times(plain: Any, ours: Ours) -> None:
    asked = about(salary=4000, income_tax=None)
    step = f"income_tax<{MONTH}>"
    assert "calculation_time" in handlers.trace(plain, deepcopy(asked))["trace"][step]
    with ours() as law:
        one, two = (trace(law, asked, Bounds()) for _ in range(2))
    found: Any = one
    assert one == two
    assert set(found["trace"][step]) == {"value", "dependencies", "parameters"}

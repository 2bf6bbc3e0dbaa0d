# SPDX-License-Identifier: EUPL-1.2
"""An explanation goes to JSON and comes back the same, and has one sequence of bytes."""

from __future__ import annotations

import json

import pytest

from flagstone.blocks.rules.contract.calculation import Mode, Outcome
from flagstone.blocks.rules.contract.explanation import (
    Bracket,
    Explained,
    Explanation,
    Influence,
    ParameterUsed,
    Step,
)
from flagstone.blocks.rules.model.explanation_wire import (
    canonical_bytes,
    explained_from_wire,
    explanation_from_wire,
    to_wire,
)
from flagstone.blocks.rules.model.wire import NotOnWire

KEY = "tax<2025>@a"
STEP = Step(
    key=KEY,
    variable="tax",
    instance="a",
    period="2025",
    value=None,
    label="Tax",
    formula="2016-01-01",
    decisive=True,
    from_=("pay<2025>@a",),
    more=2,
    parameters=(
        ParameterUsed(
            "scale", "Scale", "2025-01-01", brackets=(Bracket(0, 0.0, rate=0.2, base=5.0, result=1.0),)
        ),
        ParameterUsed("rate", "Rate", "2025-01-01", value=0.5, labels=(("en", "Rate"), ("et", "Määr"))),
    ),
    references=("https://law.example/s1",),
    words=(("en", "Tax: 1"), ("ar", "ضريبة")),
    labels=(("en", "Tax"),),
    unit="XAM",
)
TOLD = Explanation("d" * 64, (KEY,), (STEP,), (Influence(KEY, "pay<2025>@a", 5, 6.5, 1.3),), untried=1)
WHOLE = Explained(Outcome({"persons": {"a": {}}}, "d" * 64, Mode.FAST), TOLD, ("rate@2025-01-01",))


def test_it_comes_back_the_same() -> None:
    assert explanation_from_wire(json.loads(json.dumps(to_wire(TOLD)))) == TOLD
    assert explained_from_wire(json.loads(json.dumps(to_wire(WHOLE)))) == WHOLE


def test_what_is_empty_is_not_told() -> None:
    step = to_wire(TOLD)["steps"][0]
    assert "why_zero" not in step
    assert "label" not in step
    assert step["value"] is None
    assert step["from"] == ["pay<2025>@a"]
    assert "amount" not in step["parameters"][0]["brackets"][0]


def test_its_bytes_are_canonical() -> None:
    text = canonical_bytes(TOLD)
    assert canonical_bytes(explanation_from_wire(json.loads(text))) == text
    assert "ضريبة".encode() in text


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"law_digest": 1},
        {**to_wire(TOLD), "more": 1},
        {**to_wire(TOLD), "steps": [{"labels": 5}]},
    ],
)
def test_anything_else_is_refused(document: object) -> None:
    with pytest.raises(NotOnWire):
        explanation_from_wire(document)

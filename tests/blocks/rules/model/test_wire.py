# SPDX-License-Identifier: EUPL-1.2
"""The values of the contract become JSON and come back as they were; others are refused by their place."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.contract.calculation import JsonValue, Mode, Outcome
from flagstone.blocks.rules.contract.catalogue import Catalogue, Entity, PeriodUnit, Role, ValueKind, Variable
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.explanation import Bracket, Explained, Explanation, ParameterUsed, Step
from flagstone.blocks.rules.contract.law import LawName, LawSnapshot, Part
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.model.wire import NotOnWire, from_wire, on_wire

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4)
WORDS = st.lists(st.text(), max_size=3).map(tuple)
REFORMS = st.builds(
    Reform,
    name=st.text(),
    parameters=st.dictionaries(st.text(), st.dictionaries(st.text(), SCALARS, max_size=2), max_size=2),
    neutralized=WORDS,
    packages=WORDS,
)
SNAPSHOTS = st.builds(
    LawSnapshot,
    name=st.builds(LawName, st.text(), WORDS, WORDS),
    parts=st.lists(st.builds(Part, st.text(), st.text(), st.text()), max_size=3).map(tuple),
    core_version=st.text(),
    parameters_sha256=st.text(),
    variables_sha256=st.text(),
    precision_bits=st.integers(),
)
STEP = Step(
    key="tax<2026>@a",
    variable="tax",
    instance="a",
    period="2026",
    value=1.5,
    label="Tax",
    from_=("salary<2026>@a",),
    parameters=(ParameterUsed("rate", "Rate", "2026-01-01", 0.2, brackets=(Bracket(0, 0.0, rate=0.2),)),),
)
VALUES = (
    Explained(Outcome({"persons": {}}, "f" * 64, Mode.FAST), Explanation("f" * 64, (STEP.key,), (STEP,))),
    Catalogue(
        {"families": Entity("family", "families", (Role("parent", "parents", 2, ("first", "second")),))},
        {"tax": Variable("tax", "person", ValueKind.FLOAT, PeriodUnit.YEAR, formulas=("2026-01-01",))},
    ),
)


@dataclass(frozen=True)
class Odd:
    """What the contract does not happen to have."""

    at: datetime
    either: int | str
    pair: tuple[str, float]
    any: JsonValue = None
    maybe: tuple[date, ...] | None = None
    flag: bool = field(default=False, kw_only=True)


ODD = Odd(datetime(2026, 1, 2, 3, 4, tzinfo=UTC), 7, ("a", 1.0), {"b": [1]}, (date(2026, 1, 2),), flag=True)


def through(kind: type[Any], value: object) -> object:
    return from_wire(kind, json.loads(json.dumps(on_wire(value))))


@given(st.builds(Terms, st.sampled_from(Mode), REFORMS, st.none() | st.dates()))
def test_terms_come_back(terms: Terms) -> None:
    assert through(Terms, terms) == terms


@given(SNAPSHOTS)
def test_a_snapshot_comes_back_with_its_fingerprint(snapshot: LawSnapshot) -> None:
    found = through(LawSnapshot, snapshot)
    assert isinstance(found, LawSnapshot)
    assert (found, found.digest) == (snapshot, snapshot.digest)


@pytest.mark.parametrize("value", [*VALUES, ODD])
def test_other_values_come_back(value: object) -> None:
    assert through(type(value), value) == value


def test_a_name_that_python_keeps_for_itself_is_plain_on_the_wire() -> None:
    assert on_wire(STEP)["from"] == ["salary<2026>@a"]


@given(JSON)
def test_any_json_is_a_value_or_refused(document: JsonValue) -> None:
    for kind in (Terms, LawSnapshot, Explained, Catalogue, Odd, Mode, tuple[str, ...]):
        with suppress(NotOnWire):
            from_wire(kind, document)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], ""),
        ({"mode": "slow"}, "/mode"),
        ({"mode": ["fast"]}, "/mode"),
        ({"reform": {"name": 7}}, "/reform/name"),
        ({"reform": {"parameters": []}}, "/reform/parameters"),
        ({"reform": {"parameters": {"a/b~": 1}}}, "/reform/parameters/a~1b~0"),
        ({"reform": {"neutralized": "tax"}}, "/reform/neutralized"),
        ({"reform": {"neutralized": ["tax", None]}}, "/reform/neutralized/1"),
        ({"reform": {"more": 1}}, "/reform/more"),
        ({"known_at": "2026-13-01"}, "/known_at"),
        ({"known_at": 20260101}, "/known_at"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(document: object, place: str) -> None:
    with pytest.raises(NotOnWire) as refused:
        from_wire(Terms, document)
    assert refused.value.place == place


@pytest.mark.parametrize(
    ("field_name", "wrong"),
    [
        ("at", "yesterday"),
        ("pair", ["a"]),
        ("pair", ["a", True]),
        ("either", None),
        ("flag", 1),
        ("at", None),
    ],
)
def test_what_is_wrong_in_a_field_is_named(field_name: str, wrong: object) -> None:
    document = on_wire(ODD) | {field_name: wrong}
    with pytest.raises(NotOnWire) as refused:
        from_wire(Odd, document)
    assert refused.value.place.startswith(f"/{field_name}")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(NotOnWire) as refused:
        from_wire(Odd, {})
    assert (refused.value.place, str(refused.value)) == ("/at", "This is missing.")


def test_what_has_no_form_in_json_is_our_mistake() -> None:
    with pytest.raises(TypeError):
        on_wire(object())
    with pytest.raises(TypeError):
        from_wire(complex, 1)

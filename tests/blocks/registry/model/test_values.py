# SPDX-License-Identifier: EUPL-1.2
"""Values: canonical forms, bounds, and no input that makes the reader fail."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.registry.contract.register import Field, FieldType, Option, Value
from flagstone.blocks.registry.model.values import (
    CELL_DEPTH_MAX,
    Inspection,
    max_depth,
    read_fields,
    read_value,
)

TITLE = {"en": "x"}
CHECKS = {"even": lambda text: len(text) % 2 == 0}
ITEM = Field("item", FieldType.TEXT, TITLE, length_max=5)
PARTS = (Field("street", FieldType.TEXT, TITLE, required=True), Field("number", FieldType.INTEGER, TITLE))


def of(kind: FieldType, **changes: Any) -> Field:
    extra: dict[str, Any] = {}
    if kind is FieldType.LIST:
        extra["items"] = ITEM
    if kind is FieldType.OBJECT:
        extra["properties"] = PARTS
    if kind is FieldType.CATALOGUE:
        extra["options"] = (Option("a", TITLE),)
    return Field("field", kind, TITLE, **extra | changes)


def read(field: Field, value: object, *, from_table: bool = False) -> tuple[Value, list[tuple[str, str]]]:
    inspection = Inspection(CHECKS, from_table=from_table)
    found = read_value(field, value, inspection)
    return found, [(flaw.pointer, flaw.message) for flaw in inspection.flaws]


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (FieldType.TEXT, "Cafe\u0301", "Caf\u00e9"),
        (FieldType.INTEGER, -5, -5),
        (FieldType.DECIMAL, "012.50", "12.50"),
        (FieldType.DECIMAL, Decimal("1E+2"), "100"),
        (FieldType.DECIMAL, 24.75, "24.75"),
        (FieldType.DECIMAL, "-0.00", "0.00"),
        (FieldType.BOOLEAN, False, False),
        (FieldType.DATE, "2024-02-29", "2024-02-29"),
        (FieldType.TIME, "08:30", "08:30:00"),
        (FieldType.DATETIME, "2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00.000000Z"),
        (FieldType.CATALOGUE, "a", "a"),
        (FieldType.LIST, ["a", None, ""], ["a"]),
        (FieldType.OBJECT, {"street": "Main", "number": None}, {"street": "Main"}),
        (FieldType.TEXT, "", None),
        (FieldType.LIST, [], None),
    ],
)
def test_canonical_forms(kind: FieldType, value: object, kept: Value) -> None:
    assert read(of(kind), value) == (kept, [])


@pytest.mark.parametrize(
    ("kind", "cell", "kept"),
    [
        (FieldType.INTEGER, " +١٢ ", 12),
        (FieldType.DECIMAL, "\u0663.\u0665", "3.5"),
        (FieldType.BOOLEAN, "TRUE", True),
        (FieldType.BOOLEAN, "0", False),
        (FieldType.DATE, "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0663\u0661", "2026-01-31"),
        (FieldType.LIST, '["a","b"]', ["a", "b"]),
        (FieldType.OBJECT, '{"street":"Main","number":"7"}', {"street": "Main", "number": 7}),
    ],
)
def test_cells_of_a_table(kind: FieldType, cell: str, kept: Value) -> None:
    assert read(of(kind), cell, from_table=True) == (kept, [])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldType.TEXT, 5),
        (FieldType.TEXT, "a\x00b"),
        (FieldType.TEXT, "\udc00"),
        (FieldType.INTEGER, True),
        (FieldType.INTEGER, "5"),
        (FieldType.INTEGER, 2**53),
        (FieldType.DECIMAL, float("nan")),
        (FieldType.DECIMAL, float("inf")),
        (FieldType.DECIMAL, Decimal("1e999999")),
        (FieldType.DECIMAL, "1e5"),
        (FieldType.DECIMAL, "1" * 10_000),
        (FieldType.BOOLEAN, 1),
        (FieldType.DATE, "2026-02-30"),
        (FieldType.DATE, "20260101"),
        (FieldType.TIME, "25:00"),
        (FieldType.DATETIME, "2026-01-01T00:00:00"),
        (FieldType.DATETIME, "0001-01-01T00:00:00+14:00"),
        (FieldType.CATALOGUE, "b"),
        (FieldType.CATALOGUE, ["a"]),
        (FieldType.LIST, "a"),
        (FieldType.LIST, ["x"] * 501),
        (FieldType.OBJECT, ["a"]),
        (FieldType.OBJECT, {"number": 1}),
    ],
)
def test_unfit_values_leave_one_flaw(kind: FieldType, value: object) -> None:
    found, flaws = read(of(kind), value)
    assert len(flaws) == 1
    assert kind is FieldType.OBJECT or found is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (of(FieldType.INTEGER, minimum="1", maximum="9"), 10),
        (of(FieldType.DECIMAL, minimum="0.5"), "0.49"),
        (of(FieldType.DATE, maximum="2026-01-01"), "2026-01-02"),
        (of(FieldType.TEXT, length_max=3), "abcd"),
        (of(FieldType.TEXT, pattern="[a-c]+"), "abd"),
        (of(FieldType.TEXT, check="even"), "abc"),
    ],
)
def test_bounds_patterns_and_checks(field: Field, value: object) -> None:
    assert len(read(field, value)[1]) == 1


def test_flaws_point_into_lists_and_objects() -> None:
    lists = Field("list", FieldType.LIST, TITLE, items=of(FieldType.OBJECT))
    inspection = Inspection(CHECKS)
    read_fields((lists,), {"list": [{"street": "x"}, {"number": "y", "a/b~c": 1}]}, inspection)
    assert [flaw.pointer for flaw in inspection.flaws] == [
        "/list/1/street",
        "/list/1/number",
        "/list/1/a~1b~0c",
    ]


def test_cells_cannot_nest_deeply() -> None:
    assert max_depth('{"a":"[[[["}') == 1
    deep = "[" * 100_000 + "]" * 100_000
    _, flaws = read(of(FieldType.LIST), deep, from_table=True)
    assert flaws == [("", f"is nested deeper than {CELL_DEPTH_MAX}")]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(list(FieldType)), anything, st.booleans())
def test_any_input_is_read_or_refused_and_what_is_read_stays(
    kind: FieldType, value: object, from_table: bool
) -> None:
    found, flaws = read(of(kind), value, from_table=from_table)
    if flaws:
        return
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    assert read(of(kind), found) == (found, [])

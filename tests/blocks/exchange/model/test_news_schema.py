# SPDX-License-Identifier: EUPL-1.2
"""Schemas and payloads of events: JSON Schema 2020-12 and draft 7, every bound, nothing fetched."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from flagstone.blocks.exchange.model import news_schema
from flagstone.blocks.exchange.model.news_schema import (
    NotJson,
    encoded,
    members_of,
    payload_flaws,
    read_object,
    required_of,
    schema_flaws,
)

BIRTH: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "dateTime": {"type": "string", "format": "date-time"},
        "sex": {"type": "string", "enum": ["F", "M"]},
        "details": {
            "type": "object",
            "properties": {"weight": {"type": "number"}, "length": {"type": "number"}},
            "required": ["weight"],
        },
        "mother": {"$ref": "#/definitions/person"},
    },
    "required": ["dateTime", "mother"],
    "definitions": {"person": {"type": "string", "pattern": "^[0-9]{11}$"}},
}
GOOD: dict[str, Any] = {
    "dateTime": "2026-11-22T08:00:00Z",
    "mother": "48001010001",
    "details": {"weight": 3.2},
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
KEYWORDS = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "$ref",
        "$id",
        "enum",
        "pattern",
        "allOf",
        "not",
        "$defs",
        "required",
        "format",
    ]
)


def test_a_schema_as_published_is_taken_and_kept() -> None:
    assert schema_flaws(BIRTH) == ()
    assert payload_flaws(BIRTH, GOOD) == ()
    assert members_of(BIRTH) == {"dateTime", "sex", "details", "mother"}
    assert required_of(BIRTH) == {"dateTime", "mother"}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"mother": "Jane Doe"}, "/schema/properties/mother/pattern"),
        ({"dateTime": "yesterday"}, "/schema/properties/dateTime/format"),
        ({"dateTime": "2026-11-22T08:00:00"}, "/schema/properties/dateTime/format"),
        ({"sex": "X"}, "/schema/properties/sex/enum"),
        ({"details": {}}, "/schema/properties/details/required"),
        ({"details": {"weight": "heavy"}}, "/schema/properties/details/properties/weight/type"),
    ],
)
def test_a_flaw_names_the_rule_and_not_the_content(changes: dict[str, Any], rule: str) -> None:
    (flaw,) = payload_flaws(BIRTH, GOOD | changes)
    assert (flaw.pointer, flaw.message) == (rule, "is not kept")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "thing"},
        {"$schema": "https://json-schema.org/draft/2019-09/schema"},
        {"$id": "https://elsewhere.example/a"},
        {"$ref": "https://elsewhere.example/a"},
        {"$ref": "#"},
        {"$ref": "#/$defs/none"},
        {"$ref": "#/properties/a", "properties": {"a": {}}},
        {"$dynamicRef": "#a"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {}}, "$ref": "#/$defs/a"},
        {"patternProperties": {"(a+)+$": {}}},
        {"unevaluatedProperties": False},
        {"properties": {"a": 5}},
        {"properties": {"a": {"pattern": "(a+)+$"}}},
        {"properties": {"a": {"pattern": "a*b*c*"}}},
        {"properties": {"a": {"pattern": "a" * 201}}},
        {"properties": {"a": {"pattern": "["}}},
        {"properties": {"a": {"pattern": "\\1"}}},
        {"properties": {"a": {"pattern": "a?b?c?d?e?"}}},
        {"properties": {f"p{n}": {} for n in range(500)}},
        {"allOf": [{"$ref": "#/$defs/a"}] * 30, "$defs": {"a": {"allOf": [{}] * 30}}},
        {"description": "x" * 20_000},
        {"const": "\ud800"},
        {"const": float("inf")},
        {"minLength": "3"},
    ],
)
def test_a_schema_that_is_wrong_or_could_be_slow_is_refused(wrong: dict[str, Any]) -> None:
    (flaw,) = schema_flaws(wrong)
    assert flaw.pointer.startswith("/schema")


def test_depth_is_bounded() -> None:
    deep: dict[str, Any] = {}
    for _ in range(20):
        deep = {"not": deep}
    assert schema_flaws(deep)
    payload: Any = 1
    for _ in range(17):
        payload = [payload]
    assert payload_flaws({}, {"a": payload})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"1",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": 1',
        b'{"a": ' + b"[" * 100_000,
        b'{"a": "' + b"x" * 16_400 + b'"}',
        b'{"a": [' + b"1," * 600 + b"1]}",
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_hostile_bytes_are_refused_without_being_quoted(data: bytes) -> None:
    with pytest.raises(NotJson) as caught:
        read_object(data)
    assert len(str(caught.value)) < 80


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=5))
def test_what_is_written_is_read_again(payload: dict[str, Any]) -> None:
    try:
        text = encoded(payload)
    except NotJson:
        assert "\\ud" in json.dumps(payload)
        return
    assert read_object(text.encode()) == payload
    assert payload_flaws({}, payload) == ()


@given(st.dictionaries(KEYWORDS, JSON, max_size=5), st.dictionaries(st.text(max_size=6), JSON, max_size=5))
def test_any_schema_is_refused_or_gives_the_librarys_own_verdict(
    schema: dict[str, Any], payload: dict[str, Any]
) -> None:
    if schema_flaws(schema):
        return
    flaws = payload_flaws(schema, payload)
    assert bool(flaws) is not Draft202012Validator(schema).is_valid(payload)


def test_the_worst_that_is_admitted_takes_a_moment() -> None:
    part = {"type": "string", "pattern": "[a-z]*[a-y]*x$"}
    schema = {"additionalProperties": {"items": {"allOf": [part] * 150}}}
    assert schema_flaws(schema) == ()
    begun = time.monotonic()
    payload_flaws(schema, {"a": ["a" * 20] * 400})
    payload_flaws({"properties": {"a": {"uniqueItems": True}}}, {"a": [[n] for n in range(240)]})
    payload_flaws({"properties": {"a": part}}, {"a": "a" * 256})
    assert time.monotonic() - begun < 10


def test_long_text_has_no_pattern() -> None:
    schema = {"properties": {"a": {"pattern": "a"}}}
    assert payload_flaws(schema, {"a": "a" * 256}) == ()
    assert payload_flaws(schema, {"a": "a" * 257}) != ()
    assert news_schema.PAYLOAD.bytes_max == 16_384

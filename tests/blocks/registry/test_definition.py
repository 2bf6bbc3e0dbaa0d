# SPDX-License-Identifier: EUPL-1.2
"""Definitions read from plain data: strict, every flaw at its RFC 6901 pointer, and back again unchanged."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.registry.contract.faults import DefinitionInvalid
from flagstone.blocks.registry.contract.register import FieldType, RegisterDefinition, RegisterKind, Service
from flagstone.blocks.registry.model.definition_reader import (
    FIELDS_MAX,
    FLAWS_MAX,
    as_mapping,
    field_at,
    parse_definition,
)
from flagstone.kernel.errors import Flaw

BOATS: dict[str, Any] = {
    "code": "boats",
    "version": "1.0",
    "kind": "products",
    "title": {"en": "Boats", "et": "Paadid"},
    "owner": "XA/GOV/10000001",
    "key": "number",
    "persons": ["owners.personal_code"],
    "display": ["number"],
    "geometry": ["east", "north"],
    "links": [{"field": "harbour", "register": "locations"}],
    "permits": {"anyone": ["exists"], "registrar": ["read", "create"]},
    "fields": [
        {"code": "number", "type": "text", "title": {"en": "Number"}, "required": True, "unique": True},
        {
            "code": "kind",
            "type": "catalogue",
            "title": {"en": "Kind"},
            "options": [
                {"code": "sail", "title": {"en": "Sail"}},
                {"code": "motor", "title": {"en": "Motor"}},
            ],
        },
        {"code": "harbour", "type": "text", "title": {"en": "Harbour"}},
        {"code": "mass", "type": "integer", "title": {"en": "Mass"}, "minimum": 1, "unit": "kg"},
        {"code": "east", "type": "decimal", "title": {"en": "East"}},
        {"code": "north", "type": "decimal", "title": {"en": "North"}},
        {
            "code": "owners",
            "type": "list",
            "title": {"en": "Owners"},
            "items": {
                "code": "owner",
                "type": "object",
                "title": {"en": "Owner"},
                "properties": [{"code": "personal_code", "type": "text", "title": {"en": "Personal code"}}],
            },
        },
        {
            "code": "note",
            "type": "text",
            "title": {"en": "Note"},
            "secret": True,
            "read_roles": ["registrar"],
            "length_max": 10,
        },
    ],
}


def changed(pointer: str, value: object) -> dict[str, Any]:
    """Return a copy of the example with `value` at `pointer`; an ellipsis removes the place."""
    data = copy.deepcopy(BOATS)
    *way, last = pointer.lstrip("/").split("/")
    place: Any = data
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is ...:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return data


def flaws_of(data: object) -> list[str]:
    with pytest.raises(DefinitionInvalid) as refused:
        parse_definition(data)
    return [flaw.pointer for flaw in refused.value.flaws]


def test_a_definition_is_read_whole() -> None:
    boats = parse_definition(BOATS)
    assert boats.kind is RegisterKind.PRODUCTS
    assert boats.permits["registrar"] == frozenset({Service.READ, Service.CREATE})
    assert boats.fields[3].minimum == "1"
    assert boats.links[0].hard
    owner = field_at(boats.fields, "owners.personal_code")
    assert owner is not None
    assert owner.type is FieldType.TEXT


def test_it_is_written_back_as_plain_json_without_defaults() -> None:
    boats = parse_definition(BOATS)
    written = as_mapping(boats)
    assert parse_definition(json.loads(json.dumps(written))) == boats
    assert "legal_basis" not in written
    assert "status" not in written


@pytest.mark.parametrize(
    ("pointer", "value", "flawed"),
    [
        ("/colour", "red", "/colour"),
        ("/a~b", 1, "/a~0b"),
        ("/code", ..., "/code"),
        ("/code", "Boats", "/code"),
        ("/code", "b" * 64, "/code"),
        ("/version", 1.0, "/version"),
        ("/version", "one", "/version"),
        ("/kind", "ships", "/kind"),
        ("/kind", ["products"], "/kind"),
        ("/title", {}, "/title"),
        ("/title", {"en": ""}, "/title/en"),
        ("/title", {False: "Båter"}, "/title/False"),
        ("/title", {"English": "Boats"}, "/title/English"),
        ("/fields", [], "/fields"),
        ("/fields", {}, "/fields"),
        ("/fields/0/type", "float", "/fields/0/type"),
        ("/fields/0/required", "yes", "/fields/0/required"),
        ("/fields/0/code", "harbour", "/fields/2/code"),
        ("/fields/0/length_max", 0, "/fields/0/length_max"),
        ("/fields/0/length_max", True, "/fields/0/length_max"),
        ("/fields/0/pattern", "[", "/fields/0/pattern"),
        ("/fields/0/pattern", "(a+)+", "/fields/0/pattern"),
        ("/fields/0/minimum", "1", "/fields/0/minimum"),
        ("/fields/0/default", 0.5, "/fields/0/default"),
        ("/fields/0/options", [{"code": "a", "title": {"en": "A"}}], "/fields/0/options"),
        ("/fields/0/surname", "x", "/fields/0/surname"),
        ("/fields/1/options/1/code", "sail", "/fields/1/options"),
        ("/fields/1/options", [], "/fields/1/options"),
        ("/fields/3/minimum", 1.5, "/fields/3/minimum"),
        ("/fields/3/pattern", "a", "/fields/3/pattern"),
        ("/fields/6/filter", True, "/fields/6/type"),
        ("/fields/6/items", ..., "/fields/6/items"),
        ("/fields/6/items/properties/0/title", ..., "/fields/6/items/properties/0/title"),
        ("/fields/7/filter", True, "/fields/7/secret"),
        ("/fields/7/read_roles", ["Registrar"], "/fields/7/read_roles/0"),
        ("/key", "colour", "/key"),
        ("/key", "note", "/key"),
        ("/display", ["note"], "/display/0"),
        ("/persons", ["owners.name"], "/persons/0"),
        ("/persons", ["owners"], "/persons/0"),
        ("/geometry", ["east"], "/geometry"),
        ("/geometry", ["east", "mass"], "/geometry/1"),
        ("/links/0/field", "mast", "/links/0/field"),
        ("/links/0/hard", 1, "/links/0/hard"),
        ("/permits", {"registrar": ["fly"]}, "/permits/registrar/0"),
        ("/permits", {"Registrar": ["read"]}, "/permits/Registrar"),
        ("/breaking", [{"field": "mast"}], "/breaking/0/why"),
        ("/status", "gone", "/status"),
    ],
)
def test_each_flaw_is_named_by_its_pointer(pointer: str, value: object, flawed: str) -> None:
    assert flawed in flaws_of(changed(pointer, value))


@pytest.mark.parametrize("data", [None, [], "boats", 7, {}, {1: 2}])
def test_what_is_no_definition_is_refused(data: object) -> None:
    assert flaws_of(data)


def test_every_flaw_is_told_at_once_and_their_number_is_bounded() -> None:
    assert set(flaws_of({"code": 1, "version": 2})) >= {"/code", "/version", "/title", "/owner", "/fields"}
    many = changed("/fields", [{"code": "A"}] * FIELDS_MAX)
    assert len(flaws_of(many)) == FLAWS_MAX


def test_too_many_fields_and_too_deep_ones_are_refused() -> None:
    field = BOATS["fields"][0]
    assert "/fields" in flaws_of(changed("/fields", [field] * (FIELDS_MAX + 1)))
    deep: dict[str, Any] = {"code": "a", "type": "text", "title": {"en": "A"}}
    for _ in range(2_000):
        deep = {"code": "a", "type": "list", "title": {"en": "A"}, "items": deep}
    assert flaws_of(changed("/fields", [deep])) == ["/fields/0/items/items/items/items"]


def test_a_flaw_never_repeats_what_was_given() -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        parse_definition(changed("/owner", {"password": "hunter2"}))
    assert "hunter2" not in str(refused.value) + str(refused.value.flaws)


CODES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
WORDS = st.dictionaries(
    st.sampled_from(["en", "et", "ar", "zh-Hant"]), st.text(min_size=1, max_size=20), min_size=1
)
FLAGS = st.fixed_dictionaries(
    {}, optional={name: st.booleans() for name in ("required", "personal", "search")}
)


def leaf_fields() -> st.SearchStrategy[dict[str, Any]]:
    simple = st.sampled_from(["text", "boolean", "date", "time", "datetime"]).map(lambda kind: {"type": kind})
    number = st.fixed_dictionaries({"type": st.just("integer")}, optional={"minimum": st.integers(-9, 9)})
    option: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({"code": CODES, "title": WORDS})
    options = st.lists(option, min_size=1, max_size=4, unique_by=lambda each: each["code"])
    catalogue = st.fixed_dictionaries({"type": st.just("catalogue"), "options": options})
    base = st.fixed_dictionaries({"code": CODES, "title": WORDS})
    return st.tuples(base, FLAGS, st.one_of(simple, number, catalogue)).map(lambda parts: merged(*parts))


def merged(*parts: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for part in parts:
        whole |= part
    return whole


def field_lists() -> st.SearchStrategy[list[dict[str, Any]]]:
    base = st.fixed_dictionaries({"code": CODES, "title": WORDS})
    listed = st.tuples(base, leaf_fields()).map(lambda two: two[0] | {"type": "list", "items": two[1]})
    parts = st.lists(leaf_fields(), min_size=1, max_size=3, unique_by=lambda each: each["code"])
    compound = st.tuples(base, parts).map(lambda two: two[0] | {"type": "object", "properties": two[1]})
    every = st.one_of(leaf_fields(), listed, compound)
    return st.lists(every, min_size=1, max_size=6, unique_by=lambda each: each["code"])


DEFINITIONS = st.fixed_dictionaries(
    {
        "code": CODES,
        "version": st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
        "kind": st.sampled_from([kind.value for kind in RegisterKind]),
        "title": WORDS,
        "owner": st.text(min_size=1, max_size=20),
        "fields": field_lists(),
    },
    optional={
        "description": WORDS,
        "legal_basis": st.text(max_size=30),
        "permits": st.dictionaries(
            CODES.map(lambda code: code.replace("_", "-")),
            st.lists(st.sampled_from([service.value for service in Service]), max_size=4),
            max_size=3,
        ),
        "status": st.sampled_from(["draft", "published", "archived"]),
        "breaking": st.lists(
            st.fixed_dictionaries(
                {"field": CODES, "why": st.text(min_size=1)}, optional={"renamed_to": CODES}
            ),
            max_size=2,
        ),
    },
)


@settings(max_examples=60, deadline=None)
@given(DEFINITIONS)
def test_what_is_read_is_written_back_the_same(data: dict[str, Any]) -> None:
    definition = parse_definition(data)
    assert isinstance(definition, RegisterDefinition)
    assert parse_definition(json.loads(json.dumps(as_mapping(definition)))) == definition


def assert_read_or_refused(data: object) -> None:
    """Fail on anything but a definition that round-trips or a fault that names a flaw."""
    flaws: tuple[Flaw, ...] = ()
    try:
        definition: RegisterDefinition | None = parse_definition(data)
    except DefinitionInvalid as refused:
        definition, flaws = None, refused.flaws
    assert bool(flaws) == (definition is None)
    if definition is not None:
        assert parse_definition(as_mapping(definition)) == definition


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*BOATS, "description", "breaking"]), JUNK)
def test_whatever_stands_anywhere_is_read_or_refused_never_a_crash(name: str, junk: object) -> None:
    data = {**copy.deepcopy(BOATS), name: junk}
    assert_read_or_refused(data)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*BOATS["fields"][0], "options", "items", "default", "minimum", "check"]), JUNK)
def test_whatever_stands_in_a_field_is_read_or_refused(name: str, junk: object) -> None:
    data = copy.deepcopy(BOATS)
    data["fields"][0][name] = junk
    assert_read_or_refused(data)

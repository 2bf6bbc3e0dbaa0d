# SPDX-License-Identifier: EUPL-1.2
"""Versions of a register over one set of stored records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.registry.contract.faults import RegisterMissing
from flagstone.blocks.registry.contract.register import (
    BreakingChange,
    Field,
    FieldType,
    RegisterDefinition,
    RegisterKind,
    Status,
    Value,
)
from flagstone.blocks.registry.model.breaks import undeclared_breaks
from flagstone.blocks.registry.model.lineage import Lineage, lineage


def definition(
    version: str, fields: dict[str, FieldType], renamed: dict[str, str] | None = None
) -> RegisterDefinition:
    return RegisterDefinition(
        code="r",
        version=version,
        title={"en": "r"},
        kind=RegisterKind.OTHER,
        owner="o",
        fields=tuple(Field(code, kind, {"en": code}) for code, kind in fields.items()),
        breaking=tuple(BreakingChange(old, "why", new) for old, new in (renamed or {}).items()),
    )


TEXT, NUMBER = FieldType.TEXT, FieldType.INTEGER


def versions() -> Lineage:
    return lineage(
        [
            definition("1", {"a": TEXT, "b": TEXT}),
            definition("2", {"x": TEXT, "b": TEXT, "c": NUMBER}, {"a": "x"}),
            definition("3", {"a": NUMBER, "y": TEXT, "c": NUMBER}, {"x": "y"}),
        ]
    )


def test_renames_are_followed_both_ways() -> None:
    old, middle, new = versions().shapes
    stored = old.stored({"a": "first", "b": "kept"}, {})
    assert middle.shown(stored) == {"x": "first", "b": "kept"}
    assert new.shown(stored) == {"y": "first"}
    stored = new.stored({"y": "second", "a": 5}, stored)
    assert old.shown(stored) == {"a": "second", "b": "kept"}
    assert new.shown(stored) == {"y": "second", "a": 5}


def test_a_swap_of_names_keeps_both_values_apart() -> None:
    both = lineage(
        [
            definition("1", {"a": TEXT, "b": TEXT}),
            definition("2", {"b": TEXT, "a": TEXT}, {"a": "b", "b": "a"}),
        ]
    )
    stored = both.shapes[0].stored({"a": "1", "b": "2"}, {})
    assert both.shapes[1].shown(stored) == {"b": "1", "a": "2"}


def test_finds_versions() -> None:
    found = versions()
    assert found.newest.definition.version == "3"
    assert found.at("1").definition.version == "1"
    with pytest.raises(RegisterMissing):
        found.at("4")
    archived = RegisterDefinition(**{**found.newest.definition.__dict__, "status": Status.ARCHIVED})
    assert lineage([found.shapes[0].definition, archived]).newest.definition.version == "1"


codes = st.sampled_from("abcd")
shapes = st.dictionaries(codes, st.sampled_from([TEXT, NUMBER]), min_size=1)


@given(st.lists(st.tuples(shapes, st.permutations("abcd")), min_size=1, max_size=5), st.data())
def test_writing_by_one_version_keeps_what_the_others_keep_apart(
    history: list[tuple[dict[str, FieldType], list[str]]], data: st.DataObject
) -> None:
    made: list[RegisterDefinition] = []
    for number, (fields, order) in enumerate(history):
        old = {one.code for one in made[-1].fields} if made else set()
        pairs = zip(sorted(old), order, strict=False)
        renamed = {before: after for before, after in pairs if after in fields and before != after}
        made.append(definition(str(number), fields, renamed))
    all_of_it = lineage(made)
    for shape in all_of_it.shapes:
        assert len(set(shape.keys.values())) == len(shape.keys)
    stored: dict[str, Value] = {}
    for shape in all_of_it.shapes:
        kinds = {one.code: one.type for one in shape.definition.fields}
        content = {
            code: ("t" if kind is TEXT else 7) for code, kind in kinds.items() if data.draw(st.booleans())
        }
        before = {key: value for key, value in stored.items() if key not in shape.keys.values()}
        stored = dict(shape.stored(content, stored))
        assert shape.shown(stored) == content
        assert before.items() <= stored.items()
        for other in all_of_it.shapes:
            for code, value in other.shown(stored).items():
                assert isinstance(value, int) == (other.fields[code].type is NUMBER)


def test_breaks_are_named_unless_declared() -> None:
    old = definition("1", {"a": TEXT, "b": TEXT})
    silent = definition("2", {"b": NUMBER})
    assert [flaw.pointer for flaw in undeclared_breaks(old, silent)] == ["/fields/a", "/fields/b"]
    told = definition("2", {"b": NUMBER}, {"a": "", "b": ""})
    assert undeclared_breaks(old, told) == ()
    assert undeclared_breaks(old, old) == ()

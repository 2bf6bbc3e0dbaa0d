# SPDX-License-Identifier: EUPL-1.2
"""A reform as text: YAML and JSON within bounds, and whatever else is sent is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.rules.contract.faults import ReformInvalid
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.service.reform_text import LENGTH_MAX, read_reform, reform_text

NAMES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0xD7FF, categories=("L", "N", "P", "S", "Zs")),
    min_size=1,
    max_size=20,
)
VALUES = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(-1e300, 1e300) | NAMES
REFORMS = st.builds(
    Reform,
    NAMES,
    st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, min_size=1, max_size=3), max_size=3),
    st.lists(NAMES, max_size=3).map(tuple),
    st.lists(NAMES, max_size=2).map(tuple),
)


def test_days_are_days_with_or_without_quotes() -> None:
    days = "{2026-01-01: 1, '2026-07-01:2026-12-31': 2.5}"
    text = f"parameters:\n  a.b: {days}\n  c[0].rate:\n    2027-01-01: null\n"
    assert read_reform(text).parameters == {
        "a.b": {"2026-01-01": 1, "2026-07-01:2026-12-31": 2.5},
        "c[0].rate": {"2027-01-01": None},
    }


@settings(deadline=None)
@given(REFORMS)
def test_what_is_written_is_read_again(reform: Reform) -> None:
    assert read_reform(reform_text(reform)) == reform
    document = {"name": reform.name, "parameters": reform.parameters, "neutralized": reform.neutralized}
    again = read_reform(json.dumps({**document, "packages": reform.packages}))
    assert again == reform


@settings(deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_anything_is_a_reform_or_refused(text: str) -> None:
    try:
        found = read_reform(text)
    except ReformInvalid as refused:
        found, told = Reform(), refused.flaws
        assert told
    assert isinstance(found, Reform)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("parameters: [1,\n2\nname: {", "line "),
        ("parameters: {a: 1}", "/parameters/a"),
        ("parameters: {a: {2026-01-01: {deep: 1}}}\nunknown: 1", "/unknown"),
        ("neutralized: name", "/neutralized"),
        ("[]", ""),
        ("", ""),
        ("5", ""),
    ],
)
def test_a_flaw_has_its_place(text: str, place: str) -> None:
    with pytest.raises(ReformInvalid) as refused:
        read_reform(text)
    assert refused.value.flaws[0].pointer.startswith(place)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: [*a, *a]",
        "&a {parameters: *a}",
        "!!python/object/apply:os.system ['true']",
        "parameters: !!python/name:os.system ''",
        "[" * 5_000,
        "[" * 5_000 + "]" * 5_000,
        '{"parameters": {"a": {"2026-01-01": ' + "[" * 20 + "]" * 20 + "}}}",
        "a: " * 3_000,
        "- " * 20_000,
        "x" * (LENGTH_MAX + 1),
        "{" + ", ".join(f"p{number}: {{}}" for number in range(6_000)) + "}",
    ],
)
def test_a_text_that_would_do_harm_is_refused(text: str) -> None:
    with pytest.raises(ReformInvalid):
        read_reform(text)

# SPDX-License-Identifier: EUPL-1.2
"""The protocol's shapes go out and come back, and nonsense is refused whatever it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.tracker.contract import (
    Period,
    Question,
    RegisterWords,
    Usage,
    UsageKind,
    UsagePage,
)
from flagstone.blocks.tracker.model.wire import (
    page_from_wire,
    page_on_wire,
    period_from_wire,
    period_on_wire,
    question_on_wire,
    questions_from_wire,
    usage_from_wire,
    usage_on_wire,
)

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
PUBLISHED = {
    "logtime": "2023-10-01T12:00:00Z",
    "receiverName": "TEHIK",
    "receiverCode": "12345678",
    "receiverSystem": "Terviseportaal",
    "action": "Isiku ees- ja perenime päring",
}
TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=50)
USAGES = st.builds(
    Usage,
    st.just(AT),
    *[TEXTS] * 4,
    id=TEXTS,
    register=TEXTS,
    fields=st.tuples(TEXTS),
    purpose=TEXTS,
    case=TEXTS,
    own=st.booleans(),
    kind=st.sampled_from(UsageKind),
)


@settings(deadline=None)
@given(st.lists(USAGES, max_size=4), st.integers(0, 9))
def test_a_page_comes_back_as_it_went(usages: list[Usage], hidden: int) -> None:
    words = {"people": RegisterWords({"en": "People"}, {"name": {"en": "Name"}})}
    page = UsagePage(tuple(usages), 7, hidden, words, {"70": {"en": "Board"}})
    assert page_from_wire(json.loads(json.dumps(page_on_wire(page))), 4) == page


def test_the_published_example_is_read() -> None:
    page = page_from_wire({"totalUsages": 1, "usages": [PUBLISHED]}, 10)
    assert page.usages[0].receiver_system == "Terviseportaal"
    assert (page.usages[0].id, page.hidden, page.usages[0].own) == ("", 0, False)


def test_a_kind_that_is_not_ours_is_a_read() -> None:
    kinds: list[Any] = ["other", 7, None, []]
    for kind in kinds:
        assert usage_from_wire({**PUBLISHED, "kind": kind}).kind is UsageKind.READ


def test_what_we_write_has_the_published_properties() -> None:
    written = usage_on_wire(usage_from_wire(PUBLISHED))
    assert written.keys() >= PUBLISHED.keys()
    assert "receiverName" not in usage_on_wire(usage_from_wire({**PUBLISHED, "receiverName": None}))


def test_periods_and_questions_come_back() -> None:
    assert period_from_wire(period_on_wire(Period(AT))) == Period(AT)
    assert period_from_wire(period_on_wire(Period(AT, AT))) == Period(AT, AT)
    question = Question("q", usage_from_wire(PUBLISHED), "Why?", AT, "Because.", AT)
    assert questions_from_wire([question_on_wire(question)]) == (question,)


def changed(**changes: Any) -> dict[str, Any]:
    return {"totalUsages": 1, "usages": [{**PUBLISHED, **changes}]}


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        [],
        {},
        {"totalUsages": 1},
        {"usages": [], "totalUsages": "1"},
        {"usages": [], "totalUsages": True},
        {"usages": [], "totalUsages": -1},
        {"usages": [], "totalUsages": 2**40},
        {"usages": {}, "totalUsages": 0},
        {"usages": [PUBLISHED], "totalUsages": 0},
        {"usages": [PUBLISHED] * 6, "totalUsages": 6},
        {"usages": ["x"], "totalUsages": 1},
        {"usages": [], "totalUsages": 0, "hidden": "x"},
        {"usages": [], "totalUsages": 0, "registers": ["x"]},
        {"usages": [], "totalUsages": 0, "registers": {"a": "b"}},
        {"usages": [], "totalUsages": 0, "receivers": {"a": {"en": 1}}},
        changed(logtime=None),
        changed(logtime="yesterday"),
        changed(logtime="2023-10-01T12:00:00"),
        changed(action=None),
        changed(action=7),
        changed(action="a" * 4_001),
        changed(action="a\0b"),
        changed(receiverCode=None),
        changed(receiverSystem=[]),
        changed(fields="x"),
        changed(fields=[1]),
    ],
)
def test_nonsense_is_refused(nonsense: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        page_from_wire(nonsense, 5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@settings(deadline=None)
@given(JSON, JSON)
def test_any_json_is_read_or_refused(usages: Any, hidden: Any) -> None:
    for value in (usages, {"totalUsages": 1, "usages": usages, "hidden": hidden, "registers": hidden}):
        try:
            page_from_wire(value, 5)
        except ValueError:
            continue

# SPDX-License-Identifier: EUPL-1.2
"""The timeline loses nothing: each chosen usage stands in exactly one line of exactly one page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.tracker.contract import Usage, UsageKind
from flagstone.blocks.tracker.model.timeline import (
    LINES_A_PAGE,
    By,
    Told,
    Wanted,
    folded,
    key_of,
    period_of,
    timeline,
)

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


def told(minute: int, system: str = "tax", *, official: str = "", case: str = "", own: bool = False) -> Told:
    usage = Usage(
        START + timedelta(minutes=minute),
        "Read",
        system,
        f"{system}/x",
        id=f"{minute}-{system}-{official}-{case}-{own}",
        register="people" if minute % 2 else "",
        case=case,
        official=official,
        own=own,
    )
    return Told("interior", usage)


MANY = st.lists(
    st.builds(
        told,
        st.integers(0, 3_000),
        st.sampled_from(["tax", "police"]),
        official=st.sampled_from(["", "", "A"]),
        case=st.sampled_from(["", "C-1"]),
        own=st.booleans(),
    ),
    max_size=120,
    unique_by=lambda one: one.usage.id,
)


@settings(deadline=None)
@given(MANY, st.sampled_from(By), st.booleans())
def test_nothing_is_lost_and_nothing_twice(many: list[Told], by: By, others_only: bool) -> None:
    wanted, shown, page = Wanted(by=by, others_only=others_only), [], 1
    while True:
        found = timeline(many, replace(wanted, page=page))
        lines = [line for group in found.groups for line in group.lines]
        assert len(lines) <= LINES_A_PAGE
        for group in found.groups:
            assert {key_of(one.usage, by) for line in group.lines for one in line.told} == {group.key}
        shown += [one for line in lines for one in line.told]
        if page * LINES_A_PAGE >= found.total:
            break
        page += 1
    chosen = [one for one in many if not (others_only and one.usage.own)]
    assert sorted(shown, key=_id) == sorted(chosen, key=_id)
    assert found.usages == len(chosen)


@settings(deadline=None)
@given(MANY)
def test_lines_and_what_is_folded_are_newest_first(many: list[Told]) -> None:
    lines = folded(many)
    times = [line.newest.usage.logtime for line in lines]
    assert times == sorted(times, reverse=True)
    for line in lines:
        inner = [one.usage.logtime for one in line.told]
        assert inner == sorted(inner, reverse=True)
        assert len({one.usage.logtime.date() for one in line.told}) == 1


def test_what_a_human_being_did_is_never_folded() -> None:
    assert len(folded([told(minute, official="A") for minute in range(9)])) == 9
    assert len(folded([told(2 * minute) for minute in range(9)])) == 1
    assert len(folded([told(2 * minute) for minute in range(2)])) == 2
    asked = [replace(one, usage=replace(one.usage, kind=UsageKind.ASKED)) for one in map(told, range(5))]
    assert len(folded(asked)) == 5


def test_a_page_past_the_last_is_the_last() -> None:
    found = timeline([told(minute, official="A") for minute in range(30)], Wanted(page=99))
    assert (found.page, found.total, len(found.groups[0].lines)) == (2, 30, 5)
    assert timeline([], Wanted(page=5)).page == 1


def test_periods_are_counted_in_days() -> None:
    assert period_of("week", START).start == START - timedelta(days=7)
    assert period_of("all", START).start is None


def _id(one: Told) -> str:
    return one.usage.id

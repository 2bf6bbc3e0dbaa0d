# SPDX-License-Identifier: EUPL-1.2
"""Time: RFC 3339 text of fixed width, whose order is the order of time, and back without loss."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.kernel.clock import SetClock, SystemClock, parse_rfc3339, rfc3339

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=OFFSETS)  # noqa: DTZ001


@given(INSTANTS)
def test_text_and_back_is_the_same_instant(instant: datetime) -> None:
    text = rfc3339(instant)
    assert parse_rfc3339(text) == instant
    assert parse_rfc3339(text).tzinfo is UTC
    assert len(text) == len("2026-11-22T08:00:00.000000Z")


@given(INSTANTS, INSTANTS)
def test_the_order_of_text_is_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (rfc3339(one) < rfc3339(other)) == (one < other)


@given(st.text())
def test_any_text_is_an_instant_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_rfc3339(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22T12:00:00Z", NOON),
        ("2026-11-22t12:00:00z", NOON),
        ("2026-11-22 14:00:00+02:00", NOON),
        ("2026-11-22T06:30:00-05:30", NOON),
        ("2026-11-22T12:00:00.25Z", NOON + timedelta(milliseconds=250)),
        ("2026-11-22T12:00:00.1234567891Z", NOON + timedelta(microseconds=123_456)),
    ],
)
def test_every_form_of_the_grammar_is_read(text: str, instant: datetime) -> None:
    assert parse_rfc3339(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T12:00:00",
        "2026-11-22T12:00Z",
        "20261122T120000Z",
        "2026-W47-7T12:00:00Z",
        "2026-11-22T12:00:00,5Z",
        "2026-11-22T12:00:60Z",
        "2026-11-22T24:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-22T12:00:00+24:00",
        "2026-11-22T12:00:00Z\n",
        "٢٠٢٦-11-22T12:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_the_grammar_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - words are for people
        parse_rfc3339(text)


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 22)  # noqa: DTZ001
    for use in (rfc3339, SetClock):
        with pytest.raises(ValueError, match="time zone"):
            use(naive)


def test_an_instant_outside_utcs_calendar_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        rfc3339(datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))))


def test_a_set_clock_moves_only_when_told() -> None:
    clock = SetClock(datetime(2026, 11, 22, 14, 0, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(seconds=1))
    assert clock.now() == NOON + timedelta(seconds=1)
    assert clock.now().tzinfo is UTC


def test_the_systems_clock_tells_utc() -> None:
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)
    assert SystemClock().now().tzinfo is UTC

# SPDX-License-Identifier: EUPL-1.2
"""Two logs page as one, pseudonyms are short and plain, and an id tells its moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.tracker.contract import Period, PeriodInvalid, Usage
from flagstone.blocks.tracker.model.usages import (
    LETTERS,
    checked,
    newest_first,
    page_of,
    period_around,
    person_in,
    pseudonym,
    window,
)
from flagstone.kernel.ids import fresh_uuid

START = datetime(2026, 11, 22, tzinfo=UTC)


def usages(seconds: list[int], source: str) -> list[Usage]:
    made = [
        Usage(START + timedelta(seconds=s), "", "", "", id=f"{source}{n:03}") for n, s in enumerate(seconds)
    ]
    return newest_first(made)


TIMES = st.lists(st.integers(0, 30), max_size=40)


@settings(deadline=None)
@given(TIMES, st.lists(st.integers(0, 30), max_size=10), st.integers(0, 60), st.integers(1, 20))
def test_any_page_of_two_logs_is_that_of_one(
    long: list[int], short: list[int], offset: int, limit: int
) -> None:
    longer, shorter = usages(long, "a"), usages(short, "b")
    part = window(offset, limit, len(shorter))
    taken = longer[part.skipped : part.skipped + part.taken]
    page = page_of(taken, shorter[: offset + limit], part, offset, limit)
    assert list(page) == newest_first([*longer, *shorter])[offset : offset + limit]


@settings(deadline=None)
@given(st.binary())
def test_a_pseudonym_is_six_plain_letters(seed: bytes) -> None:
    made = pseudonym(sha256(seed).hexdigest())
    assert len(made) == 6
    assert set(made) <= set(LETTERS)


def test_pseudonyms_of_many_officials_differ() -> None:
    made = {pseudonym(sha256(str(number).encode()).hexdigest()) for number in range(2_000)}
    assert len(made) > 1_990


@settings(deadline=None)
@given(st.integers(0, 2**46))
def test_an_id_tells_the_moment_it_was_made(milliseconds: int) -> None:
    instant = datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=milliseconds * 1_001)
    period = period_around(str(fresh_uuid(instant)))
    assert period is not None
    assert period.start is not None
    assert period.end is not None
    assert period.start <= instant < period.end
    assert period.end - period.start < timedelta(seconds=1)


@pytest.mark.parametrize("text", ["", "x", "1" * 36, "00000000-0000-4000-8000-000000000000", "é" * 36])
def test_other_ids_tell_nothing(text: str) -> None:
    assert period_around(text) is None


@pytest.mark.parametrize(("offset", "limit"), [(-1, 10), (0, 0), (0, 1_001), (2**31, 1)])
def test_pages_that_cannot_be_are_refused(offset: int, limit: int) -> None:
    with pytest.raises(PeriodInvalid):
        checked(Period(), offset, limit)


def test_the_instance_before_a_code_is_taken_off() -> None:
    assert person_in("XA60001019906", "XA") == "60001019906"
    assert person_in(" 60001019906 ", "XA") == "60001019906"
    assert person_in("EE60001019906", "XA") == "EE60001019906"

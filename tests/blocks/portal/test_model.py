# SPDX-License-Identifier: EUPL-1.2
"""The rules: limits of a session, the order of registers, and what a record is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.portal.site import INDIVIDUALS, MARIS, PERMITS, record

from flagstone.blocks.portal.model import Limits, by_register, heading

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SECONDS = st.integers(0, 100_000)


@given(SECONDS, SECONDS)
def test_a_session_is_over_exactly_at_either_limit(idle: int, left: int) -> None:
    limits = Limits(timedelta(minutes=30), timedelta(hours=12))
    over = limits.is_over(NOW, seen_at=NOW - timedelta(seconds=idle), ends_at=NOW + timedelta(seconds=left))
    assert over == (idle >= 1_800 or left == 0)


@pytest.mark.parametrize(("idle", "absolute"), [(0, 1), (-1, 1), (2, 1)])
def test_limits_that_make_no_sense_are_refused(idle: int, absolute: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        Limits(timedelta(minutes=idle), timedelta(minutes=absolute))


def test_the_persons_own_register_comes_first() -> None:
    known = {each.code: each for each in (PERMITS, INDIVIDUALS)}
    found = by_register([*MARIS, record("unknown", "U-1")], known)
    assert [definition.code for definition, _ in found] == ["individuals", "driving"]


def test_a_record_is_called_by_its_display_fields_or_its_id() -> None:
    assert heading(MARIS[1], INDIVIDUALS) == "Mari <Maasikas>"
    assert heading(MARIS[0], PERMITS) == "D-1"
    assert heading(record("individuals", "P-2", given_name=None), INDIVIDUALS) == "P-2"

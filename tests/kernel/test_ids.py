# SPDX-License-Identifier: EUPL-1.2
"""UUID version 7 by RFC 9562, 5.7: its bits, and that later ones sort later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.kernel.ids import EPOCH, fresh_uuid

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS)
def test_the_bits_are_those_of_version_7(instant: datetime) -> None:
    fresh = fresh_uuid(instant)
    assert fresh.version == 7
    assert fresh.variant == RFC_4122
    assert fresh.int >> 80 == (instant - EPOCH) // timedelta(milliseconds=1)


def test_the_example_of_the_specification_has_its_time() -> None:
    instant = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)  # RFC 9562, A.6: 017F22E2-79B0-...
    assert fresh_uuid(instant).hex.startswith("017f22e279b07")


@given(INSTANTS, INSTANTS)
def test_a_later_millisecond_sorts_later(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    if second - first >= timedelta(milliseconds=1):
        assert str(fresh_uuid(first)) < str(fresh_uuid(second))


def test_every_chance_bit_is_used_and_none_repeats() -> None:
    many = [fresh_uuid(EPOCH).int for _ in range(500)]
    assert len(set(many)) == 500
    fixed = (0xF << 76) | (0b11 << 62)
    ones = zeros = 0
    for value in many:
        ones |= value
        zeros |= ~value
    chance = ((1 << 80) - 1) & ~fixed
    assert ones & zeros & chance == chance


def test_an_instant_that_has_no_version_7_is_refused() -> None:
    with pytest.raises(ValueError, match="1970"):
        fresh_uuid(EPOCH - timedelta(microseconds=1))
    with pytest.raises(TypeError):
        fresh_uuid(datetime(2026, 11, 22))  # noqa: DTZ001

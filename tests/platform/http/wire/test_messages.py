# SPDX-License-Identifier: EUPL-1.2
"""Bodies in memory and of iterators: parts, limits, replays."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.platform.http.wire.faults import BodyOversize
from flagstone.platform.http.wire.messages import PART_BYTES_MAX, Body, body_from, body_of

from .conftest import several


async def parts_of(body: Body) -> list[bytes]:
    return [part async for part in body]


@given(st.lists(st.integers(0, 3 * PART_BYTES_MAX), max_size=4))
def test_parts_are_bounded_and_none_is_empty(sizes: list[int]) -> None:
    given = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    for body in (body_of(b"".join(given)), body_from(several(*given), None)):
        parts = asyncio.run(parts_of(body))
        assert b"".join(parts) == b"".join(given)
        assert all(0 < len(part) <= PART_BYTES_MAX for part in parts)


def test_a_held_body_is_taken_once_and_replayed() -> None:
    body = body_of(b"abc")
    again = body.replay()
    assert again is not None
    assert body.length == again.length == 3
    assert body.at_hand() == b"abc"
    assert body.at_hand() == b""
    assert asyncio.run(again.read(3)) == b"abc"


def test_an_iterated_body_is_neither_at_hand_nor_replayed() -> None:
    body = body_from(several(b"abc"), 3)
    assert body.at_hand() is None
    assert body.replay() is None
    assert asyncio.run(body.read(3)) == b"abc"


@pytest.mark.parametrize("size", [4, PART_BYTES_MAX + 1])
def test_reading_stops_at_the_limit(size: int) -> None:
    data = bytes(size)
    for body in (body_of(data), body_from(several(data), None)):
        with pytest.raises(BodyOversize):
            asyncio.run(body.read(size - 1))
    assert asyncio.run(body_of(data).read(size)) == data


def test_discarding_tells_whether_the_end_was_reached() -> None:
    assert asyncio.run(body_of(b"abcd").discard(4))
    assert asyncio.run(body_from(several(b"ab", b"cd"), 4).discard(4))
    source = body_of(b"")
    body = body_from(several(b"ab", b"cde"), None, source=source)
    assert not asyncio.run(body.discard(4))

# SPDX-License-Identifier: EUPL-1.2
"""Deep calculations have room for their frames, whatever lies below them."""

from __future__ import annotations

import pytest

from flagstone.blocks.rules.service.engine.room import SLOTS, with_room

CHUNK_SLOTS = 16 * 1024 // 8
DEPTH = 900
"""Deeper than the room is; what is called from there is no different."""


def test_its_frame_is_larger_than_a_chunk() -> None:
    assert with_room.__code__.co_stacksize == SLOTS > CHUNK_SLOTS


def test_what_is_done_there_is_done_once_also_where_it_goes_deeper_than_the_room() -> None:
    done: list[int] = []

    def deeper(left: int) -> None:
        done.append(left)
        if left:
            deeper(left - 1)

    with_room(lambda: deeper(DEPTH))
    assert done == list(range(DEPTH, -1, -1))


def test_what_goes_wrong_there_is_raised() -> None:
    def wrong() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        with_room(wrong)

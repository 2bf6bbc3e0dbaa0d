# SPDX-License-Identifier: EUPL-1.2
"""A shelf gives back to its owner alone, for a while, and never grows beyond its room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.kernel.clock import SetClock
from flagstone.kernel.errors import Fault
from flagstone.platform.http.shelf import Room, Shelf

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Gone(Fault):
    """Nothing is kept."""


def shelf(clock: SetClock | None = None, *, things: int = 3, size: int = 10) -> Shelf[bytes]:
    return Shelf(clock or SetClock(NOON), Room(things, timedelta(minutes=5), size), Gone, len)


def test_only_its_owner_finds_a_thing() -> None:
    kept = shelf()
    handle = kept.keep("one", b"mine")
    assert kept.find("one", handle) == b"mine"
    for owner, wanted in (("two", handle), ("one", "another"), ("one", "")):
        with pytest.raises(Gone):
            kept.find(owner, wanted)
        with pytest.raises(Gone):
            kept.take(owner, wanted)
    assert kept.find("one", handle) == b"mine"


def test_a_thing_is_taken_once() -> None:
    kept = shelf()
    handle = kept.keep("one", b"mine")
    assert kept.take("one", handle) == b"mine"
    with pytest.raises(Gone):
        kept.take("one", handle)
    with pytest.raises(Gone):
        kept.replace("one", handle, b"again")


def test_a_thing_is_not_kept_for_longer_than_said() -> None:
    clock = SetClock(NOON)
    kept = shelf(clock)
    handle = kept.keep("one", b"mine")
    clock.advance(timedelta(minutes=5))
    assert kept.find("one", handle) == b"mine"
    kept.replace("one", handle, b"new")
    clock.advance(timedelta(minutes=5))
    assert kept.find("one", handle) == b"new"
    clock.advance(timedelta(microseconds=1))
    with pytest.raises(Gone):
        kept.find("one", handle)


@given(st.lists(st.binary(max_size=6), max_size=20))
def test_the_oldest_give_way(things: list[bytes]) -> None:
    kept = shelf()
    handles = [(kept.keep("one", thing), thing) for thing in things]
    found: list[bytes] = []
    for handle, thing in handles:
        try:
            assert kept.find("one", handle) == thing
        except Gone:
            assert not found  # once one is there, all that are newer are
        else:
            found.append(thing)
    assert len(found) <= 3
    assert sum(map(len, found)) <= 10
    assert found or not things

# SPDX-License-Identifier: EUPL-1.2
"""Turning a ring of keys: published before use, kept until everything signed has expired."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flagstone.kernel.clock import SetClock
from flagstone.platform.crypto.keyring import KeyRing, KeyState
from flagstone.platform.crypto.keys import KeyFileUnusable, KeyKind

HOUR = timedelta(hours=1)


@pytest.fixture
def ring(tmp_path: Path, clock: SetClock) -> KeyRing:
    made = KeyRing(tmp_path / "ring", KeyKind.EC_P256)
    made.ensure(clock.now())
    return made


def turn(ring: KeyRing, clock: SetClock) -> str:
    return ring.rotate(clock.now(), publish_before=HOUR, retire_after=2 * HOUR).id


def states(ring: KeyRing, clock: SetClock) -> list[KeyState]:
    return [state for _, state in ring.states(clock.now())]


def test_a_new_key_is_published_before_it_signs_and_the_old_one_stays_after(
    ring: KeyRing, clock: SetClock
) -> None:
    first = ring.current(clock.now()).id
    second = turn(ring, clock)
    assert ring.current(clock.now()).id == first
    assert [key.id for key in ring.published(clock.now())] == [first, second]
    assert states(ring, clock) == [KeyState.CURRENT, KeyState.NEXT]
    clock.advance(HOUR)
    assert ring.current(clock.now()).id == second
    assert [key.id for key in ring.published(clock.now())] == [second, first]
    assert states(ring, clock) == [KeyState.RETIRED, KeyState.CURRENT]
    clock.advance(2 * HOUR)
    assert [key.id for key in ring.published(clock.now())] == [second]
    assert states(ring, clock) == [KeyState.GONE, KeyState.CURRENT]


def test_turning_twice_adds_one_key(ring: KeyRing, clock: SetClock) -> None:
    assert turn(ring, clock) == turn(ring, clock)
    assert len(ring.published(clock.now())) == 2


def test_the_current_key_never_leaves_however_long_nobody_turns(ring: KeyRing, clock: SetClock) -> None:
    current = ring.current(clock.now()).id
    clock.advance(timedelta(days=3650))
    assert ring.current(clock.now()).id == current


def test_files_of_keys_that_are_gone_are_deleted_at_the_next_turn(
    ring: KeyRing, clock: SetClock, tmp_path: Path
) -> None:
    first = ring.current(clock.now()).id
    turn(ring, clock)
    clock.advance(4 * HOUR)
    turn(ring, clock)
    assert not (tmp_path / "ring" / f"{first}.pem").exists()
    assert len(list((tmp_path / "ring").glob("*.pem"))) == 2


def test_another_process_sees_the_turn(ring: KeyRing, clock: SetClock, tmp_path: Path) -> None:
    other = KeyRing(tmp_path / "ring", KeyKind.EC_P256)
    assert len(other.published(clock.now())) == 1
    added = turn(ring, clock)
    assert added in {key.id for key in other.published(clock.now())}


def test_a_revoked_key_is_gone_at_once(ring: KeyRing, clock: SetClock, tmp_path: Path) -> None:
    first = ring.current(clock.now()).id
    second = ring.revoke(clock.now(), first).id
    assert second != first
    assert [key.id for key in ring.published(clock.now())] == [second]
    assert not (tmp_path / "ring" / f"{first}.pem").exists()
    with pytest.raises(KeyFileUnusable):
        ring.revoke(clock.now(), first)


def test_a_clock_before_the_first_key_is_said_so(ring: KeyRing, clock: SetClock) -> None:
    with pytest.raises(KeyFileUnusable, match="clock"):
        ring.current(clock.now() - HOUR)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"keys": [{"id": "../../etc/x", "used_from": "2026-01-01T00:00:00Z"}]}']
)
def test_a_damaged_ring_is_refused(ring: KeyRing, clock: SetClock, tmp_path: Path, text: str) -> None:
    (tmp_path / "ring" / "ring.json").write_text(text)
    with pytest.raises(KeyFileUnusable, match="damaged"):
        ring.current(clock.now())


def test_a_key_under_another_name_is_refused(ring: KeyRing, clock: SetClock, tmp_path: Path) -> None:
    added = turn(ring, clock)
    first = ring.current(clock.now()).id
    folder = tmp_path / "ring"
    (folder / f"{added}.pem").write_bytes((folder / f"{first}.pem").read_bytes())
    with pytest.raises(KeyFileUnusable, match="another key"):
        KeyRing(folder, KeyKind.EC_P256).current(clock.now())

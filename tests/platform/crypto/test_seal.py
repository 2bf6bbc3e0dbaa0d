# SPDX-License-Identifier: EUPL-1.2
"""Sealed fields: they open only whole, in their place, under their key (SP 800-38D, RFC 5869)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.platform.crypto import seal
from flagstone.platform.crypto.keys import SecretKey, generate_secret_key
from flagstone.platform.crypto.seal import SealBroken, SealTooLarge

KEY = SecretKey("key-1", bytes(range(32)))
PLACE = ("individuals", "health_note", "P-000001")


@given(st.binary(max_size=2_000), st.lists(st.text(max_size=20), max_size=4))
def test_what_was_sealed_opens_in_its_place(plaintext: bytes, place: list[str]) -> None:
    sealed = seal.seal(KEY, plaintext, place)
    assert seal.unseal((KEY,), sealed, place) == plaintext
    assert len(sealed) == len(plaintext) + seal.OVERHEAD_BYTES


def test_the_same_value_never_looks_the_same() -> None:
    assert len({seal.seal(KEY, b"x", PLACE) for _ in range(100)}) == 100


@given(st.integers(min_value=0, max_value=seal.OVERHEAD_BYTES + 4), st.integers(min_value=0, max_value=7))
def test_any_changed_bit_is_noticed(place: int, bit: int) -> None:
    sealed = bytearray(seal.seal(KEY, b"notes", PLACE))
    sealed[place] ^= 1 << bit
    with pytest.raises(SealBroken):
        seal.unseal((KEY,), bytes(sealed), PLACE)


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SealBroken):
        seal.unseal((KEY,), data, PLACE)


@pytest.mark.parametrize(
    "place",
    [
        ("individuals", "health_note", "P-000002"),
        ("individuals", "health_note"),
        ("individuals", "health_noteP-000001"),
        ("individualshealth_note", "P-000001"),
        (),
    ],
)
def test_a_value_does_not_open_in_another_place(place: tuple[str, ...]) -> None:
    with pytest.raises(SealBroken):
        seal.unseal((KEY,), seal.seal(KEY, b"notes", PLACE), place)


def test_after_a_turn_of_keys_the_old_one_still_opens() -> None:
    fresh = generate_secret_key()
    sealed = seal.seal(KEY, b"notes", PLACE)
    assert seal.unseal((fresh, KEY), sealed, PLACE) == b"notes"
    with pytest.raises(SealBroken, match="not at hand"):
        seal.unseal((fresh,), sealed, PLACE)


def test_a_value_has_a_largest_size() -> None:
    with pytest.raises(SealTooLarge):
        seal.seal(KEY, bytes(seal.PLAINTEXT_BYTES_MAX + 1), PLACE)


def test_an_index_finds_equal_values_of_one_place_only() -> None:
    assert seal.blind_index(KEY, "a", PLACE) == seal.blind_index(KEY, "a", PLACE)
    others = {
        seal.blind_index(KEY, "b", PLACE),
        seal.blind_index(KEY, "a", ()),
        seal.blind_index(generate_secret_key(), "a", PLACE),
    }
    assert seal.blind_index(KEY, "a", PLACE) not in others
    assert len(others) == 3

# SPDX-License-Identifier: EUPL-1.2
"""One value has one encoding, everything else is refused (RFC 8949, 4.2.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.platform.crypto.canonical import NotCanonical, decode, digest, encode, leaf_hash

scalars = st.none() | st.booleans() | st.integers() | st.text() | st.binary(max_size=40)
values = st.recursive(
    scalars, lambda part: st.lists(part, max_size=5) | st.dictionaries(st.text(max_size=8), part, max_size=5)
)


@given(values)
def test_what_is_encoded_is_decoded_and_agrees_with_the_library(value: Any) -> None:
    data = encode(value)
    assert decode(data) == value
    assert data == cbor2.dumps(value, canonical=True)


@given(st.dictionaries(st.text(max_size=6), st.integers(), min_size=2, max_size=6), st.randoms())
def test_the_order_of_keys_does_not_matter(value: dict[str, int], chance: Any) -> None:
    keys = list(value)
    chance.shuffle(keys)
    assert encode({key: value[key] for key in keys}) == encode(value)


@given(st.binary(max_size=60))
def test_foreign_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except NotCanonical:
        return
    assert encode(value) == data


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"a": {1.0}}, Decimal(1), object(), {"a": [float("nan")]}])
def test_what_has_no_one_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x18\x01",
        b"\xa2\x61b\x01\x61a\x02",
        b"\xbf\xff",
        b"\x9f\xff",
        b"\xf9\x3c\x00",
        b"\xc0\x60",
        b"\x00\x00",
    ],
    ids=[
        "nothing",
        "long integer",
        "keys astray",
        "open map",
        "open list",
        "half float",
        "tag",
        "more behind",
    ],
)
def test_other_forms_of_the_same_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        decode(data)


def test_depth_is_bounded() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(NotCanonical):
        encode(deep)
    with pytest.raises(NotCanonical):
        decode(b"\x81" * 100_000 + b"\x01")


def test_hashes() -> None:
    assert digest(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"

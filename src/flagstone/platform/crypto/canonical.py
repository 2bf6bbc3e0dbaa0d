# SPDX-License-Identifier: EUPL-1.2
"""Canonical bytes: one value has one encoding (RFC 8949 section 4.2.3, length-first map keys).

Only what replays identically is admitted: null, booleans, integers, text, bytes, lists and
maps with text keys. Floats are refused; decimals and instants travel as text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

import cbor2

from flagstone.kernel.errors import Fault, Kind

type_names = "null, boolean, integer, text, bytes, list or map with text keys"
DEPTH_MAX = 32

Canonical = None | bool | int | str | bytes | Sequence["Canonical"] | Mapping[str, "Canonical"]


class NotCanonical(Fault):
    """A value has no canonical encoding, or bytes are not the canonical encoding of a value."""

    code = "crypto.not-canonical"
    kind = Kind.INVALID
    title = "A value has no canonical form"
    remedy = f"Use {type_names}; write decimals and times as text."


def encode(value: Canonical) -> bytes:
    """Return the canonical CBOR of `value`; NotCanonical for floats, other types or depth over 32."""
    return cbor2.dumps(_ordered(value, DEPTH_MAX))


def decode(data: bytes) -> Canonical:
    """Return the value whose canonical encoding is exactly `data`; NotCanonical otherwise."""
    try:
        value: Canonical = cbor2.loads(data)
    except (cbor2.CBORDecodeError, ValueError, RecursionError, OverflowError) as error:
        raise NotCanonical("the bytes are not CBOR") from error
    if encode(value) != data:
        raise NotCanonical("the bytes are CBOR, but not in canonical form")
    return value


def digest(data: bytes) -> bytes:
    """Return SHA-256 of `data` (32 bytes)."""
    return hashlib.sha256(data).digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the RFC 6962 leaf hash of `data`: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


_PLAIN = frozenset({type(None), bool, int, str, bytes})


def _ordered(value: Canonical, depth: int) -> Canonical:
    """Return `value` with its maps in canonical order; NotCanonical at the first part not admitted.

    One walk of our own and a plain encoding take half the time of the encoder's canonical mode.
    """
    if type(value) in _PLAIN:
        return value
    if depth == 0:
        raise NotCanonical(f"the value is nested deeper than {DEPTH_MAX}")
    if isinstance(value, list | tuple):
        return _parts(value, depth)
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - the cheap test first
        given = tuple(value)
        keys = order(given)
        if keys == given and type(value) is dict and _PLAIN.issuperset(map(type, value.values())):
            return value
        return dict(zip(keys, _parts([value[key] for key in keys], depth), strict=True))
    raise NotCanonical(f"{type(value).__name__} is not {type_names}")


def _parts(values: Sequence[Canonical], depth: int) -> Sequence[Canonical]:
    """Return `values`, each with its maps in canonical order; most hold no map and stay as they are."""
    if _PLAIN.issuperset(map(type, values)):
        return values
    return [part if type(part) in _PLAIN else _ordered(part, depth - 1) for part in values]


@lru_cache(maxsize=4_096)
def order(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return map keys length-first and then bytewise (RFC 8949, 4.2.3); NotCanonical unless all are text."""
    for key in keys:
        if type(key) is not str:
            raise NotCanonical("a map key is not plain text")
    encoded = {key: key.encode() for key in keys}
    return tuple(sorted(keys, key=lambda key: (len(encoded[key]), encoded[key])))

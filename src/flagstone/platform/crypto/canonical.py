# SPDX-License-Identifier: EUPL-1.2
"""Canonical bytes: one value has one encoding (RFC 8949 section 4.2.3, length-first map keys).

Only what replays identically is admitted: null, booleans, integers, text, bytes, lists and
maps with text keys. Floats are refused; decimals and instants travel as text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

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
    _check(value, DEPTH_MAX)
    return cbor2.dumps(value, canonical=True)


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


def _check(value: Canonical, depth: int) -> None:
    """Walk `value` and raise NotCanonical at the first part that is not admitted."""
    if depth == 0:
        raise NotCanonical(f"the value is nested deeper than {DEPTH_MAX}")
    if value is None or isinstance(value, bool | int | str | bytes):
        return
    if isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                raise NotCanonical("a map key is not text")
            _check(part, depth - 1)
    elif isinstance(value, list | tuple):
        for part in value:
            _check(part, depth - 1)
    else:
        raise NotCanonical(f"{type(value).__name__} is not {type_names}")

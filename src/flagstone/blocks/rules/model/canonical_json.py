# SPDX-License-Identifier: EUPL-1.2
"""Canonical bytes of JSON, after RFC 8785: one value has one text, and one text that is canonical one value.

Members are sorted by code point, nothing stands between tokens, and strings are escaped only where JSON
needs it. One thing differs from RFC 8785: numbers keep what they were. A whole number has no fraction, and
one of 64 binary bits always has a fraction or an exponent, the shortest text that reads back as the same
bits; so `1` and `1.0`, or `0.0` and `-0.0`, are never taken for each other.
"""

from __future__ import annotations

import json

from flagstone.blocks.rules.contract.calculation import JsonValue


class NotCanonical(ValueError):
    """A value has no canonical text, or a text is not the canonical one of its value."""


def encode(value: JsonValue) -> bytes:
    """Return the canonical bytes of a value; NotCanonical for what is no number or no Unicode."""
    try:
        return _ENCODER.encode(value).encode()
    except (ValueError, TypeError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise NotCanonical("the value has no canonical form") from error


def decode(content: bytes) -> JsonValue:
    """Return the value whose canonical bytes are exactly `content`; NotCanonical otherwise."""
    value = read(content)
    if encode(value) != content:
        raise NotCanonical("the bytes are JSON, but not in canonical form")
    return value


def read(content: bytes) -> JsonValue:
    """Return the value of JSON bytes that are known to be ours; NotCanonical when they are no JSON."""
    try:
        found: JsonValue = _DECODER.decode(content.decode())
    except (ValueError, RecursionError) as error:
        raise NotCanonical("the bytes are not JSON") from error
    return found


def _no_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_constant=_no_constant)

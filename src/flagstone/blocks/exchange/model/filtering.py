# SPDX-License-Identifier: EUPL-1.2
"""Which headers never pass the exchange, in either direction (PR-REST 4.3)."""

from __future__ import annotations

Headers = tuple[tuple[bytes, bytes], ...]

FILTERED = frozenset(
    {
        b"transfer-encoding",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"upgrade",
        b"connection",
        b"user-agent",
        b"host",
        b"content-length",
        b"server",
        b"expect",
    }
)
"""Hop-by-hop headers and those that tell of a host; one of them in a header block makes it invalid."""

SECRET = b"flagstone-client-secret"
"""How a part of this site proves itself to its own server; never leaves it."""

_FROM_CONSUMER = FILTERED | {b"x-road-request-id", b"x-road-request-hash", SECRET}
_FROM_PROVIDER = FILTERED | {
    b"x-road-id",
    b"x-road-client",
    b"x-road-service",
    b"x-road-request-id",
    b"x-road-request-hash",
    b"x-road-error",
}


def of_request(headers: Headers) -> Headers:
    """Return what passes of a request: order, case and repetitions kept; the consumer names no request id."""
    return tuple(header for header in headers if header[0].lower() not in _FROM_CONSUMER)


def of_response(headers: Headers) -> Headers:
    """Return what passes of a provider's response; what the server itself says of a message is its own."""
    return tuple(header for header in headers if header[0].lower() not in _FROM_PROVIDER)


def said(headers: Headers) -> dict[bytes, bytes]:
    """Return the last value of each header by its name in lower case; the last counts, as X-Road has it."""
    return {name.lower(): value for name, value in headers}


def last(headers: Headers, name: bytes) -> bytes | None:
    """Return the value of the last header `name`, given in lower case; the last counts, as X-Road has it."""
    for key, value in reversed(headers):
        if key.lower() == name:
            return value
    return None

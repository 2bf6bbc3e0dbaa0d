# SPDX-License-Identifier: EUPL-1.2
"""Every limit of the wire in two values, units in the names."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class WireBounds:
    """What the other side may use up; one value for servers and clients, each reads what concerns it."""

    target_bytes_max: int = 8 * 1024
    header_count_max: int = 128
    headers_bytes_max: int = 64 * 1024  # first line and all headers together
    body_bytes_max: int | None = None  # None: no limit
    chunk_extension_bytes_max: int = 256  # of one chunk; of a whole body 64 times as much
    trailer_bytes_max: int = 8 * 1024  # trailers are dropped
    body_waiting_bytes_max: int = 128 * 1024  # of one body, received and not yet taken
    write_waiting_bytes_max: int = 128 * 1024  # of one connection, given and not yet sent
    connections_max: int = 1000  # a client: of all peers, idle and busy
    connections_per_peer_max: int = 256  # a client's only
    requests_at_once_max: int = 400  # a server's only; above it 503 with Retry-After
    requests_per_connection_max: int = 1_000_000
    retry_after_seconds: int = 1
    header_seconds_max: float = 10.0  # from the connection or the first byte to the end of the headers
    idle_seconds_max: float = 60.0  # between two requests of one connection
    body_seconds_max: float = 30.0  # in which at least `body_bytes_min` of a body must come, or its end
    body_bytes_min: int = 1024
    write_seconds_max: float = 30.0  # for the other side to take what waits
    linger_bytes_max: int = 1024 * 1024  # swallowed of a body that nobody wants, so that the answer arrives
    linger_seconds_max: float = 2.0

    def __post_init__(self) -> None:
        """Refuse a bound that lets nothing through."""
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and value <= 0:
                raise ValueError(f"{each.name} must be more than 0")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a client waits; each is a fault of its own when it passes."""

    connect_seconds: float = 5.0  # name, TCP and TLS; also for a place among the connections: Unreachable
    answer_seconds: float = 60.0  # from the end of the request to the head of the answer: NoAnswer

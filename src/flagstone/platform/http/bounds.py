# SPDX-License-Identifier: EUPL-1.2
"""Every limit of the door in one value, units in the names."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Bounds:
    """What a caller may use up; each field is positive and can be set by the operator."""

    body_bytes_max: int = 1024 * 1024  # of an ordinary request
    upload_bytes_max: int = 64 * 1024 * 1024  # of a route that says `upload=True`
    target_bytes_max: int = 4096  # path and query together
    header_count_max: int = 100
    header_bytes_max: int = 8 * 1024  # one header, name and value
    headers_bytes_max: int = 32 * 1024  # all headers
    headers_seconds_max: float = 10.0  # from the first byte to the end of the headers
    body_pause_seconds_max: float = 10.0  # between two parts of a body
    body_grace_seconds: float = 10.0  # before the slowest rate counts
    body_bytes_per_second_min: int = 2048
    answer_seconds_max: float = 60.0  # until the answer begins, waiting and body included
    write_seconds_max: float = 30.0  # for the client to take one part of the answer
    keep_alive_seconds: int = 5
    linger_seconds_max: float = 1.0  # to swallow a refused body, so that the refusal arrives
    stop_seconds_max: int = 30  # for running requests when the process is told to stop
    connections_max: int = 1000
    requests_at_once_max: int = 40
    queue_max: int = 80  # requests that may wait for a place
    queue_seconds_max: float = 0.5
    requests_per_second_per_client: float = 50.0  # lasting rate of one address (IPv6: one /64)
    requests_burst_per_client: int = 500
    clients_tracked_max: int = 10_000

    def __post_init__(self) -> None:
        """Refuse a bound that lets nothing through."""
        for each in fields(self):
            if getattr(self, each.name) <= 0:
                raise ValueError(f"{each.name} must be more than 0")

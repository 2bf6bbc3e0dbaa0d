# SPDX-License-Identifier: EUPL-1.2
"""Every limit of the message path in one value, units in the names."""

from __future__ import annotations

from dataclasses import dataclass, field

from flagstone.blocks.exchange.model.faults import Spelling
from flagstone.platform.http.wire.bounds import WireBounds


@dataclass(frozen=True)
class PathBounds:
    """What one message, one service and one other server may use up, and how faults are spelled."""

    wire: WireBounds = field(default_factory=WireBounds)
    spelling: Spelling = Spelling.SNAKE
    held_bytes_max: int = 64 * 1024  # bodies up to this size are read whole before they go on
    person_bytes_max: int = 1024 * 1024  # bodies up to this size are looked at for the person they name
    block_bytes_max: int = 40 * 1024  # of a header block, ours or a peer's; the log takes little more
    connect_seconds: float = 3.0  # to another server or a service
    peer_seconds: float = 660.0  # for another server's answer to begin; its services may not take longer
    at_peer_max: int = 200  # messages under way to one other server
    at_service_max: int = 100  # messages under way to one service
    failures_max: int = 5  # in a row, until a server or service is left alone
    open_seconds: float = 2.0  # for how long at first
    open_seconds_max: float = 30.0

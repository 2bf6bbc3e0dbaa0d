# SPDX-License-Identifier: EUPL-1.2
"""How a server's message path is at this moment: its transport, and which other servers answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from flagstone.blocks.exchange.contract.identifiers import ServerId


class Breaker(Enum):
    """Whether messages to a server are still tried."""

    CLOSED = "closed"  # they are
    HALF_OPEN = "half-open"  # one at a time, to see whether the server is back
    OPEN = "open"  # they are refused at once until the next try


@dataclass(frozen=True)
class PeerStatus:
    """One other server as this one last met it; `answers` is None where it was never asked."""

    server: ServerId
    address: str
    answers: bool | None = None
    breaker: Breaker = Breaker.CLOSED
    seen_at: datetime | None = None


@dataclass(frozen=True)
class PathStatus:
    """The message path: `transport` by its name in the settings (`plain`), and whether it carries."""

    transport: str
    running: bool
    peers: tuple[PeerStatus, ...] = ()

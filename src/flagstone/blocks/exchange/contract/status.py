# SPDX-License-Identifier: EUPL-1.2
"""How a server's message path is at this moment: its transport, and which other servers answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from flagstone.blocks.exchange.contract.identifiers import ServerId, ServiceId
from flagstone.blocks.exchange.contract.log import Side


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
    """The message path: `transport` by its name in the settings (`plain`), and whether it carries.

    `services` are those of this server that are left alone or tried again; `counts` are the exchanges since
    the start by side and fault code, which is empty for those that came to their end.
    """

    transport: str
    running: bool
    peers: tuple[PeerStatus, ...] = ()
    services: Mapping[ServiceId, Breaker] = field(default_factory=dict)
    counts: Mapping[tuple[Side, str], int] = field(default_factory=dict)
    under_way: int = 0

# SPDX-License-Identifier: EUPL-1.2
"""The first page of the console: this server, its directory, its transport, and who answers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.contract.log import Side
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.contract.status import Breaker, PathStatus, PeerStatus
from flagstone.blocks.exchange.model.checks import FRESH
from flagstone.blocks.exchange.web.console.asking import LOOK
from flagstone.blocks.exchange.web.console.messages import SIDES
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.routes import Routes

BREAKERS = {
    Breaker.CLOSED: _("Messages are sent"),
    Breaker.HALF_OPEN: _("One message is tried at a time"),
    Breaker.OPEN: _("Messages are held back until the next try"),
}


COUNTS_MAX = 50


@dataclass(frozen=True)
class Peer:
    """Another server as the page shows it; `answers` is None where it was never asked."""

    id: ServerId
    address: str
    in_maintenance: bool
    answers: bool | None
    breaker: str
    seen_at: datetime | None


class Overview:
    """The page at `/desk/exchange`."""

    def __init__(self, desk: Desk) -> None:
        """Show what `desk` sees."""
        self._desk = desk

    def declare(self, routes: Routes) -> None:
        """Add the page to `routes`."""
        routes.get("", access=LOOK, name="exchange-console")(self.overview)

    def overview(self, request: Request) -> Response:
        """Show how this server is."""
        snapshot, status = self._desk.exchange.snapshot(), self._desk.status()
        checked, now = self._desk.checked_at(), self._desk.clock.now()
        return self._desk.show(
            request,
            "overview",
            snapshot=snapshot,
            path_status=status,
            checked_at=checked,
            is_old=checked is None or now - checked > FRESH,
            peers=peers(snapshot, status),
            held_back=[(each, BREAKERS[breaker]) for each, breaker in sorted(status.services.items())],
            counts=counts(status),
            sides=SIDES,
            rights=sum(len(rights) for rights in snapshot.rights.values()),
        )


def counts(status: PathStatus) -> list[tuple[Side, str, int]]:
    """Return how many exchanges ended how since the path began: those that came to their end first."""
    found = [(side, fault, count) for (side, fault), count in status.counts.items()]
    return sorted(found, key=lambda each: (each[1] != "", -each[2], each[0].value, each[1]))[:COUNTS_MAX]


def peers(snapshot: Snapshot, status: PathStatus) -> list[Peer]:
    """Return every other server of the directory with what the path knows of it."""
    met = {each.server: each for each in status.peers}
    return [
        _peer(
            server.id,
            snapshot.addresses.get(server.id, server.address),
            met.get(server.id),
            in_maintenance=server.in_maintenance,
        )
        for server in snapshot.directory.servers
        if server.id != snapshot.server
    ]


def _peer(server: ServerId, address: str, met: PeerStatus | None, *, in_maintenance: bool) -> Peer:
    if met is None:
        return Peer(server, address, in_maintenance, None, BREAKERS[Breaker.CLOSED], None)
    return Peer(server, met.address, in_maintenance, met.answers, BREAKERS[met.breaker], met.seen_at)

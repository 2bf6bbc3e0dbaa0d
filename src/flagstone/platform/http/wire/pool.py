# SPDX-License-Identifier: EUPL-1.2
"""The connections of a client: made, reused, waited for, at most so many."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.faults import Unreachable
from flagstone.platform.http.wire.link import Link
from flagstone.platform.http.wire.messages import PART_BYTES_MAX

Peer = tuple[str, int, ssl.SSLContext | None]
"""Host, port and how TLS is spoken, if at all."""


class _Place:
    """The connections to one peer."""

    __slots__ = ("connections", "idle", "waiters")

    def __init__(self) -> None:
        self.idle: list[Link] = []  # the one used last at the end
        self.connections = 0  # idle, busy or being made
        self.waiters: deque[asyncio.Future[Link | None]] = deque()


class Pool:
    """All connections of one client."""

    def __init__(self, bounds: WireBounds) -> None:
        self._bounds = bounds
        self._buffer = memoryview(bytearray(PART_BYTES_MAX))
        self._places: dict[Peer, _Place] = {}
        self._links: dict[Link, _Place] = {}
        self._closed = False
        self.connections = 0

    async def take(self, peer: Peer, seconds: float) -> Link:
        """Return a connection that waited or a new one; raises `Unreachable`."""
        place = self._place(peer)
        while place.idle:
            link = place.idle.pop()
            if link.fresh:
                return link
            link.abort()
        return await self.connect(peer, seconds)

    async def connect(self, peer: Peer, seconds: float) -> Link:
        """Return a new connection, or one that became free while all places were taken."""
        try:
            async with asyncio.timeout(seconds):
                place = self._place(peer)
                while not self._has_room(place):
                    link = await self._wait(place)
                    if link is not None and link.fresh:
                        return link
                return await self._open(peer, place)
        except TimeoutError:
            raise Unreachable(f"No connection within {seconds:g} seconds.") from None

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        for link in tuple(self._links):
            link.abort()
        for place in self._places.values():
            while self._call_next(place):
                pass
        while self._links:
            await asyncio.sleep(0)

    def _place(self, peer: Peer) -> _Place:
        place = self._places.get(peer)
        if place is None:
            place = self._places[peer] = _Place()
        return place

    def _has_room(self, place: _Place) -> bool:
        """Whether one more connection may be made, if need be in place of another peer's idle one."""
        if self._closed:
            raise Unreachable("The client is closed.")
        if place.connections >= self._bounds.connections_per_peer_max:
            return False
        if self.connections < self._bounds.connections_max:
            return True
        for other in self._places.values():
            if other.idle:
                self._remove(other.idle[0]).abort()
                return True
        return False

    async def _wait(self, place: _Place) -> Link | None:
        """Wait for a connection, or for room to make one (None)."""
        waiter: asyncio.Future[Link | None] = asyncio.get_running_loop().create_future()
        place.waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on(waiter.result(), place)
            raise

    def _pass_on(self, link: Link | None, place: _Place) -> None:
        """Give to the next one what a waiter got too late."""
        if link is not None:
            self._freed(link)
        else:
            self._call_next(place)

    async def _open(self, peer: Peer, place: _Place) -> Link:
        host, port, tls = peer
        place.connections += 1
        self.connections += 1
        link: Link | None = None
        try:
            loop = asyncio.get_running_loop()
            _, link = await loop.create_connection(self._new_link, host, port, ssl=tls)
            self._links[link] = place
            if self._closed:
                link.abort()
            return link
        except (OSError, ssl.CertificateError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise Unreachable(f"The connection was not made: {type(error).__name__}.") from None
        finally:
            if link is None:
                self._leave(place)

    def _new_link(self) -> Link:
        return Link(self._bounds, self._buffer, freed=self._freed, lost=self._lost)

    def _freed(self, link: Link) -> None:
        """Hand a connection to whoever waits for one, or keep it."""
        place = self._links.get(link)
        if place is None or self._closed:
            link.abort()
            return
        while place.waiters:
            waiter = place.waiters.popleft()
            if not waiter.done():
                waiter.set_result(link)
                return
        place.idle.append(link)
        link.rest()
        if self.connections >= self._bounds.connections_max:
            self._call_any()

    def _lost(self, link: Link) -> None:
        if link in self._links:
            self._remove(link)

    def _remove(self, link: Link) -> Link:
        """Count a connection no more."""
        place = self._links.pop(link)
        if link in place.idle:
            place.idle.remove(link)
        self._leave(place)
        return link

    def _leave(self, place: _Place) -> None:
        """Let the next one in."""
        place.connections -= 1
        self.connections -= 1
        if not self._call_next(place):
            self._call_any()

    def _call_any(self) -> None:
        for place in self._places.values():
            if self._call_next(place):
                return

    def _call_next(self, place: _Place) -> bool:
        while place.waiters:
            waiter = place.waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return True
        return False

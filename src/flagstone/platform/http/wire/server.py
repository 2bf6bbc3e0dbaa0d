# SPDX-License-Identifier: EUPL-1.2
"""The server of the wire: bound sockets in, requests to one handler."""

from __future__ import annotations

import asyncio
import socket
import ssl

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.messages import PART_BYTES_MAX, Handler, Refusal
from flagstone.platform.http.wire.session import Session, Shared

_BACKLOG = 1024
_ABORT_SECONDS = 1.0  # for cancelled handlers to leave


class WireServer:
    """Serves HTTP/1.1 on sockets that the caller bound; belongs to the event loop that started it.

    `handler` gets every well-formed request. What it does not answer at once becomes a task of its own, which
    is cancelled when the client goes away.
    `refusal` makes the answers to requests that never reach it: 400, 408, 413, 414, 417, 431, 501, 503
    and 505, and 500 when the handler raises. Its body must be bytes or held.
    """

    def __init__(self, handler: Handler, *, bounds: WireBounds, refusal: Refusal) -> None:
        self._handler = handler
        self._refusal = refusal
        self._bounds = bounds
        self._shared: Shared | None = None
        self._servers: list[asyncio.Server] = []

    @property
    def busy(self) -> int:
        """Requests being answered now."""
        return self._shared.busy if self._shared else 0

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._shared.sessions) if self._shared else 0

    async def start(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Serve `sock`, a bound stream socket; may be called for several sockets."""
        loop = asyncio.get_running_loop()
        if self._shared is None:
            buffer = memoryview(bytearray(PART_BYTES_MAX))
            self._shared = Shared(self._handler, self._refusal, self._bounds, buffer, loop)
        shared = self._shared
        seconds = self._bounds.header_seconds_max if tls else None
        server = await loop.create_server(
            lambda: Session(shared), sock=sock, ssl=tls, backlog=_BACKLOG, ssl_handshake_timeout=seconds
        )
        self._servers.append(server)

    async def stop(self, grace_seconds: float) -> None:
        """Take no more connections, let running requests end for `grace_seconds`, then cut them off."""
        shared = self._shared
        if shared is None:
            return
        for server in self._servers:
            server.close()
        shared.stopping = True
        emptied = asyncio.Event()
        shared.emptied = emptied.set
        for session in tuple(shared.sessions):
            session.finish()
        if shared.sessions:
            try:
                await asyncio.wait_for(emptied.wait(), grace_seconds)
            except TimeoutError:
                await self._cut(shared, emptied)

    async def _cut(self, shared: Shared, emptied: asyncio.Event) -> None:
        tasks = [session.task for session in shared.sessions if session.task is not None]
        for session in tuple(shared.sessions):
            session.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=_ABORT_SECONDS)
        if shared.sessions:
            await asyncio.wait_for(emptied.wait(), _ABORT_SECONDS)

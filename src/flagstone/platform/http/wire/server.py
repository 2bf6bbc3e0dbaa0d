# SPDX-License-Identifier: EUPL-1.2
"""The server of the wire: sockets in, requests to one handler."""

from __future__ import annotations
import socket
import ssl
from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.messages import Handler, Refusal


class WireServer:
    """Serves HTTP/1.1 on sockets that the caller bound; belongs to the event loop that started it.

    `handler` gets every well-formed request, in its own task; when the client goes away it is cancelled.
    `refusal` makes the answers to requests that never reach it: 400, 408, 413, 414, 417, 431, 501, 503
    and 505, and 500 when the handler raises.
    """

    def __init__(self, handler: Handler, *, bounds: WireBounds, refusal: Refusal) -> None:
        self._handler, self._bounds, self._refusal = handler, bounds, refusal

    async def start(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Serve `sock`, bound; may be called for several sockets."""
        raise OSError

    async def stop(self, grace_seconds: float) -> None:
        """Take no more connections, let running requests end for `grace_seconds`, then cut them off."""
        raise OSError

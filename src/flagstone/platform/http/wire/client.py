# SPDX-License-Identifier: EUPL-1.2
"""The client of the wire: calls over pooled connections."""

from __future__ import annotations
import ssl
from flagstone.platform.http.wire.bounds import Timeouts, WireBounds
from flagstone.platform.http.wire.messages import Body, Reply, RequestHead


class WireClient:
    """Calls over keep-alive connections, pooled per host, port and TLS; belongs to one event loop."""

    def __init__(self, bounds: WireBounds) -> None:
        self._bounds = bounds

    async def call(
        self,
        host: str,
        port: int,
        head: RequestHead,
        body: Body | bytes,
        *,
        tls: ssl.SSLContext | None = None,
        timeouts: Timeouts | None = None,
    ) -> Reply:
        """Send one request and return its answer as soon as its head is there; redirects are not followed.

        Bytes and a body with a length get Content-Length, others are chunked; framing and hop-by-hop
        headers given in `head` are dropped, Host is added when it is missing. The request's body is sent
        on while the answer's is read. A request on a reused connection that broke before any answer is
        sent once more when its method is idempotent and its body can be replayed.
        Raises `Unreachable`, `NoAnswer`, `AnswerBroken`, and the `BodyBroken` of the given body.
        """
        raise OSError

    async def close(self) -> None:
        """Close all connections, busy ones too."""

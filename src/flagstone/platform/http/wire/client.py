# SPDX-License-Identifier: EUPL-1.2
"""The client of the wire: calls over pooled connections."""

from __future__ import annotations

import ssl
from functools import lru_cache, partial

from flagstone.platform.http.wire.bounds import Timeouts, WireBounds
from flagstone.platform.http.wire.heads import write_request
from flagstone.platform.http.wire.link import Link, Stale
from flagstone.platform.http.wire.messages import PART_BYTES_MAX, Body, HeldBody, Reply, RequestHead
from flagstone.platform.http.wire.pool import Pool

_IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})  # RFC 9110 9.2.2
_WHOLE_BYTES_MAX = 4 * PART_BYTES_MAX  # larger bodies are sent by and by, though they are in memory


class WireClient:
    """Calls over keep-alive connections, pooled per host, port and TLS; belongs to one event loop."""

    def __init__(self, bounds: WireBounds) -> None:
        self._pool = Pool(bounds)

    @property
    def connections(self) -> int:
        """Connections open now or being made."""
        return self._pool.connections

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
        Raises `Unreachable`, `NoAnswer`, `AnswerBroken`, and what the given body raises.
        """
        times = timeouts or Timeouts()
        peer = (host, port, tls)
        whole = body if isinstance(body, bytes) else body.at_hand()
        length = len(whole) if whole is not None else body.length if isinstance(body, Body) else None
        start = write_request(head, _authority(host, port), length)
        sent = body if whole is None else whole if len(whole) <= _WHOLE_BYTES_MAX else HeldBody(whole)
        again = sent if isinstance(sent, bytes) else sent.replay()
        ask = partial(Link.exchange, length=length, answer_seconds=times.answer_seconds)
        link = await self._pool.take(peer, times.connect_seconds)
        try:
            return await ask(link, head.method, start, sent)
        except Stale:
            if again is None or head.method not in _IDEMPOTENT:
                raise
        link = await self._pool.connect(peer, times.connect_seconds)
        return await ask(link, head.method, start, again)

    async def close(self) -> None:
        """Close all connections, busy ones too; calls that run or wait fail."""
        await self._pool.close()


@lru_cache(maxsize=256)
def _authority(host: str, port: int) -> bytes:
    """Return what Host says (RFC 3986 3.2.2)."""
    return f"[{host}]:{port}".encode() if ":" in host else f"{host}:{port}".encode("idna")

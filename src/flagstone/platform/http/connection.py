# SPDX-License-Identifier: EUPL-1.2
"""What ASGI cannot see: unfinished headers, trailers, chunk padding and too many connections.

Uvicorn's httptools protocol has no time or size limit before the headers are complete, and it adds a
chunked body's trailers to the headers of the running request, past every check (RFC 9110, 6.5.1).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from flagstone.kernel.errors import Fault
from flagstone.platform.http.admission import DROP, Busy, TooSlow
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.problem import MEDIA_TYPE, document, status_of
from flagstone.platform.http.wellformed import HeadersTooLarge, Malformed

PADDING_BYTES_FREE = 64 * 1024
PADDING_BYTES_PER_BODY_BYTE = 8


def bounded_protocol(bounds: Bounds) -> type[HttpToolsProtocol]:
    """Return the protocol class that keeps `bounds` on each connection."""
    return type("BoundedConnection", (Connection,), {"bounds": bounds})


class Connection(HttpToolsProtocol):
    """One client's connection."""

    bounds = Bounds()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._in_headers = True
        self._header_bytes = 0
        self._padding_bytes = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._refused = False
        self._answering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it at once when there are too many."""
        super().connection_made(transport)
        self._set_alarm()
        if len(self.connections) > self.bounds.connections_max:
            self._refuse(Busy(retry_after_seconds=2))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_alarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and count what it swallows without telling anybody."""
        if self._refused:
            return
        if self._in_headers or not self._answering:
            self._set_alarm()
        self._header_bytes += len(data) if self._in_headers else 0
        self._padding_bytes += 0 if self._in_headers else len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_headers and self._header_bytes > self.bounds.headers_bytes_max:
            self._refuse(HeadersTooLarge())
        elif self._padding_bytes > PADDING_BYTES_FREE:
            self._drop()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {DROP: {"drop": self._drop}}
        self._in_headers = True
        self._padding_bytes = 0
        self._set_alarm()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target; only the origin form is one of ours (RFC 9112, 3.2.1)."""
        if not self.url and not url.startswith(b"/"):
            raise ValueError("not the origin form")
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is dropped."""
        if self._in_headers:
            super().on_header(name, value)
        if len(self.headers) > self.bounds.header_count_max * 2:
            raise ValueError("too many headers")

    def on_headers_complete(self) -> None:
        """Let the request begin."""
        self._in_headers = False
        self._answering = True
        self._stop_alarm()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """End the answer; a pipelined request begins."""
        self._answering = bool(self.pipeline)
        super().on_response_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, which pays for its padding."""
        self._padding_bytes -= len(body) * PADDING_BYTES_PER_BODY_BYTE
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request's reading; what follows belongs to the next."""
        super().on_message_complete()
        self._padding_bytes = 0
        self._in_headers = True
        self._header_bytes = 0

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  the library's text is not ours
        """Answer what the parser refuses."""
        self._refuse(Malformed())

    def _set_alarm(self) -> None:
        if self._alarm is None:
            self._alarm = self.loop.call_later(self.bounds.headers_seconds_max, self._ring)

    def _stop_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _ring(self) -> None:
        self._alarm = None
        if self._header_bytes:
            self._refuse(TooSlow())
        else:
            self._drop()

    def _refuse(self, fault: Fault) -> None:
        """Answer `fault` on the wire and close; an answer already under way is cut instead."""
        self._refused = True
        self._stop_alarm()
        if self.transport.is_closing():
            return
        if self._answering:
            self._drop()
            return
        body = json.dumps(document(fault, "")).encode()
        head = [
            STATUS_LINE[status_of(fault)],
            f"content-type: {MEDIA_TYPE}\r\n".encode(),
            f"content-length: {len(body)}\r\n".encode(),
            b"cache-control: no-store\r\nconnection: close\r\n",
        ]
        if fault.retry_after_seconds is not None:
            head.append(f"retry-after: {fault.retry_after_seconds}\r\n".encode())
        self.transport.write(b"".join([*head, b"\r\n", body]))
        self.transport.close()

    def _drop(self) -> None:
        """Close without a word."""
        self._refused = True
        self._stop_alarm()
        self.transport.abort()

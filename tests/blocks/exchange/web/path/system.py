# SPDX-License-Identifier: EUPL-1.2
"""An information system that the message path's tests ask: it says what it got, whole or broken off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep

MEBIBYTE = 1024 * 1024


@dataclass
class Asked:
    """One request as a service saw it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        """Return the values of the headers `name`."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


Reaction = Callable[[BaseHTTPRequestHandler, Asked], None]


def echo(handler: BaseHTTPRequestHandler, asked: Asked) -> None:
    """Answer with the body that came, and with headers worth looking at."""
    handler.send_response_only(200, "Fine")
    for name, value in (
        ("Content-Type", "application/x-echo"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Server", "secret/1.0"),
        ("X-Road-Id", "forged"),
        ("x-road-request-hash", "forged"),
        ("X-ROAD-Client", "forged"),
        ("X-Road-Error", "forged"),
        ("Flagstone-Usage-Count", "3"),
        ("Content-Length", str(len(asked.body))),
    ):
        handler.send_header(name, value)
    handler.end_headers()
    if asked.method != "HEAD":
        handler.wfile.write(asked.body)


class BrokenOff(Exception):
    """The connection ended within a body."""


class Handler(BaseHTTPRequestHandler):
    """Reads requests for `provider`, and can tell whole ones from those that broke off."""

    provider: Provider
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        """Take a connection."""
        super().setup()
        self.provider.connections += 1

    def answer(self) -> None:
        """Read one request and have it answered."""
        self.provider.begun += 1
        try:
            body = self._chunks() if self._is_chunked() else self._exactly(self._length())
        except (BrokenOff, ConnectionError):
            self.close_connection = True
            self.provider.broken_off += 1
            return
        asked = Asked(self.command, self.path, list(self.headers.items()), body)
        self.provider.asked.append(asked)
        self.provider.react(self, asked)

    def _is_chunked(self) -> bool:
        return "chunked" in (self.headers.get("Transfer-Encoding") or "")

    def _length(self) -> int:
        return int(self.headers.get("Content-Length") or 0)

    def _exactly(self, size: int) -> bytes:
        parts, rest = [], size
        while rest and (part := self.rfile.read(min(rest, MEBIBYTE))):
            parts.append(part)
            rest -= len(part)
            sleep(self.provider.mebibyte_seconds)
        if rest:
            raise BrokenOff
        return b"".join(parts)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._line(), 16):
            parts.append(self._exactly(size))
            self._line()
        self._line()
        return b"".join(parts)

    def _line(self) -> bytes:
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            raise BrokenOff
        return line

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_request(self, code: object = "", size: object = "") -> None:
        """Say nothing."""


class Quietly(ThreadingHTTPServer):
    """Threads that answer, one for each connection."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers who leave."""


class Provider:
    """An information system that answers as `react` says, over HTTP on the loopback.

    It counts the connections and the requests that it began to read; whole ones are `asked`, the others
    `broken_off`. It may take its time with each mebibyte that it reads.
    """

    def __init__(self) -> None:
        self.connections = 0
        self.mebibyte_seconds = 0.0
        self.begun = 0
        self.asked: list[Asked] = []
        self.broken_off = 0
        self.react: Reaction = echo
        self._server = Quietly(("127.0.0.1", 0), type("Handler", (Handler,), {"provider": self}))
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

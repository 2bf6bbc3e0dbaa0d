# SPDX-License-Identifier: EUPL-1.2
"""A stand-in for the tax board's own system of declarations, which is no register of Flagstone's.

`python -m aralia.declarations` answers `GET /people/CODE/returns` on the loopback with made-up returns. It
knows nothing of the exchange: who asks, and that it is written down for the person, is the server's part.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aralia.codes import check_personal_code

HOST, PORT = "127.0.0.1", 8090
YEARS = (2023, 2024)
_REFUND_MINOR_MAX = 150_000


def returns(code: str) -> list[dict[str, str | int]]:
    """Return a person's declared income tax returns, always the same for the same code."""
    made: list[dict[str, str | int]] = []
    for year in YEARS:
        chance = int.from_bytes(sha256(f"{year} {code}".encode()).digest()[:4])
        filed = f"{year + 1}-03-{chance % 31 + 1:02}"
        made.append({"year": year, "filed_on": filed, "refund_minor": chance % _REFUND_MINOR_MAX})
    return made


class Answering(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell the returns of the person whom the path names; 404 for everything else."""
        segments = self.path.split("/")
        is_known = len(segments) == 4 and segments[1] == "people" and segments[3] == "returns"
        if is_known and check_personal_code(segments[2]):
            self._say(200, {"returns": returns(segments[2])})
        else:
            self._say(404, {"title": "There is nothing here"})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Write nothing: the path names a person."""

    def _say(self, status: int, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(port: int) -> None:
    """Answer on a port of the loopback until the process ends."""
    with ThreadingHTTPServer((HOST, port), Answering) as server:
        server.daemon_threads = True
        server.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else PORT)

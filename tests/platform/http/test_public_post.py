# SPDX-License-Identifier: EUPL-1.2
"""Queries to responders and time-stampers: posted as they are, and answers bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flagstone.platform.http.client import AnswerRefused, SiteUnreachable
from flagstone.platform.http.public import PublicDocuments


class Echo(BaseHTTPRequestHandler):
    """Answers with the kind and the body that it was sent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("X-Kind", self.headers["Content-Type"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tsa"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_query_is_posted_with_its_kind(address: str) -> None:
    answer = PublicDocuments().post(address, b"\x00query", "application/timestamp-query")
    assert (answer.status, answer.body) == (201, b"\x00query")
    assert answer.headers["x-kind"] == "application/timestamp-query"


def test_a_large_answer_or_another_scheme_is_refused(address: str) -> None:
    with pytest.raises(AnswerRefused):
        PublicDocuments().post(address, b"0123456789", "text/plain", bytes_max=9)
    with pytest.raises(AnswerRefused):
        PublicDocuments().post("file:///etc/passwd", b"", "text/plain")


def test_nobody_there_is_said() -> None:
    with pytest.raises(SiteUnreachable):
        PublicDocuments().post("http://127.0.0.1:9/", b"", "text/plain")

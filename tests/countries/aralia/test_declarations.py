# SPDX-License-Identifier: EUPL-1.2
"""The stand-in for the tax board's own system answers about known codes alone, and writes nobody down."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest

from aralia.declarations import HOST, YEARS, Answering, returns

CODE = "60001019909"


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer((HOST, 0), Answering)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def ask(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_person_has_the_same_returns_each_time(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    status, body = ask(port, f"/people/{CODE}/returns")
    assert (status, body) == (200, ask(port, f"/people/{CODE}/returns")[1])
    assert [one["year"] for one in returns(CODE)] == list(YEARS)
    assert CODE not in body.decode()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "path", ["/", "/people", f"/people/{CODE}", "/people/60001019907/returns", "/people//returns"]
)
def test_everything_else_is_not_there(port: int, path: str) -> None:
    assert ask(port, path)[0] == 404

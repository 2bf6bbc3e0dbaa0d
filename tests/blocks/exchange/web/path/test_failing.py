# SPDX-License-Identifier: EUPL-1.2
"""What goes wrong behind a server: each trouble has its own code, is logged, and opens circuits."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from threading import Event
from time import monotonic, sleep

import pytest

from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.log import Side
from flagstone.blocks.exchange.contract.status import Breaker

from .rig import TELLS, Exchange, closing_connection, ended, eventually, listening
from .system import Asked

ECHO = "/r1/XA/GOV/200/registry/echo"
OPEN = "/r1/XA/GOV/200/registry/open/things/1"


def nonsense(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    handler.wfile.write(b"SSH-2.0-nonsense\r\n\r\n")
    handler.close_connection = True


def silence(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    handler.close_connection = True


def half(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    handler.wfile.write(b"x" * 200_000)
    handler.wfile.flush()
    handler.close_connection = True


def faults_logged(exchange: Exchange, count: int = 1) -> tuple[str, str]:
    """Return the last fault that each side logged."""
    consumer = ended(exchange.asking, Side.CONSUMER, count)[-1]
    provider = ended(exchange.telling, Side.PROVIDER, count)[-1]
    return consumer.fault, provider.fault


def test_a_service_that_is_down(exchange: Exchange) -> None:
    with listening() as closed:
        exchange.offer(url=f"http://127.0.0.1:{closed.getsockname()[1]}")
        got = exchange.ask("GET", ECHO)
    assert (got.status, got.fault) == (500, "server.serverproxy.network_error")
    assert faults_logged(exchange) == (got.fault, got.fault)


def test_a_service_that_is_slow(exchange: Exchange) -> None:
    released = Event()
    exchange.provider.react = lambda *_: (released.wait(5), None)[1]
    exchange.offer(timeout_seconds=1)
    began = monotonic()
    got = exchange.ask("GET", ECHO)
    released.set()
    assert (got.status, got.fault) == (500, "server.serverproxy.service_failed.timeout")
    assert 0.9 < monotonic() - began < 2.5
    assert faults_logged(exchange) == (got.fault, got.fault)


def test_a_service_that_answers_nonsense_or_not_at_all(exchange: Exchange) -> None:
    exchange.provider.react = nonsense
    assert exchange.ask("POST", ECHO).fault == "server.serverproxy.service_failed.invalid_response"
    exchange.provider.react = silence
    assert exchange.ask("POST", ECHO).fault == "server.serverproxy.io_error"


def test_a_service_that_breaks_off_within_its_answer(exchange: Exchange) -> None:
    exchange.provider.react = half
    request = f"GET {ECHO} HTTP/1.1\r\nHost: x\r\nX-Road-Client: XA/GOV/100/asks\r\n\r\n"
    answer = exchange.raw(request.encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(answer) < 1_000_000, "cut off, so that nobody takes it for whole"
    assert faults_logged(exchange) == ("server.clientproxy.io_error", "server.serverproxy.io_error")


def test_a_circuit_opens_for_the_failing_service_only_and_closes_when_it_is_back(exchange: Exchange) -> None:
    react, exchange.provider.react = exchange.provider.react, silence
    for _ in range(3):
        assert exchange.ask("POST", ECHO).fault == "server.serverproxy.io_error"
    asked = len(exchange.provider.asked)
    began = monotonic()
    assert exchange.ask("POST", ECHO).fault == "server.serverproxy.service_failed.circuit_open"
    assert monotonic() - began < 0.25
    assert len(exchange.provider.asked) == asked, "it was left alone"
    assert exchange.telling.path.status().services == {ServiceId(TELLS, "echo"): Breaker.OPEN}
    exchange.provider.react = react
    assert exchange.ask("GET", OPEN).status == 200, "another service of the same provider"
    sleep(0.35)
    assert exchange.ask("POST", ECHO).status == 200
    assert exchange.telling.path.status().services == {}


def test_an_error_that_the_service_answers_itself_opens_no_circuit(exchange: Exchange) -> None:
    exchange.provider.react = lambda handler, _: handler.send_error(500)
    assert {exchange.ask("GET", ECHO).status for _ in range(6)} == {500}
    assert exchange.ask("GET", ECHO).fault == ""


def test_as_many_messages_as_a_service_takes_are_under_way_and_no_more(exchange: Exchange) -> None:
    released, react = Event(), exchange.provider.react

    def wait(handler: BaseHTTPRequestHandler, asked: Asked) -> None:
        released.wait(5)
        react(handler, asked)

    exchange.provider.react = wait
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(exchange.ask, "GET", ECHO) for _ in range(2)]
        assert eventually(lambda: len(exchange.provider.asked) == 2)
        got = exchange.ask("GET", ECHO)
        assert exchange.asking.path.status().under_way == 2
        released.set()
        assert [each.result().status for each in waiting] == [200, 200]
    assert (got.status, got.fault, got.one("Retry-After")) == (503, "server.serverproxy.overloaded", "1")
    assert exchange.ask("GET", ECHO).status == 200


def test_without_a_log_nothing_passes(exchange: Exchange) -> None:
    exchange.asking.log.broken = True
    got = exchange.ask("GET", ECHO)
    assert (got.status, got.fault) == (500, "server.clientproxy.logging_failed")
    exchange.asking.log.broken, exchange.telling.log.broken = False, True
    assert exchange.ask("GET", ECHO).fault == "server.serverproxy.logging_failed"
    assert exchange.provider.asked == []


@pytest.mark.parametrize("side", ["asking", "telling"])
def test_an_answer_is_not_passed_on_before_its_request_is_on_disk(exchange: Exchange, side: str) -> None:
    log = exchange.asking.log if side == "asking" else exchange.telling.log
    log.late = True
    began = monotonic()
    assert exchange.ask("GET", ECHO).status == 200
    assert monotonic() - began >= 0.05
    assert len(log.requests) == 1
    log.broken = True
    assert exchange.ask("GET", ECHO).fault.endswith("proxy.logging_failed")


def test_who_asks_and_leaves_is_noted_and_nothing_stays_under_way(exchange: Exchange) -> None:
    released = Event()
    exchange.provider.react = lambda *_: (released.wait(5), None)[1]
    with closing_connection(exchange.asking.client_port) as connection:
        connection.request("GET", ECHO, headers={"X-Road-Client": "XA/GOV/100/asks"})
        assert eventually(lambda: len(exchange.provider.asked) == 1)
    assert faults_logged(exchange) == ("client.gone", "client.gone")
    released.set()
    assert exchange.asking.path.status().under_way == 0
    assert exchange.telling.path.status().under_way == 0


def test_headers_beyond_the_bound_do_not_pass(exchange: Exchange) -> None:
    large = "x" * 50_000
    got = exchange.ask("GET", ECHO, {"X-Large": large})
    assert (got.status, got.fault) == (500, "server.clientproxy.bad_request")

    def talk(handler: BaseHTTPRequestHandler, _: Asked) -> None:
        handler.send_response(200)
        handler.send_header("X-Large", large)
        handler.send_header("Content-Length", "200000")
        handler.end_headers()
        handler.wfile.write(b"x" * 200_000)

    exchange.provider.react = talk
    assert exchange.ask("GET", ECHO).fault == "server.serverproxy.service_failed.invalid_response"


def test_a_right_that_is_taken_away_is_gone_at_once(exchange: Exchange) -> None:
    assert exchange.ask("GET", ECHO).status == 200
    exchange.telling.snapshot = type(exchange.telling.snapshot)(
        **{**vars(exchange.telling.snapshot), "rights": {}}
    )
    assert exchange.ask("GET", ECHO).fault == "server.serverproxy.access_denied"


def test_a_path_that_was_stopped_takes_no_connections(exchange: Exchange) -> None:
    exchange.telling.path.stop(1)
    assert not exchange.telling.path.status().running
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", exchange.telling.server_port), 1)
    assert exchange.ask("GET", ECHO).fault == "server.clientproxy.network_error"

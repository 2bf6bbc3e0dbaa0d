# SPDX-License-Identifier: EUPL-1.2
"""Other servers that are down, in maintenance, slow, or say what they should not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from struct import pack
from time import sleep

import pytest

from flagstone.blocks.exchange.contract.directory import Server
from flagstone.blocks.exchange.contract.faults import DirectoryUnavailable
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.contract.log import Side
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.contract.status import Breaker
from flagstone.blocks.exchange.model import rest
from flagstone.blocks.exchange.model.hashing import body_hash, request_hash
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.platform.http.wire.bounds import WireBounds

from .rig import TELLING_SERVER, TELLS, Exchange, ended, listening
from .system import Asked, Provider, Reaction

ECHO = "/r1/XA/GOV/200/registry/echo"
SECOND = ServerId(TELLS.member, "second")


@pytest.fixture
def peer() -> Iterator[Provider]:
    """A program that plays another server."""
    made = Provider()
    yield made
    made.close()


def ask_it(exchange: Exchange, address: str, react: Reaction, peer: Provider) -> str:
    """Have a message go to `address`, where `peer` reacts; return the fault."""
    peer.react = react
    exchange.asking.snapshot = replace(exchange.asking.snapshot, addresses={TELLING_SERVER: address})
    return exchange.ask("POST", ECHO, body=b"abc").fault


def beside(exchange: Exchange, address: str, *, first_in_maintenance: bool = False) -> None:
    """Have a second server at `address` carry the provider's messages, too."""
    asking, telling = exchange.directory.servers
    second = Server(SECOND, address, frozenset({TELLS}))
    telling = replace(telling, in_maintenance=first_in_maintenance)
    directory = replace(exchange.directory, servers=(asking, telling, second))
    exchange.asking.snapshot = replace(exchange.asking.snapshot, directory=directory)


def replying(change: dict[str, str], body: bytes = b"secret") -> Reaction:
    """Return a reaction of a server that answers properly but for what `change` says."""

    def react(handler: BaseHTTPRequestHandler, asked: Asked) -> None:
        size = int.from_bytes(asked.body[:4], "big")
        block, sent = asked.body[4 : 4 + size], asked.body[4 + size :]
        request = rest.request_parsed(block)
        hashed = request_hash(block, body_hash(sent))
        response = rest.response_made(request, 200, b"OK", (), request_hash=change.get("hash", hashed)).block
        for name, value in change.items():
            if name != "hash":
                line = next(each for each in response.split(b"\r\n") if each.startswith(name.encode()))
                response = response.replace(line, f"{name}:{value}".encode())
        whole = pack(">I", len(response)) + response + body
        handler.send_response(200)
        handler.send_header("Content-Type", "application/x-flagstone-plain")
        handler.send_header("Content-Length", str(len(whole)))
        handler.end_headers()
        handler.wfile.write(whole)

    return react


def test_a_proper_answer_of_another_program_is_taken(exchange: Exchange, peer: Provider) -> None:
    assert ask_it(exchange, peer.address, replying({}), peer) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"hash": "aGFzaA=="},
        {"x-road-id": "other"},
        {"x-road-client": "XA/GOV/100/portal"},
        {"x-road-service": "XA/GOV/200/registry/open"},
        {"x-road-request-id": "7c5ee43c-4b6a-4cc8-9dcd-4c6b4e5ffb7b"},
    ],
)
def test_an_answer_to_something_else_is_inconsistent_and_not_shown(
    exchange: Exchange, peer: Provider, change: dict[str, str]
) -> None:
    exchange.asking.snapshot = replace(exchange.asking.snapshot, addresses={TELLING_SERVER: peer.address})
    peer.react = replying(change, b"secret" * 50_000)
    got = exchange.ask("POST", ECHO, body=b"abc")
    assert got.fault == "server.clientproxy.inconsistent_response"
    assert b"secret" not in got.body
    assert ended(exchange.asking, Side.CONSUMER)[-1].fault == got.fault


def answering(status: int, kind: str, body: bytes) -> Reaction:
    def react(handler: BaseHTTPRequestHandler, _: Asked) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return react


PLAIN = "application/x-flagstone-plain"
NONSENSE = "service_failed.invalid_response"


@pytest.mark.parametrize(
    ("status", "kind", "body", "fault"),
    [
        (200, "text/html", b"<html>", "invalid_content_type"),
        (404, "text/html", b"<html>", "invalid_content_type"),
        (500, PLAIN, b"", "invalid_content_type"),
        (200, PLAIN, b"", "missing_rest"),
        (200, PLAIN, pack(">I", 10) + b"abc", "missing_rest"),
        (200, PLAIN, pack(">I", 3) + b"abc", NONSENSE),
        (200, PLAIN, pack(">I", 1 << 31), "invalid_rest"),
        (500, "application/json", b"{", NONSENSE),
        (500, "application/json", b"[" * 10_000, NONSENSE),
        (500, "application/json", b"[]", NONSENSE),
        (
            500,
            "application/json",
            b'{"type":"a b","message":"","detail":""}',
            NONSENSE,
        ),
        (
            500,
            "application/json",
            b'{"type":"odd","message":"","detail":""}',
            NONSENSE,
        ),
    ],
)
def test_what_is_no_message_and_no_fault_is_our_own_fault(
    exchange: Exchange, peer: Provider, status: int, kind: str, body: bytes, fault: str
) -> None:
    got = ask_it(exchange, peer.address, answering(status, kind, body), peer)
    assert got == f"server.clientproxy.{fault}"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("server.serverproxy.access_denied", 500),
        ("Server.ServerProxy.AccessDenied", 500),
        ("Client.BadRequest", 400),
        ("server.serverproxy.overloaded", 503),
        ("server.serverproxy.something_new.of_theirs", 500),
    ],
)
def test_a_peers_fault_is_passed_on_with_its_code_unchanged(
    exchange: Exchange, peer: Provider, code: str, status: int
) -> None:
    said = {"type": code, "message": "No\r\nX-Evil: 1", "detail": "d-1"}
    exchange.asking.snapshot = replace(exchange.asking.snapshot, addresses={TELLING_SERVER: peer.address})
    peer.react = answering(500, "application/json", json.dumps(said).encode())
    got = exchange.ask("GET", ECHO)
    assert (got.status, got.fault, json.loads(got.body)) == (status, code, said)


def test_another_server_is_tried_only_where_nothing_was_sent(exchange: Exchange, peer: Provider) -> None:
    with listening() as closed:
        beside(exchange, f"http://127.0.0.1:{closed.getsockname()[1]}")
        faults = {exchange.ask("POST", ECHO, body=b"x" * 100_000).fault for _ in range(8)}
    assert faults == {""}, "whichever is tried first"

    def broken(handler: BaseHTTPRequestHandler, _: Asked) -> None:
        handler.close_connection = True

    peer.react = broken
    sleep(0.7)
    beside(exchange, peer.address)
    asked = len(exchange.provider.asked)
    faults = {exchange.ask("POST", ECHO, body=b"x").fault for _ in range(12)}
    assert "server.clientproxy.io_error" in faults
    assert len(peer.asked) + len(exchange.provider.asked) - asked == 12, "never both"


def test_a_server_that_fails_is_left_alone_and_tried_again(exchange: Exchange) -> None:
    port = exchange.telling.server_port
    with listening() as closed:
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}"
        exchange.asking.snapshot = replace(exchange.asking.snapshot, addresses={TELLING_SERVER: dead})
        for _ in range(3):
            assert exchange.ask("GET", ECHO).fault == "server.clientproxy.network_error"
        assert exchange.ask("GET", ECHO).fault == "server.clientproxy.service_failed.circuit_open"
    peer = next(each for each in exchange.asking.path.status().peers if each.server == TELLING_SERVER)
    assert (peer.answers, peer.breaker, peer.address) == (False, Breaker.OPEN, dead)
    exchange.asking.snapshot = replace(
        exchange.asking.snapshot, addresses={TELLING_SERVER: f"http://127.0.0.1:{port}"}
    )
    sleep(0.35)
    assert exchange.ask("GET", ECHO).fault == ""
    peer = next(each for each in exchange.asking.path.status().peers if each.server == TELLING_SERVER)
    assert (peer.answers, peer.breaker) == (True, Breaker.CLOSED)


def test_a_slow_server_has_its_own_code(exchange: Exchange) -> None:
    with listening() as deaf:
        deaf.listen()
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        exchange.asking.snapshot = replace(exchange.asking.snapshot, addresses={TELLING_SERVER: address})
        assert exchange.ask("GET", ECHO).fault == "server.clientproxy.service_failed.timeout"


def test_a_server_in_maintenance_is_passed_over_or_named(exchange: Exchange) -> None:
    beside(exchange, f"http://127.0.0.1:{exchange.telling.server_port}", first_in_maintenance=True)
    assert exchange.ask("GET", ECHO).fault == ""
    named = {"X-Road-Security-Server": "XA/GOV/200/telling"}
    assert exchange.ask("GET", ECHO, named).fault == "server.clientproxy.maintenance_mode"


def test_a_server_that_is_itself_in_maintenance_takes_no_messages(exchange: Exchange) -> None:
    asking, telling = exchange.directory.servers
    directory = replace(exchange.directory, servers=(asking, replace(telling, in_maintenance=True)))
    exchange.telling.snapshot = replace(exchange.telling.snapshot, directory=directory)
    assert exchange.ask("GET", ECHO).fault == "server.serverproxy.maintenance_mode"


def test_an_address_beyond_this_machine_is_never_called(exchange: Exchange) -> None:
    for address in ("http://192.0.2.1:5500", "http://example.org:5500", "https://127.0.0.1:5500", "nonsense"):
        exchange.asking.snapshot = replace(exchange.asking.snapshot, addresses={TELLING_SERVER: address})
        assert exchange.ask("GET", ECHO).fault in {
            "server.clientproxy.network_error",
            "server.clientproxy.service_failed.circuit_open",
        }


def test_before_the_directory_is_here_nothing_passes(exchange: Exchange) -> None:
    def unavailable() -> Snapshot:
        raise DirectoryUnavailable

    exchange.asking.path._standings._configuration = unavailable
    assert exchange.ask("GET", ECHO).fault == "server.clientproxy.global_conf_outdated"
    assert exchange.ask("GET", "/listClients").fault == "server.clientproxy.global_conf_outdated"
    assert exchange.asking.path.status().peers == ()


def test_a_crowded_door_answers_503_with_a_code() -> None:
    bounds = PathBounds(wire=WireBounds(requests_at_once_max=1), at_peer_max=1)
    with Exchange(bounds=bounds) as small:
        codes = set()

        def react(handler: BaseHTTPRequestHandler, asked: Asked) -> None:
            got = small.ask("GET", ECHO)
            codes.add((got.status, got.fault, got.one("Retry-After")))
            handler.send_response(204)
            handler.end_headers()

        small.provider.react = react
        assert small.ask("GET", ECHO).status == 204
    assert codes == {(503, "server.clientproxy.overloaded", "1")}

# SPDX-License-Identifier: EUPL-1.2
"""Large bodies pass as streams, both ways at once, and their hashes are those of what passed."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from hashlib import sha512
from http.server import BaseHTTPRequestHandler
from time import sleep

import pytest

from flagstone.blocks.exchange.contract.log import Side
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.blocks.exchange.web.path.streams import Prefixed, Watched, held
from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.faults import BodyBroken
from flagstone.platform.http.wire.messages import Body, body_from, body_of

from .rig import Exchange, closing_connection, ended, eventually
from .system import MEBIBYTE, Asked

ECHO = "/r1/XA/GOV/200/registry/echo"
PIECE = bytes(range(256)) * 256


def pieces(count: int) -> Iterator[bytes]:
    yield from (PIECE for _ in range(count))


def test_a_body_of_unknown_length_passes_both_ways_and_is_hashed(exchange: Exchange) -> None:
    with closing_connection(exchange.asking.client_port) as connection:
        headers = {"X-Road-Client": "XA/GOV/100/asks"}
        connection.request("POST", ECHO, pieces(100), headers, encode_chunked=True)
        answer = connection.getresponse()
        body = answer.read()
    assert body == PIECE * 100
    for site, side in ((exchange.asking, Side.CONSUMER), (exchange.telling, Side.PROVIDER)):
        (end,) = ended(site, side)
        assert (end.request_bytes, end.response_bytes, end.fault) == (len(body), len(body), "")
        assert end.response_hash == b64encode(sha512(body).digest()).decode()
        head = site.log.requests[0].head
        hashed = sha512(sha512(head).digest() + sha512(body).digest()).digest()
        assert end.request_hash == answer.getheader("x-road-request-hash") == b64encode(hashed).decode()


def test_a_large_body_passes_slowly_over_connections_that_were_used_before() -> None:
    seconds = 0.012  # for each mebibyte and way: each way takes longer than a connection may rest
    whole = PIECE * 1024
    wire = WireBounds(idle_seconds_max=0.6)
    with (
        Exchange(bounds=PathBounds(wire=wire)) as exchange,
        closing_connection(exchange.asking.client_port) as connection,
    ):
        headers = {"X-Road-Client": "XA/GOV/100/asks"}
        connection.request("POST", ECHO, b"small", headers)
        assert connection.getresponse().read() == b"small"
        exchange.provider.mebibyte_seconds = seconds
        connection.request("POST", ECHO, whole, headers)
        answer, parts = connection.getresponse(), []
        while part := answer.read(MEBIBYTE):
            parts.append(part)
            sleep(seconds)
        (_, end) = ended(exchange.telling, Side.PROVIDER, 2)
    assert b"".join(parts) == whole
    assert (end.request_bytes, end.response_bytes, end.fault) == (len(whole), len(whole), "")
    assert end.response_hash == b64encode(sha512(whole).digest()).decode()
    assert exchange.provider.connections == 1, "the small body went over the same connection"


def test_an_answer_of_unknown_length_passes_as_it_comes(exchange: Exchange) -> None:
    def chunked(handler: BaseHTTPRequestHandler, _: Asked) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in (*pieces(20), b""):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    exchange.provider.react = chunked
    assert exchange.ask("GET", ECHO).body == PIECE * 20


def test_a_service_that_answers_before_it_has_read_everything_is_heard(exchange: Exchange) -> None:
    with socket.create_server(("127.0.0.1", 0)) as impatient:
        exchange.offer(url=f"http://127.0.0.1:{impatient.getsockname()[1]}")
        with closing_connection(exchange.asking.client_port) as connection:
            headers = {"X-Road-Client": "XA/GOV/100/asks", "Content-Length": str(len(PIECE) * 100)}
            connection.putrequest("POST", ECHO)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            connection.send(PIECE)
            service, _ = impatient.accept()
            with service:
                service.recv(65536)
                service.sendall(b"HTTP/1.1 413 Enough\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!")
                for piece in pieces(99):
                    connection.send(piece)
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == (413, b"no!")
    head = exchange.asking.log.requests[0].head
    hashed = sha512(sha512(head).digest() + sha512(PIECE * 100).digest()).digest()
    assert answer.getheader("x-road-request-hash") == b64encode(hashed).decode()


@pytest.mark.parametrize(
    ("framing", "part"),
    [
        (b"Content-Length: 1000000", PIECE * 3),
        (b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n" % (len(PIECE) * 3, PIECE * 3)),
    ],
)
def test_a_request_that_breaks_off_is_not_passed_on_as_whole(
    exchange: Exchange, framing: bytes, part: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", exchange.asking.client_port), 5) as sock:
        head = f"POST {ECHO} HTTP/1.1\r\nHost: x\r\nX-Road-Client: XA/GOV/100/asks\r\n"
        sock.sendall(head.encode() + framing + b"\r\n\r\n" + part)
        assert eventually(lambda: exchange.provider.begun == 1), "the service reads before all was sent"
    (end,) = ended(exchange.asking, Side.CONSUMER)
    assert end.fault in {"client.bad_request", "client.gone"}
    assert eventually(lambda: exchange.telling.path.status().under_way == 0)
    counted = exchange.telling.path.status().counts
    assert (Side.PROVIDER, "") not in counted
    assert eventually(lambda: exchange.provider.broken_off == 1), "the service can tell that it is not whole"
    assert exchange.provider.asked == []


def test_who_leaves_within_an_answer_is_not_a_failure_of_the_servers(exchange: Exchange) -> None:
    def endless(handler: BaseHTTPRequestHandler, _: Asked) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(PIECE) * 1000))
        handler.end_headers()
        for piece in pieces(1000):
            handler.wfile.write(piece)

    exchange.provider.react = endless
    with closing_connection(exchange.asking.client_port) as connection:
        connection.request("GET", ECHO, headers={"X-Road-Client": "XA/GOV/100/asks"})
        connection.getresponse().read(1000)
    for site, side in ((exchange.asking, Side.CONSUMER), (exchange.telling, Side.PROVIDER)):
        (end,) = ended(site, side)
        assert (end.status, end.fault) == (200, "client.gone")


def parts(*given: bytes) -> Body:
    async def iterate() -> AsyncIterator[bytes]:
        for part in given:
            yield part

    return body_from(iterate(), None)


def breaking() -> Body:
    async def iterate() -> AsyncIterator[bytes]:
        yield b"a"
        raise BodyBroken("cut")

    return body_from(iterate(), None)


async def read(body: Body) -> bytes:
    return b"".join([part async for part in body])


def test_small_bodies_are_held_and_others_stay_streams() -> None:
    async def run() -> None:
        assert await held(body_of(b"abc"), 10) == b"abc"
        stream = parts(b"a")
        assert await held(stream, 10) is stream
        small = body_from(parts(b"ab", b"c").__aiter__(), 3)
        assert await held(small, 10) == b"abc"

    asyncio.run(run())


def test_a_prefixed_body_is_whole() -> None:
    async def run() -> None:
        assert await read(Prefixed(b"a", parts(b"b", b"c"), None)) == b"abc"
        assert await read(Prefixed(b"", parts(b"b"), None)) == b"b"
        assert Prefixed(b"a", body_of(b"bc"), 3).at_hand() == b"abc"
        assert Prefixed(b"a", parts(b"b"), None).at_hand() is None

    asyncio.run(run())


def test_the_end_of_a_watched_body_is_told_once() -> None:
    async def run() -> None:
        told: list[BodyBroken | None] = []
        whole = Watched(parts(b"ab", b"c"), ended=told.append)
        assert whole.at_hand() is None, "nothing is taken before it can be sent"
        assert await read(whole) == b"abc"
        whole.abandon()
        assert (told, whole.whole, whole.hash.size) == ([None], True, 3)
        cut = Watched(breaking(), ended=told.append)
        with pytest.raises(BodyBroken):
            await read(cut)
        cut.close()
        left = Watched(parts(b"x"), ended=told.append)
        left.abandon()
        left.abandon()
        assert [each is not None for each in told[1:]] == [True, True]

    asyncio.run(run())


def test_an_abandoned_body_is_read_on_where_its_hash_is_needed() -> None:
    async def run() -> None:
        told: list[BodyBroken | None] = []
        drained = Watched(parts(b"ab", b"c"), ended=told.append, drained=True)
        await anext(drained)
        drained.abandon()
        await drained.over()
        assert (told, drained.hash.size, drained.whole) == ([None], 3, True)
        broken = Watched(breaking(), ended=told.append, drained=True)
        broken.abandon()
        await broken.over()
        assert not broken.whole

    asyncio.run(run())

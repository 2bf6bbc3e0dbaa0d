# SPDX-License-Identifier: EUPL-1.2
"""Calls: what is sent, what comes back, and what a server may not do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from flagstone.platform.http.wire.bounds import Timeouts, WireBounds
from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.faults import AnswerBroken, BodyBroken, BodyOversize, NoAnswer, Unreachable
from flagstone.platform.http.wire.messages import (
    Answer,
    Body,
    Incoming,
    Reply,
    RequestHead,
    body_from,
    body_of,
)

from .conftest import BOUNDS, HASTY, Runner, Site, bound, get, ok, serving, several
from .hostile import ANSWERS

POST = RequestHead(b"POST", b"/", ())
SHORT = Timeouts(connect_seconds=0.5, answer_seconds=0.3)


@asynccontextmanager
async def client(bounds: WireBounds = BOUNDS) -> AsyncIterator[WireClient]:
    made = WireClient(bounds)
    try:
        yield made
    finally:
        await made.close()
        assert made.connections == 0


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[int]:
    """Serve raw bytes: each connection is one run of `script`, closed at its end."""
    tasks = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await script(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            if task is not None:
                task.cancel()
        await asyncio.sleep(0.01)


def saying(*parts: bytes, pause_seconds: float = 0.0) -> Script:
    """Read one head, then say `parts`."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_seconds)

    return script


async def ask(
    port: int,
    head: RequestHead = POST,
    body: Body | bytes = b"",
    *,
    bounds: WireBounds = BOUNDS,
    **times: float,
) -> tuple[Reply, bytes]:
    async with client(bounds) as made:
        reply = await made.call("127.0.0.1", port, head, body, timeouts=Timeouts(**times))
        return reply, await reply.body.read(1 << 30)


@pytest.mark.parametrize("size", [0, 1, 1000, 65_536, 65_537, 300_000, 3_000_000])
@pytest.mark.parametrize("path", [b"/echo", b"/stream", b"/chunks"])
@pytest.mark.parametrize("form", ["bytes", "body", "sized", "chunked"])
def test_bodies_come_back_whole(run: Runner[None], size: int, path: bytes, form: str) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    parts = [data[at : at + 100_000] for at in range(0, size, 100_000)]

    async def main() -> None:
        async with serving(Site()) as port:
            body: Body | bytes = data
            if form == "body":
                body = body_of(data)
            elif form != "bytes":
                body = body_from(several(*parts), size if form == "sized" else None)
            reply, answer = await ask(port, RequestHead(b"POST", path, ()), body)
            assert reply.head.status == 200
            assert answer == data

    run(main())


def test_the_request_is_seen_as_it_was_given(run: Runner[None]) -> None:
    given = ((b"hOST", b"a.example"), (b"B", b"1"), (b"b", "ä".encode()), (b"B", b"1"))
    seen: list[Incoming] = []

    async def handler(incoming: Incoming) -> Answer:
        seen.append(incoming)
        return ok(b"", (b"C", b"2"), (b"c", b"\xe4"), status=299)

    async def main() -> None:
        async with serving(handler) as port:
            reply, _ = await ask(port, RequestHead(b"PUT", b"/a%2Fb?c=d%20e", given), b"x")
            assert reply.head.status == 299
            assert reply.head.reason == b"OK"
            assert reply.head.headers == ((b"C", b"2"), (b"c", b"\xe4"), (b"Content-Length", b"0"))

    run(main())
    assert seen[0].head.target == b"/a%2Fb?c=d%20e"
    assert seen[0].head.headers == (*given, (b"Content-Length", b"1"))
    assert seen[0].peer == "127.0.0.1"


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", 200, b"old"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcJUNK", 200, b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 204 No\r\n\r\n", 204, b""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\n",
            200,
            b"abc",
        ),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b""),
        (b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, b""),
    ],
)
def test_answers_of_other_servers_are_understood(
    run: Runner[None], raw: bytes, status: int, body: bytes
) -> None:
    async def main() -> None:
        for parts in ([raw], [bytes([byte]) for byte in raw]):
            async with scripted(saying(*parts)) as port:
                reply, answer = await ask(port)
                assert (reply.head.status, answer) == (status, body)

    run(main())


@pytest.mark.parametrize("raw", ANSWERS.values(), ids=ANSWERS)
def test_hostile_answers_are_refused(run: Runner[None], raw: bytes) -> None:
    async def main() -> None:
        async with scripted(saying(raw)) as port:
            with pytest.raises(AnswerBroken):
                await ask(port)

    run(main())


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    ],
)
def test_a_body_that_breaks_is_seen_to_be_broken(run: Runner[None], raw: bytes) -> None:
    async def main() -> None:
        async with scripted(saying(raw)) as port:
            with pytest.raises(BodyBroken):
                await ask(port)

    run(main())


def test_a_body_above_the_bound_is_refused(run: Runner[None]) -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\nabc\r\n"

    async def main() -> None:
        async with scripted(saying(raw)) as port:
            with pytest.raises(BodyOversize):
                await ask(port)

    run(main())


def test_nobody_there(run: Runner[None]) -> None:
    with bound() as nobody:

        async def main() -> None:
            with pytest.raises(Unreachable):
                await ask(nobody.getsockname()[1])

        run(main())


def test_no_answer_in_time(run: Runner[None]) -> None:
    async def main() -> None:
        for parts in ([], [b"HTTP/1.1 200"]):
            async with scripted(saying(*parts, b"", pause_seconds=2.0)) as port:
                with pytest.raises(NoAnswer):
                    await ask(port, answer_seconds=0.2)

    run(main())


def test_no_answer_but_an_end(run: Runner[None]) -> None:
    async def main() -> None:
        for parts in ([], [b"HTTP/1.1 200"]):
            async with scripted(saying(*parts)) as port:
                with pytest.raises(NoAnswer):
                    await ask(port)

    run(main())


def test_a_slow_answer_body_is_given_up(run: Runner[None]) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"

    async def main() -> None:
        async with scripted(saying(raw, *[b"a"] * 20, pause_seconds=0.15)) as port:
            with pytest.raises(BodyBroken):
                await ask(port, bounds=HASTY)

    run(main())


def test_an_answer_body_that_nobody_reads_is_given_up(run: Runner[None]) -> None:
    async def main() -> None:
        async with serving(Site()) as port, client(HASTY) as made:
            reply = await made.call("127.0.0.1", port, get(b"/large"), b"")
            await asyncio.sleep(1.5)
            assert made.connections == 0
            with pytest.raises(BodyBroken):
                await reply.body.read(1 << 30)

    run(main())


def test_an_abandoned_answer_closes_its_connection(run: Runner[None]) -> None:
    async def main() -> None:
        async with serving(Site()) as port, client() as made:
            reply = await made.call("127.0.0.1", port, get(b"/large"), b"")
            assert await anext(reply.body)
            reply.body.abandon()
            await asyncio.sleep(0.05)
            assert made.connections == 0
            with pytest.raises(BodyBroken):
                await reply.body.read(1)

    run(main())


def test_a_cancelled_call_closes_its_connection_and_cancels_the_handler(run: Runner[None]) -> None:
    site = Site()

    async def main() -> None:
        async with serving(site) as port, client() as made:
            task = asyncio.create_task(made.call("127.0.0.1", port, get(b"/wait"), b""))
            while "begun" not in site.noticed:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while "cancelled" not in site.noticed:
                await asyncio.sleep(0.01)
            assert made.connections == 0

    run(main())


def test_an_early_answer_is_read_and_the_body_no_longer_sent(run: Runner[None]) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield bytes(65_536)
            await asyncio.sleep(0)

    async def main() -> None:
        async with serving(Site()) as port:
            reply, answer = await ask(port, RequestHead(b"POST", b"/early", ()), body_from(endless(), None))
            assert (reply.head.status, answer) == (403, b"enough")

    run(main())
    assert sent < 30_000_000


def test_a_request_body_that_breaks_is_told_to_both_sides(run: Runner[None]) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"some"
        raise BodyBroken("cut")

    seen: list[str] = []

    async def handler(incoming: Incoming) -> Answer:
        try:
            return ok(await incoming.body.read(100))
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main() -> None:
        async with serving(handler) as port:
            with pytest.raises(BodyBroken, match="cut"):
                await ask(port, POST, body_from(broken(), None))
            with pytest.raises(BodyBroken, match="cut"):
                await ask(port, POST, body_from(broken(), 100))

    run(main())
    assert seen == ["cancelled", "cancelled"]


@pytest.mark.parametrize("declared", [3, 5])
def test_a_request_body_of_another_length_than_declared_is_not_sent_as_whole(
    run: Runner[None], declared: int
) -> None:
    async def main() -> None:
        async with serving(Site()) as port:
            with pytest.raises(ValueError, match="declared"):
                await ask(port, POST, body_from(several(b"ab", b"cd"), declared))

    run(main())


def test_both_ways_at_once(run: Runner[None]) -> None:
    """What was said is heard before the next thing is said."""

    async def main() -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        async def talk() -> AsyncIterator[bytes]:
            for number in range(20):
                yield b"%d" % number
                assert await heard.get() == b"%d" % number

        async with serving(Site()) as port, client() as made:
            head = RequestHead(b"POST", b"/chunks", ())
            reply = await made.call("127.0.0.1", port, head, body_from(talk(), None))
            async for part in reply.body:
                heard.put_nowait(part)
            assert heard.empty()

    run(main())


def test_the_answer_to_head_has_a_length_but_no_body(run: Runner[None]) -> None:
    async def main() -> None:
        async with serving(Site()) as port:
            reply, answer = await ask(port, get(b"/peer", method=b"HEAD"))
            assert (reply.body.length, answer) == (11, b"")

    run(main())


def test_a_closed_client_calls_nobody(run: Runner[None]) -> None:
    async def main() -> None:
        made = WireClient(BOUNDS)
        await made.close()
        with pytest.raises(Unreachable):
            await made.call("127.0.0.1", 1, POST, b"", timeouts=SHORT)

    run(main())

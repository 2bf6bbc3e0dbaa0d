# SPDX-License-Identifier: EUPL-1.2
"""Connections of a client: reused, renewed when stale, never more than allowed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from flagstone.platform.http.wire.bounds import Timeouts, WireBounds
from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.faults import NoAnswer, Unreachable
from flagstone.platform.http.wire.messages import RequestHead, body_from

from .conftest import BOUNDS, HASTY, Loops, Runner, Site, get, served, serving, several
from .test_client import client, scripted

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
WIDE = replace(BOUNDS, requests_at_once_max=1000, connections_max=1000)


async def ask(
    made: WireClient, port: int, target: bytes = b"/", body: bytes = b"", method: bytes = b"GET"
) -> bytes:
    reply = await made.call("127.0.0.1", port, RequestHead(method, target, ()), body)
    return await reply.body.read(1 << 20)


def test_a_connection_is_reused(run: Runner[None]) -> None:
    connections = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)

    async def main() -> None:
        async with scripted(script) as port, client() as made:
            for _ in range(20):
                assert await ask(made, port) == b"a"
            assert made.connections == 1

    run(main())
    assert connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
    ],
    ids=["close", "old", "more than was asked"],
)
def test_a_connection_is_not_reused_after(run: Runner[None], answer: bytes) -> None:
    connections = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)

    async def main() -> None:
        async with scripted(script) as port, client() as made:
            for _ in range(3):
                assert await ask(made, port) == b"a"

    run(main())
    assert connections == 3


def test_junk_on_an_idle_connection_closes_it(run: Runner[None]) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")
        await asyncio.sleep(1)

    async def main() -> None:
        async with scripted(script) as port, client() as made:
            assert await ask(made, port) == b"a"
            await asyncio.sleep(0.2)
            assert made.connections == 0
            assert await ask(made, port) == b"a"

    run(main())


def closing_after(answers: int) -> tuple[list[int], object]:
    """Return a script that answers so many requests of a connection and cuts it at the next one."""
    requests: list[int] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(answers):
            await reader.readuntil(b"\r\n\r\n")
            requests.append(1)
            writer.write(ANSWER)
        await reader.readuntil(b"\r\n\r\n")
        requests.append(0)

    return requests, script


def test_a_request_on_a_stale_connection_is_sent_again_only_when_that_does_no_harm(run: Runner[None]) -> None:
    async def main() -> None:
        for method, body, again in [
            (b"GET", b"", True),
            (b"PUT", b"x", True),
            (b"DELETE", b"", True),
            (b"POST", b"x", False),
            (b"PATCH", b"x", False),
        ]:
            requests, script = closing_after(1)
            async with scripted(script) as port, client() as made:  # type: ignore[arg-type]
                assert await ask(made, port) == b"a"
                if again:
                    assert await ask(made, port, body=body, method=method) == b"a"
                else:
                    with pytest.raises(NoAnswer):
                        await ask(made, port, body=body, method=method)
            assert requests == [1, 0, 1][: 3 if again else 2]

    run(main())


def test_a_request_on_a_new_connection_is_never_sent_again(run: Runner[None]) -> None:
    async def main() -> None:
        requests, script = closing_after(0)
        async with scripted(script) as port, client() as made:  # type: ignore[arg-type]
            with pytest.raises(NoAnswer):
                await ask(made, port)
        assert requests == [0]

    run(main())


def test_a_body_that_cannot_be_had_again_is_not_sent_again(run: Runner[None]) -> None:
    async def main() -> None:
        requests, script = closing_after(1)
        async with scripted(script) as port, client() as made:  # type: ignore[arg-type]
            assert await ask(made, port) == b"a"
            head = RequestHead(b"PUT", b"/", ())
            with pytest.raises(NoAnswer):
                await made.call("127.0.0.1", port, head, body_from(several(b"x"), 1))
        assert requests == [1, 0]

    run(main())


def test_a_connection_that_the_server_closed_is_not_used(run: Runner[None]) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)

    async def main() -> None:
        async with scripted(script) as port, client() as made:
            for _ in range(10):
                assert await ask(made, port, method=b"POST", body=b"") == b"a"
                await asyncio.sleep(0.02)

    run(main())


def test_a_connection_that_was_closed_while_the_loop_was_busy_is_not_used(
    run: Runner[None], loops: Loops
) -> None:
    async def main(port: int) -> None:
        async with client(WIDE) as made:
            for _ in range(2):
                assert await ask(made, port, b"/echo", b"a", b"POST") == b"a"
                time.sleep(0.8)

    with served(HASTY, loops=loops) as site:
        run(main(site.port))


def test_an_idle_connection_is_closed_after_its_time(run: Runner[None]) -> None:
    async def main() -> None:
        async with serving(Site(), WIDE) as port, client(replace(BOUNDS, idle_seconds_max=0.1)) as made:
            await ask(made, port)
            assert made.connections == 1
            await asyncio.sleep(0.3)
            assert made.connections == 0

    run(main())


@pytest.mark.parametrize("most", [{"connections_per_peer_max": 3}, {"connections_max": 3}])
def test_callers_wait_for_a_connection(run: Runner[None], most: dict[str, int]) -> None:
    highest = 0

    async def main() -> None:
        async with serving(Site(), WIDE) as port, client(replace(WIDE, **most)) as made:

            async def one() -> None:
                nonlocal highest
                assert await ask(made, port, b"/echo", b"abc", b"POST") == b"abc"
                highest = max(highest, made.connections)

            await asyncio.gather(*[one() for _ in range(200)])

    run(main())
    assert highest == 3


def test_callers_do_not_wait_for_ever(run: Runner[None]) -> None:
    site = Site()

    async def main() -> None:
        async with serving(site, WIDE) as port, client(replace(WIDE, connections_per_peer_max=1)) as made:
            first = asyncio.create_task(ask(made, port, b"/wait"))
            while "begun" not in site.noticed:
                await asyncio.sleep(0.01)
            with pytest.raises(Unreachable):
                await made.call("127.0.0.1", port, get(), b"", timeouts=Timeouts(connect_seconds=0.1))
            assert site.released is not None
            site.released.set()
            assert await first == b"waited"
            assert await ask(made, port, b"/echo", b"b", b"POST") == b"b"

    run(main())


def test_a_cancelled_waiter_leaves_its_place_to_the_next(run: Runner[None]) -> None:
    async def main() -> None:
        async with serving(Site(), WIDE) as port, client(replace(WIDE, connections_per_peer_max=1)) as made:
            tasks = [asyncio.create_task(ask(made, port, b"/pause")) for _ in range(4)]
            await asyncio.sleep(0.1)
            tasks[1].cancel()
            tasks[2].cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert [result for result in results if isinstance(result, bytes)] == [b"paused", b"paused"]
            assert made.connections == 1

    run(main())


def test_an_idle_connection_makes_room_for_another_peer(run: Runner[None]) -> None:
    async def main() -> None:
        one_at_a_time = replace(WIDE, connections_max=1)
        async with (
            serving(Site(), WIDE) as port,
            serving(Site(), WIDE) as other,
            client(one_at_a_time) as made,
        ):
            for each in (port, other, port, other):
                assert await ask(made, each, b"/echo", b"c", b"POST") == b"c"
                assert made.connections == 1
            both = [ask(made, each, b"/pause") for each in (port, other, port, other)]
            assert await asyncio.gather(*both) == [b"paused"] * 4

    run(main())


def test_a_crowd_is_served_and_nothing_is_mixed_up(run: Runner[None]) -> None:
    async def main() -> None:
        async with serving(Site(), WIDE) as port, client(WireBounds(connections_per_peer_max=64)) as made:

            async def one(number: int) -> None:
                body = b"%d " % number * (number % 50)
                target = (b"/echo", b"/stream", b"/chunks")[number % 3]
                assert await ask(made, port, target, body, b"POST") == body

            await asyncio.gather(*[one(number) for number in range(600)])

    run(main())

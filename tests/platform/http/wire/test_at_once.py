# SPDX-License-Identifier: EUPL-1.2
"""A handler that answers at once, without a task: order, ends and bounds are those of all others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import replace

from flagstone.platform.http.wire.messages import Answer, Incoming

from .conftest import BOUNDS, HASTY, Runner, ok, serving

CLOSE = b"Connection: close\r\n"
LARGE = bytes(1024 * 1024)


def at_once(incoming: Incoming) -> Answer | Awaitable[Answer]:
    """Echo what is here already; do as the address says."""
    path = incoming.head.target
    if path == b"/fail":
        raise LookupError("secret")
    if path == b"/bad-header":
        return ok(b"x", (b"A", b"b\r\nC: d"))
    if path == b"/nothing":
        return ok(b"", status=204)
    if path == b"/large":
        return ok(LARGE)
    whole = incoming.body.at_hand()
    return late(incoming) if whole is None else ok(whole or b"empty")


async def late(incoming: Incoming) -> Answer:
    return ok(b"late " + await incoming.body.read(1 << 30))


def request(path: bytes, headers: bytes = b"", *, method: bytes = b"GET", body: bytes = b"") -> bytes:
    if body:
        headers += b"Content-Length: %d\r\n" % len(body)
    return b"%b %b HTTP/1.1\r\nHost: x\r\n%b\r\n%b" % (method, path, headers, body)


def statuses(answers: bytes) -> list[int]:
    return [int(each) for each in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answers)]


async def told(*parts: bytes) -> bytes:
    """Send `parts` one after the other, and return all that comes back until the server closes."""
    async with serving(at_once) as port:
        reading, writing = await asyncio.open_connection("127.0.0.1", port)
        for part in parts:
            writing.write(part)
            await writing.drain()
            await asyncio.sleep(0.01)
        found = await reading.read()
        writing.close()
        await writing.wait_closed()
        return found


def test_requests_in_a_row_are_answered_in_order_at_once_or_late(run: Runner[bytes]) -> None:
    slow = request(b"/", b"Transfer-Encoding: chunked\r\n", method=b"POST")
    found = run(
        told(
            request(b"/", body=b"one", method=b"POST") + request(b"/nothing") + slow,
            b"3\r\ntwo\r\n0\r\n\r\n" + request(b"/") + request(b"/", CLOSE, body=b"four", method=b"POST"),
        )
    )
    assert statuses(found) == [200, 204, 200, 200, 200]
    ends = [found.index(each) for each in (b"one", b" 204 ", b"late two", b"empty", b"four")]
    assert ends == sorted(ends)
    assert found.count(b"Connection: close\r\n") == 1


def test_very_many_in_a_row_need_no_deep_stack(run: Runner[bytes]) -> None:
    many = 5_000
    found = run(told(request(b"/") * (many - 1) + request(b"/", CLOSE)))
    assert statuses(found) == [200] * many


def test_failures_are_answered_without_their_secrets(run: Runner[bytes]) -> None:
    found = run(told(request(b"/fail") + request(b"/bad-header") + request(b"/", CLOSE)))
    assert statuses(found) == [500, 500, 200]
    assert b"secret" not in found
    assert b"C: d" not in found


def test_heads_have_no_body(run: Runner[bytes]) -> None:
    found = run(told(request(b"/", method=b"HEAD") + request(b"/nothing", CLOSE, method=b"HEAD")))
    assert statuses(found) == [200, 204]
    assert b"Content-Length: 5\r\n" in found
    assert b"empty" not in found


def test_a_client_that_takes_nothing_is_waited_for_and_cut_off(run: Runner[object]) -> None:
    answered = 0

    def counting(incoming: Incoming) -> Answer | Awaitable[Answer]:
        nonlocal answered
        answered += 1
        return at_once(incoming)

    async def deaf() -> None:
        async with serving(counting, HASTY) as port:
            reading, writing = await asyncio.open_connection("127.0.0.1", port)
            reading._transport.pause_reading()  # type: ignore[attr-defined]
            writing.write(request(b"/large") * 500)
            while writing.transport.get_write_buffer_size() or not answered:
                await asyncio.sleep(0.05)
            await asyncio.sleep(3 * HASTY.write_seconds_max)
            assert answered < 100  # what the two sockets hold, and a little more
            writing.transport.abort()

    run(deaf())


def test_the_share_of_a_connection_is_kept(run: Runner[object]) -> None:
    async def several() -> None:
        async with serving(at_once, replace(BOUNDS, requests_per_connection_max=3)) as port:
            reading, writing = await asyncio.open_connection("127.0.0.1", port)
            writing.write(request(b"/") * 5)
            assert statuses(await reading.read()) == [200, 200, 200]
            writing.close()

    run(several())

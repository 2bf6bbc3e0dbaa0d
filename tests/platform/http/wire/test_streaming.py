# SPDX-License-Identifier: EUPL-1.2
"""Large bodies through two ends and a hop between them: nothing lost, little remembered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.messages import Answer, Body, Incoming, RequestHead, body_from

from .conftest import Runner, ok, serving
from .test_client import client

PART = bytes(range(256)) * 256
BOUNDS = WireBounds()
GROWTH_MEGABYTES_MAX = 16.0


def peak_megabytes() -> float:
    """Return the largest size that this process had since `forget_peak`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")


def forget_peak() -> float:
    Path("/proc/self/clear_refs").write_text("5")
    return peak_megabytes()


class Far:
    """A provider that takes and gives `parts` parts."""

    def __init__(self, parts: int) -> None:
        self.parts = parts
        self.taken = 0

    async def __call__(self, incoming: Incoming) -> Answer:
        if incoming.head.method == b"GET":
            return ok(body_from(self.given(), None))
        digest = hashlib.sha256()
        async for part in incoming.body:
            digest.update(part)
            self.taken += len(part)
        return ok(digest.hexdigest().encode())

    async def given(self) -> AsyncIterator[bytes]:
        for _ in range(self.parts):
            yield PART


class Hop:
    """Passes each request on."""

    def __init__(self, made: WireClient, port: int) -> None:
        self.made, self.port = made, port

    async def __call__(self, incoming: Incoming) -> Answer:
        reply = await self.made.call("127.0.0.1", self.port, incoming.head, incoming.body)
        return Answer(reply.head, reply.body)


async def through(far: Far, head: RequestHead, body: Body | bytes) -> tuple[str, int]:
    """Send one request through a hop; return the digest of the answer and its size."""
    digest, size = hashlib.sha256(), 0
    async with (
        serving(far, BOUNDS) as port,
        client(BOUNDS) as onward,
        serving(Hop(onward, port), BOUNDS) as near,
        client(BOUNDS) as made,
    ):
        reply = await made.call("127.0.0.1", near, head, body)
        assert reply.head.status == 200
        async for part in reply.body:
            digest.update(part)
            size += len(part)
    return (digest.hexdigest() if size > 64 else ""), size


@pytest.mark.parametrize("length", ["declared", "chunked"])
def test_256_megabytes_up_are_passed_on_and_not_kept(run: Runner[None], length: str) -> None:
    far = Far(4096)
    size = far.parts * len(PART)

    async def main() -> None:
        before = forget_peak()
        body = body_from(far.given(), size if length == "declared" else None)
        await through(far, RequestHead(b"POST", b"/", ()), body)
        assert peak_megabytes() - before < GROWTH_MEGABYTES_MAX

    run(main())
    assert far.taken == size


def test_256_megabytes_down_are_passed_on_and_not_kept(run: Runner[None]) -> None:
    far = Far(4096)

    async def main() -> None:
        before = forget_peak()
        digest, size = await through(far, RequestHead(b"GET", b"/", ()), b"")
        assert peak_megabytes() - before < GROWTH_MEGABYTES_MAX
        assert size == far.parts * len(PART)
        expected = hashlib.sha256()
        for _ in range(far.parts):
            expected.update(PART)
        assert digest == expected.hexdigest()

    run(main())


def test_a_slow_reader_slows_the_giver(run: Runner[None]) -> None:
    """What waits between the two ends is bounded, whatever the size of the body."""
    given = 0

    async def giving(_: Incoming) -> Answer:
        async def parts() -> AsyncIterator[bytes]:
            nonlocal given
            for _ in range(2000):
                given += len(PART)
                yield PART

        return ok(body_from(parts(), None))

    async def main() -> None:
        async with serving(giving, BOUNDS) as port, client(BOUNDS) as made:
            reply = await made.call("127.0.0.1", port, RequestHead(b"GET", b"/", ()), b"")
            assert await anext(reply.body)
            await asyncio.sleep(0.3)
            assert given < 20_000_000  # our bounds, and what the kernel holds of a loopback connection
            assert await reply.body.discard(1 << 30)

    run(main())
    assert given == 2000 * len(PART)


def test_a_slow_taker_slows_the_sender(run: Runner[None]) -> None:
    given = 0
    go_on = asyncio.Event()

    async def taking(incoming: Incoming) -> Answer:
        assert await anext(incoming.body)
        await go_on.wait()
        assert await incoming.body.discard(1 << 30)
        return ok(b"done")

    async def parts() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(2000):
            given += len(PART)
            yield PART

    async def main() -> None:
        async with serving(taking, BOUNDS) as port, client(BOUNDS) as made:
            head = RequestHead(b"POST", b"/", ())
            task = asyncio.create_task(made.call("127.0.0.1", port, head, body_from(parts(), None)))
            await asyncio.sleep(0.3)
            assert given < 20_000_000
            go_on.set()
            assert await (await task).body.read(10) == b"done"

    run(main())
    assert given == 2000 * len(PART)

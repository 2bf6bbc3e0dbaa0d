# SPDX-License-Identifier: EUPL-1.2
"""A body that takes its time is no idle connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from flagstone.platform.http.wire.messages import Answer, Incoming, body_from

from .conftest import BOUNDS, Runner, ok, serving
from .test_client import POST, client


def test_a_body_may_take_longer_to_send_than_a_connection_may_rest(run: Runner[None]) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(8):
            await asyncio.sleep(0.15)
            yield b"x" * 1024

    async def count(incoming: Incoming) -> Answer:
        return ok(str(len(await incoming.body.read(1 << 20))).encode())

    async def main() -> None:
        async with serving(count) as port, client(replace(BOUNDS, idle_seconds_max=0.3)) as made:
            for body in (b"first", body_from(slowly(), 8 * 1024)):
                reply = await made.call("127.0.0.1", port, POST, body)
                answer = await reply.body.read(100)
            assert answer == b"8192"
            assert made.connections == 1  # the second went over the connection of the first

    run(main())

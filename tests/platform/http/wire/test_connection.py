# SPDX-License-Identifier: EUPL-1.2
"""Bodies that arrive, and the timer that is moved often."""

from __future__ import annotations

import asyncio

import pytest

from flagstone.platform.http.wire.connection import ReceivedBody, Watch
from flagstone.platform.http.wire.faults import BodyBroken

from .conftest import Runner


class Feeder:
    def __init__(self) -> None:
        self.wanted = self.abandoned = 0

    def body_wanted(self) -> None:
        self.wanted += 1

    def body_abandoned(self) -> None:
        self.abandoned += 1


def arriving() -> tuple[ReceivedBody, Feeder]:
    feeder = Feeder()
    return ReceivedBody(None, feeder, asyncio.get_running_loop()), feeder


def test_parts_arrive_in_order(run: Runner[None]) -> None:
    async def main() -> None:
        body, feeder = arriving()
        body.give(b"a")
        reading = asyncio.create_task(body.read(10))
        await asyncio.sleep(0)
        assert feeder.wanted
        body.give(b"b")
        assert body.at_hand() is None
        body.end()
        assert await reading == b"ab"
        assert (body.taken, body.waiting) == (2, 0)
        assert body.at_hand() == b""

    run(main())


def test_a_whole_body_is_at_hand(run: Runner[None]) -> None:
    async def main() -> None:
        body, feeder = arriving()
        body.give(b"a")
        body.give(b"b")
        body.end()
        assert body.at_hand() == b"ab"
        assert [part async for part in body] == []
        body.fail(BodyBroken("too late"))
        body.abandon()
        assert [part async for part in body] == []
        assert not feeder.abandoned

    run(main())


def test_a_broken_body_gives_nothing_more(run: Runner[None]) -> None:
    async def main() -> None:
        body, _ = arriving()
        body.give(b"a")
        body.fail(BodyBroken("first"))
        body.fail(BodyBroken("second"))
        body.end()
        assert body.at_hand() is None
        for _ in range(2):
            with pytest.raises(BodyBroken, match="first"):
                await anext(body)

    run(main())


def test_a_waiting_reader_is_told_of_the_break(run: Runner[None]) -> None:
    async def main() -> None:
        body, _ = arriving()
        reading = asyncio.create_task(body.discard(10))
        await asyncio.sleep(0)
        body.fail(BodyBroken("cut"))
        assert await reading is False

    run(main())


@pytest.mark.parametrize("ended", [False, True])
def test_an_abandoned_body_does_not_pass_for_a_whole_one(run: Runner[None], *, ended: bool) -> None:
    async def main() -> None:
        body, feeder = arriving()
        body.give(b"a")
        if ended:
            body.end()
        body.abandon()
        body.abandon()
        body.give(b"b")
        body.end()
        assert feeder.abandoned == (0 if ended else 1)
        assert body.waiting == 0
        assert body.at_hand() is None
        with pytest.raises(BodyBroken):
            await body.read(10)

    run(main())


def test_a_watch_rings_once_and_at_its_last_time(run: Runner[None]) -> None:
    async def main() -> None:
        rings: list[float] = []
        loop = asyncio.get_running_loop()
        began = loop.time()
        watch = Watch(loop, lambda: rings.append(loop.time() - began))
        watch.set(0.05)
        watch.set(0.15)
        await asyncio.sleep(0.1)
        assert not rings
        await asyncio.sleep(0.15)
        assert len(rings) == 1
        assert 0.14 < rings[0] < 0.25

    run(main())


def test_a_watch_can_be_brought_forward_cleared_and_ended(run: Runner[None]) -> None:
    async def main() -> None:
        rings: list[int] = []
        watch = Watch(asyncio.get_running_loop(), lambda: rings.append(1))
        watch.set(5)
        watch.set(0.02)
        await asyncio.sleep(0.06)
        assert len(rings) == 1
        watch.set(0.02)
        watch.clear()
        await asyncio.sleep(0.06)
        watch.set(0.02)
        await asyncio.sleep(0.06)
        assert len(rings) == 2
        watch.set(0.02)
        watch.end()
        await asyncio.sleep(0.06)
        assert len(rings) == 2

    run(main())

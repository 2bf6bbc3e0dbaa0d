# SPDX-License-Identifier: EUPL-1.2
"""Bodies on their way through: hashed while they pass, and never held beyond a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from flagstone.blocks.exchange.model.hashing import BodyHash
from flagstone.platform.http.wire.faults import BodyBroken
from flagstone.platform.http.wire.messages import Body


async def held(body: Body, bytes_max: int) -> bytes | Body:
    """Return the body's bytes when it is here already or declared to be small, else the body itself.

    Raises BodyBroken.
    """
    whole = body.at_hand()
    if whole is not None:
        return whole
    if body.length is not None and body.length <= bytes_max:
        return await body.read(bytes_max)
    return body


async def begun(body: Body, least: int) -> bytes:
    """Return at least `least` bytes of `body`, or all there are; BodyBroken."""
    parts: list[bytes] = []
    size = 0
    while size < least:
        part = await anext(body, b"")
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


async def gathered(body: bytes | Body, bytes_max: int) -> bytes | Body:
    """Return the body's bytes when there are no more than `bytes_max`, else a body that still has them all.

    Raises BodyBroken.
    """
    if isinstance(body, bytes):
        return body
    first = await begun(body, bytes_max + 1)
    return first if len(first) <= bytes_max else Prefixed(first, body, body.length)


class Prefixed(Body):
    """A body whose first bytes were read already."""

    __slots__ = ("_first", "_rest")

    def __init__(self, first: bytes, rest: Body, length: int | None) -> None:
        super().__init__(length)
        self._first = first
        self._rest = rest

    async def __anext__(self) -> bytes:
        """Return the first bytes, then the parts of the rest."""
        if self._first:
            first, self._first = self._first, b""
            return first
        return await anext(self._rest)

    def at_hand(self) -> bytes | None:
        """Return all that is left when the rest is here, too."""
        rest = self._rest.at_hand()
        if rest is None:
            return None
        first, self._first = self._first, b""
        return first + rest

    def abandon(self) -> None:
        """Abandon the rest."""
        self._rest.abandon()


class Watched(Body):
    """A body that is hashed while it passes; `ended` is told once when it is over, None or why it broke.

    With `drained` a body that its reader abandons is read on to its end, so that its hash is known. It is
    never at hand: nothing of it is taken before there is a connection for it.
    """

    __slots__ = ("_drain", "_ended", "_inner", "_over", "_task", "hash", "unread", "whole")

    def __init__(
        self, inner: Body, *, ended: Callable[[BodyBroken | None], None], drained: bool = False
    ) -> None:
        super().__init__(inner.length)
        self._inner = inner
        self._ended = ended
        self._drain = drained
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.hash = BodyHash()
        self.whole = False
        self.unread = False  # given up by its reader

    async def __anext__(self) -> bytes:
        """Return the next part."""
        try:
            part = await anext(self._inner)
        except StopAsyncIteration:
            self._finish(None)
            raise
        except BodyBroken as broken:
            self._finish(broken)
            raise
        self.hash.add(part)
        return part

    def abandon(self) -> None:
        """Read to the end in the background, or abandon the body that is watched."""
        if self._over.is_set() or self._task is not None:
            return
        if self._drain:
            self._task = asyncio.get_running_loop().create_task(self._read_on())
        else:
            self.close()

    async def over(self) -> None:
        """Wait until the body is over."""
        await self._over.wait()

    def close(self) -> None:
        """Give the body up for good."""
        if self._task is not None:
            self._task.cancel()
        if not self._over.is_set():
            self.unread = True
            self._inner.abandon()
            self._finish(BodyBroken("Nobody reads it."))

    async def _read_on(self) -> None:
        try:
            async for _ in self:
                pass
        except BodyBroken:
            return

    def _finish(self, broken: BodyBroken | None) -> None:
        if not self._over.is_set():
            self.whole = broken is None
            self._over.set()
            self._ended(broken)

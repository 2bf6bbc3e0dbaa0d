# SPDX-License-Identifier: EUPL-1.2
"""What both ends of a connection share: received bodies, flow control both ways, and timers."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.faults import BodyBroken
from flagstone.platform.http.wire.inbox import Inbox
from flagstone.platform.http.wire.messages import Body

_NEVER = float("inf")


class Feeder(Protocol):
    """Who fills a received body."""

    def body_wanted(self) -> None:
        """Somebody waits for the next part, or has room for more."""

    def body_abandoned(self) -> None:
        """Nobody reads on."""


class ReceivedBody(Body):
    """A body that arrives: filled by a connection, read by whoever serves the message."""

    __slots__ = ("_ended", "_fault", "_feeder", "_loop", "_parts", "_waiter", "abandoned", "taken", "waiting")

    def __init__(self, length: int | None, feeder: Feeder, loop: asyncio.AbstractEventLoop) -> None:
        self.length = length
        self._feeder = feeder
        self._loop = loop
        self._parts: deque[bytes] = deque()
        self._ended = False
        self._fault: BodyBroken | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.abandoned = False
        self.waiting = 0  # bytes received and not taken
        self.taken = 0  # bytes

    def give(self, part: bytes) -> None:
        """Add the next part; dropped when nobody reads on."""
        if self.abandoned:
            return
        self._parts.append(part)
        self.waiting += len(part)
        self._wake()

    def end(self) -> None:
        """Say that the body is whole."""
        if self._fault is None:
            self._ended = True
            self._wake()

    def fail(self, fault: BodyBroken) -> None:
        """Say that the body stays incomplete; what was not taken yet is dropped."""
        if not self._ended and self._fault is None:
            self._fault = fault
            self._parts.clear()
            self.waiting = 0
            self._wake()

    @property
    def open(self) -> bool:
        """Whether more may come."""
        return not self._ended and self._fault is None

    async def __anext__(self) -> bytes:
        """Return the next part; raises the `BodyBroken` that the connection met."""
        while not self._parts:
            if self._fault is not None:
                raise self._fault
            if self._ended:
                raise StopAsyncIteration
            self._waiter = self._loop.create_future()
            self._feeder.body_wanted()
            try:
                await self._waiter
            finally:
                self._waiter = None
        part = self._parts.popleft()
        self.waiting -= len(part)
        self.taken += len(part)
        if not self._ended:
            self._feeder.body_wanted()
        return part

    def at_hand(self) -> bytes | None:
        """Take and return all that is left when it is here already."""
        if not self._ended:
            return None
        whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self.waiting = 0
        self.taken += len(whole)
        return whole

    def abandon(self) -> None:
        """Drop what is here and what still comes; who reads on all the same is told."""
        if self.abandoned or (self._ended and not self._parts):
            return
        was_open = self.open
        self.abandoned = True
        self._ended = False
        self._fault = self._fault or BodyBroken("The body was abandoned.")
        self._parts.clear()
        self.waiting = 0
        self._wake()
        if was_open:
            self._feeder.body_abandoned()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Watch:
    """One timer that is moved often and rings seldom: moving it later costs nothing."""

    __slots__ = ("_at", "_handle", "_loop", "_ring", "_rings_at")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._at = self._rings_at = _NEVER
        self._handle: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Ring `seconds` from now, and not before."""
        self._at = self._loop.time() + seconds
        if self._at < self._rings_at:
            self._arm()

    def clear(self) -> None:
        """Do not ring."""
        self._at = _NEVER

    def end(self) -> None:
        """Do not ring, and be gone."""
        self.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._rings_at = self._at
        self._handle = self._loop.call_at(self._at, self._wake)

    def _wake(self) -> None:
        self._handle = None
        self._rings_at = _NEVER
        if self._at == _NEVER:
            return
        if self._loop.time() + 0.001 < self._at:
            self._arm()
        else:
            self._at = _NEVER
            self._ring()


class Connection(asyncio.BufferedProtocol, ABC):
    """One connection: received bytes into an inbox, bodies and bytes to send under flow control.

    `received` is called after new bytes came. `buffer` may be shared by all connections of a loop: what is
    in it is copied before anything else runs.
    """

    def __init__(self, bounds: WireBounds, buffer: memoryview[int], loop: asyncio.AbstractEventLoop) -> None:
        self._bounds = bounds
        self._buffer = buffer
        self._loop = loop
        self._inbox = Inbox(bounds)
        self._transport: asyncio.Transport
        self._body: ReceivedBody | None = None
        self._gone = False
        self._paused = False  # receiving
        self._paused_lately = False  # in the running period of the body's timer
        self._period_bytes = 0
        self._room: asyncio.Future[None] | None = None  # waited for while too much waits to be sent
        self._watch = Watch(loop, self._late)
        self._write_watch = Watch(loop, self._stuck)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has no such ancestor
        self._transport.set_write_buffer_limits(high=self._bounds.write_waiting_bytes_max)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Wake whoever waits to send; they see that the connection is gone."""
        self._gone = True
        self._watch.end()
        self._write_watch.end()
        self.resume_writing()

    def get_buffer(self, sizehint: int) -> memoryview[int]:  # noqa: ARG002 - asyncio's signature
        """Lend the buffer for one receipt."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Copy what was received and let it be read."""
        self._inbox.feed(bytes(self._buffer[:nbytes]))
        self._period_bytes += nbytes
        self.received()

    @abstractmethod
    def received(self) -> None:
        """Read what is in the inbox."""

    @abstractmethod
    def _late(self) -> None:
        """Act on the receiving timer."""

    def _stuck(self) -> None:
        """Act on the sending timer: the other side takes nothing of what waits."""
        self._transport.abort()

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
        if self._room is None:
            self._room = self._loop.create_future()
            self._write_watch.set(self._bounds.write_seconds_max)

    def resume_writing(self) -> None:
        """There is room again."""
        room, self._room = self._room, None
        self._write_watch.clear()
        if room is not None and not room.done():
            room.set_result(None)

    async def _drain(self) -> None:
        """Wait until there is room to send more."""
        while self._room is not None:
            await asyncio.shield(self._room)
        if self._gone:
            raise ConnectionAbortedError

    def _put(self, *data: bytes) -> None:
        """Send, or let wait; raises ConnectionAbortedError when nobody is there."""
        if self._gone or self._transport.is_closing():
            raise ConnectionAbortedError
        if len(data) == 1:
            self._transport.write(data[0])
        else:
            self._transport.writelines(data)

    async def _pour(self, body: Body, length: int | None) -> None:
        """Send a body; raises what it raises, and ValueError when its length is not the one declared."""
        sent = 0
        async for part in body:
            sent += len(part)
            if length is None:
                self._put(b"%x\r\n" % len(part), part, b"\r\n")
            elif sent > length:
                break
            else:
                self._put(part)
            if self._room is not None:
                await self._drain()
        if length is None:
            self._put(b"0\r\n\r\n")
        elif sent != length:
            raise ValueError("A body is not as long as was declared.")

    def _pause(self) -> None:
        self._paused_lately = True
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def body_wanted(self) -> None:
        """Receive on once half of what may wait was taken."""
        body = self._body
        if self._paused and body is not None and body.waiting <= self._bounds.body_waiting_bytes_max // 2:
            self._resume()

    def _fill(self, body: ReceivedBody) -> bool:
        """Give the body what is in the inbox; True when it is whole. Raises `Malformed`."""
        inbox = self._inbox
        while not inbox.body_done and (part := inbox.take_part()):
            body.give(part)
        if inbox.body_done:
            self._watch.clear()
            body.end()
            return True
        if body.waiting > self._bounds.body_waiting_bytes_max:
            self._pause()
        return False

    def _begin_period(self) -> None:
        """Watch the pace of a body."""
        self._period_bytes = 0
        self._paused_lately = self._paused
        self._watch.set(self._bounds.body_seconds_max)

    def _kept_pace(self) -> bool:
        """Whether enough of a body came since the timer was set; waiting for its reader does not count."""
        return self._paused_lately or self._period_bytes >= self._bounds.body_bytes_min

# SPDX-License-Identifier: EUPL-1.2
"""One connection of a client: one request at a time, its answer read while its body is still sent."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from enum import Enum, auto
from time import monotonic

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.connection import Connection, ReceivedBody
from flagstone.platform.http.wire.faults import (
    AnswerBroken,
    AnswerSlow,
    BodyBroken,
    BodyOversize,
    BodySlow,
    NoAnswer,
)
from flagstone.platform.http.wire.heads import Malformed, ReadResponse, read_response
from flagstone.platform.http.wire.messages import Body, HeldBody, Reply

_SURELY_FRESH_SECONDS = 0.5  # of rest: hardly anybody closes so soon
_INTERIM_MAX = 8  # answers with 1xx before the final one


class Stale(NoAnswer):
    """A reused connection broke before any byte of an answer: it had probably been closed before."""


class Phase(Enum):
    """Where a connection stands."""

    IDLE = auto()
    HEAD = auto()  # a request was begun, its answer is waited for
    BODY = auto()  # the body of the answer comes
    OVER = auto()  # nothing can be asked any more


IDLE, HEAD, BODY, OVER = Phase  # names in a class are slow to find


class Link(Connection):
    """One connection of a client; `freed` is called when it can be asked again, `lost` when it is gone."""

    def __init__(
        self,
        bounds: WireBounds,
        buffer: memoryview[int],
        *,
        freed: Callable[[Link], None],
        lost: Callable[[Link], None],
    ) -> None:
        super().__init__(bounds, buffer, asyncio.get_running_loop())
        self._freed = freed
        self._lost = lost
        self._phase = IDLE
        self._keep = True
        self._begun = False  # the answer
        self._requests = 0
        self._interim = 0
        self._method = b""
        self._answer_seconds = 0.0
        self._reply: asyncio.Future[Reply] | None = None
        self._sender: asyncio.Task[None] | None = None
        self._stalled_seconds = 0.0
        self._taken = 0
        self._poll = select.poll()
        self._rested_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        super().connection_made(transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    @property
    def fresh(self) -> bool:
        """Whether the other side has said nothing on an idle connection, not even that it closes.

        The system is asked only after a while: that lets other threads run, which costs more than it tells.
        """
        if self._phase is not IDLE or self._transport.is_closing():
            return False
        return monotonic() - self._rested_at < _SURELY_FRESH_SECONDS or not self._poll.poll(0)

    def rest(self) -> None:
        """Wait for the next request, but not for ever."""
        self._rested_at = monotonic()  # the loop's own time stands still while it is busy
        self._watch.set(self._bounds.idle_seconds_max)

    def abort(self) -> None:
        """Close at once."""
        self._phase = OVER
        self._transport.abort()

    async def exchange(
        self, method: bytes, start: bytes, body: bytes | Body, *, length: int | None, answer_seconds: float
    ) -> Reply:
        """Send a request, its head given as bytes; return the answer once its head is here."""
        self._phase = HEAD
        self._begun = False
        self._method = method
        self._requests += 1
        self._interim = 0
        self._answer_seconds = answer_seconds
        self._watch.clear()  # it rests no more; while a body is sent, its sending has bounds of its own
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._reply = reply
        try:
            if isinstance(body, bytes):
                self._put(start + body)
                self._sent()
            else:
                self._put(start)
                self._sender = self._loop.create_task(self._send_body(body, length))
                # not within the task: one that is cancelled before it began would never say so
                self._sender.add_done_callback(lambda _: body.abandon())
            return await reply
        except ConnectionAbortedError:
            reply.cancel()
            raise self._silent() from None
        except asyncio.CancelledError:
            self.abort()
            raise

    async def _send_body(self, body: Body, length: int | None) -> None:
        try:
            await self._pour(body, length)
            if self._room is not None:
                await self._drain()
        except ConnectionError:
            return  # `connection_lost` tells
        except Exception as error:  # noqa: BLE001 - whatever a body raises reaches the caller
            self._fail(error)
            return
        finally:
            self._sender = None
        self._sent()

    def _sent(self) -> None:
        """Begin to wait for the answer, unless it is here already."""
        if self._phase is HEAD:
            self._watch.set(self._answer_seconds)

    def _fail(self, error: Exception) -> None:
        """Give up: tell whoever waits, and close."""
        reply, body = self._reply, self._body
        if reply is not None and not reply.done():
            reply.set_exception(error)
        elif body is not None:
            body.fail(error if isinstance(error, BodyBroken) else BodyBroken("The exchange was cut."))
        self.abort()

    def received(self) -> None:
        """Read the answer out of what was received."""
        self._begun = True
        try:
            while self._phase is HEAD and self._read_head():
                pass
            if self._phase is BODY and self._body is not None and self._fill(self._body):
                self._over()
        except Malformed as flaw:
            self._malformed(flaw)
        if self._phase is IDLE and self._inbox.waiting:
            self.abort()  # nobody asked

    def _read_head(self) -> bool:
        raw = self._inbox.take_head()
        if raw is None:
            return False
        response = read_response(raw, self._bounds, method=self._method)
        if response.head.status >= 200:
            self._open(response)
            return True
        self._interim += 1
        if self._interim > _INTERIM_MAX:
            raise Malformed(502, "There are too many interim answers.")
        return True

    def _open(self, response: ReadResponse) -> None:
        """Hand the answer over; a request that is still sent goes on only if all is well."""
        self._watch.clear()
        self._keep = response.keep
        if self._sender is not None and response.head.status >= 300:
            self._sender.cancel()
            self._keep = False
        reply = self._reply
        assert reply is not None
        body: Body
        if response.framing >= 0 and (whole := self._inbox.take_whole(response.framing)) is not None:
            body = HeldBody(whole)
            body.length = response.length
            self._over()
        else:
            self._inbox.start_body(response.framing)
            self._phase = BODY
            body = self._body = ReceivedBody(response.length, self, self._loop)
            self._stalled_seconds = self._taken = 0
            self._begin_period()
        if not reply.done():
            reply.set_result(Reply(response.head, body))
        elif self._body is not None:
            self.abort()

    def _malformed(self, flaw: Malformed) -> None:
        if self._phase is HEAD:
            self._fail(AnswerBroken(flaw.reason))
        else:
            fault = BodyOversize if flaw.status == BodyOversize.status else BodyBroken
            self._fail(fault(flaw.reason))

    def _over(self) -> None:
        """Free the connection of a whole answer, or close it."""
        self._body = None
        self._watch.clear()
        if self._sender is not None:
            self._sender.cancel()
            self._keep = False
        if (
            self._keep
            and not self._inbox.waiting
            and self._requests < self._bounds.requests_per_connection_max
            and not self._transport.is_closing()
        ):
            self._phase = IDLE
            self._resume()
            self._freed(self)
        else:
            self._phase = OVER
            self._transport.close()
            self._write_watch.set(self._bounds.write_seconds_max)

    def body_abandoned(self) -> None:
        """Close: what still comes is not wanted."""
        self.abort()

    def _late(self) -> None:
        match self._phase:
            case Phase.HEAD:
                self._fail(AnswerSlow(f"No answer began within {self._answer_seconds:g} seconds."))
            case Phase.BODY if self._kept_pace() and not self._stalled():
                self._begin_period()
            case Phase.BODY:
                self._fail(BodySlow("The body of the answer came too slowly, or was not read."))
            case _:
                self.abort()

    def _stalled(self) -> bool:
        """Whether the reader of the answer has taken nothing for too long."""
        body = self._body
        if body is None or body.taken != self._taken or not self._paused:
            self._stalled_seconds = 0.0
            self._taken = body.taken if body is not None else 0
            return False
        self._stalled_seconds += self._bounds.body_seconds_max
        return self._stalled_seconds > self._bounds.write_seconds_max

    def _silent(self) -> NoAnswer:
        if self._requests > 1 and not self._begun:
            return Stale("The connection was closed before any answer.")
        return NoAnswer("The connection was closed before an answer.")

    def eof_received(self) -> None:
        """End a body that reaches to the end of the connection."""
        if self._phase is BODY and self._inbox.end() and self._body is not None:
            self._keep = False
            self._body.end()
            self._over()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        super().connection_lost(exc)
        self._phase = OVER
        if self._sender is not None:
            self._sender.cancel()
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(self._silent())
        elif self._body is not None:
            self._body.fail(BodyBroken("The connection was closed before the end of the body."))
        self._lost(self)

# SPDX-License-Identifier: EUPL-1.2
"""One connection of a server: requests in order, one at a time, each answered at once or by a task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto

import structlog

from flagstone.platform.http.logs import described
from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.connection import Connection, ReceivedBody
from flagstone.platform.http.wire.faults import BodyBroken, BodyOversize, BodySlow
from flagstone.platform.http.wire.heads import (
    NO_BODY_STATUSES,
    Malformed,
    ReadRequest,
    read_request,
    write_response,
)
from flagstone.platform.http.wire.messages import (
    Answer,
    Body,
    Handler,
    HeldBody,
    Incoming,
    Refusal,
    ResponseHead,
)

log = structlog.get_logger("flagstone.http.wire")

_CHUNKED = b"Transfer-Encoding: chunked"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_TOGETHER_BYTES_MAX = 64 * 1024  # head and body are joined up to here


class Phase(Enum):
    """Where a connection stands."""

    HEAD = auto()  # waits for a request's head
    BODY = auto()  # a request's body comes, its handler runs
    HELD = auto()  # the request is whole, its handler runs
    STOPPED = auto()  # what comes is not read any more, the handler runs
    LINGER = auto()  # answered for good; what comes is swallowed, so that the answer arrives
    CLOSING = auto()  # what waits is sent


HEAD, BODY, HELD, STOPPED, LINGER, CLOSING = Phase  # names in a class are slow to find


@dataclass
class Shared:
    """What all connections of one server have in common."""

    handler: Handler
    refusal: Refusal
    bounds: WireBounds
    buffer: memoryview[int]
    loop: asyncio.AbstractEventLoop
    sessions: set[Session] = field(default_factory=set)
    busy: int = 0
    stopping: bool = False
    emptied: Callable[[], None] = lambda: None


class Session(Connection):
    """One connection of a server."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared.bounds, shared.buffer, shared.loop)
        self._shared = shared
        self._phase = HEAD
        self._head_begun = False
        self._head_only = False  # the request is HEAD
        self._requests = 0
        self._keep = True
        self._continue_due = False
        self._swallowed = 0
        self._started = False  # the handler's task
        self._peer = ""
        self._certificate: bytes | None = None
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or refuse it when there are too many."""
        super().connection_made(transport)
        address = transport.get_extra_info("peername")
        self._peer = address[0] if isinstance(address, tuple) else ""
        tls = transport.get_extra_info("ssl_object")
        self._certificate = tls.getpeercert(True) if tls else None
        self._shared.sessions.add(self)
        if self._shared.stopping or len(self._shared.sessions) > 2 * self._bounds.connections_max:
            self._transport.abort()
        elif len(self._shared.sessions) > self._bounds.connections_max:
            self._refuse(503, "There are too many connections.")
        else:
            self._watch.set(self._bounds.header_seconds_max)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the handler: nobody waits for its answer."""
        super().connection_lost(exc)
        self._shared.sessions.discard(self)
        if self._body is not None:
            self._body.fail(BodyBroken("The connection was closed before the end of the body."))
        if self.task is not None:
            self.task.cancel()
            if not self._started:
                self._shared.busy -= 1  # it never will, and so never end
        if not self._shared.sessions:
            self._shared.emptied()

    def finish(self) -> None:
        """Close when the running request is answered, at once when there is none."""
        self._keep = False
        if self._phase is HEAD:
            self._close()

    def abort(self) -> None:
        """Close at once; the handler is cancelled."""
        self._transport.abort()

    def received(self) -> None:
        """Read requests out of what was received."""
        try:
            while self._phase is HEAD and self._read_head():
                pass
            if self._phase is BODY:
                self._read_body()
        except Malformed as flaw:
            self._malformed(flaw)
        if self._phase in (LINGER, STOPPED):
            self._swallow()
        elif self._phase is HELD and self._inbox.waiting > self._bounds.headers_bytes_max:
            self._pause()

    def _read_head(self) -> bool:
        raw = self._inbox.take_head()
        if raw is None:
            if self._inbox.waiting and not self._head_begun:
                self._head_begun = True
                self._watch.set(self._bounds.header_seconds_max)
            return False
        self._watch.clear()
        self._head_begun = False
        self._head_only = raw.startswith(b"HEAD ")
        self._begin(read_request(raw, self._bounds))
        return True

    def _begin(self, request: ReadRequest) -> None:
        """Start the handler of a request whose head is read."""
        self._requests += 1
        shared = self._shared
        self._keep = (
            request.keep and self._requests < self._bounds.requests_per_connection_max and not shared.stopping
        )
        if shared.busy >= self._bounds.requests_at_once_max:
            self._inbox.start_body(0)
            self._refuse(503, "There are too many requests at once.", close=request.framing != 0)
            return
        shared.busy += 1
        body = self._open_body(request)
        incoming = Incoming(request.head, body, self._peer, self._certificate)
        self._started = False
        try:
            found = shared.handler(incoming)
        except Exception as error:  # noqa: BLE001 - the handler's errors are answered, not passed on
            found = self._failed(error)
        if not isinstance(found, Answer) or not self._sent_at_once(found):
            self.task = self._loop.create_task(self._serve(found))

    def _open_body(self, request: ReadRequest) -> Body:
        if request.framing >= 0 and (whole := self._inbox.take_whole(request.framing)) is not None:
            self._phase = HELD
            return HeldBody(whole)
        self._inbox.start_body(request.framing)
        self._phase = BODY
        self._continue_due = request.expects
        self._begin_period()
        length = request.framing if request.framing > 0 else None
        self._body = ReceivedBody(length, self, self._loop)
        return self._body

    def _read_body(self) -> None:
        assert self._body is not None
        if self._inbox.waiting:
            self._continue_due = False  # it comes without being asked (RFC 9110 10.1.1)
        if self._fill(self._body):
            self._phase = HELD

    def body_wanted(self) -> None:
        """Ask for a body that waits to be asked for, and receive on."""
        if self._continue_due and self._phase is BODY:
            self._continue_due = False
            self._begin_period()
            self._transport.write(_CONTINUE)
        super().body_wanted()

    def body_abandoned(self) -> None:
        """Swallow the rest of the body; the connection ends with the answer."""
        self._stop_reading()

    def _stop_reading(self) -> None:
        if self._phase is BODY:
            self._phase = STOPPED
            self._keep = False
            self._watch.clear()
            self._swallow()
            self._resume()

    def _malformed(self, flaw: Malformed) -> None:
        """Refuse a request without a handler; break the body of one that has one."""
        if self._body is None or self._phase is HEAD:
            self._refuse(flaw.status, flaw.reason)
            return
        fault = BodyOversize if flaw.status == BodyOversize.status else BodyBroken
        self._body.fail(fault(flaw.reason))
        self._stop_reading()

    def _late(self) -> None:
        match self._phase:
            case Phase.HEAD if self._head_begun:
                self._refuse(408, "The headers did not come in time.")
            case Phase.BODY if self._continue_due or self._kept_pace():
                self._begin_period()
            case Phase.BODY if self._body is not None:
                self._body.fail(BodySlow("The body came too slowly."))
                self._stop_reading()
            case Phase.CLOSING:
                self._transport.abort()
            case _:
                self._close()

    def _refuse(self, status: int, reason: str, *, close: bool = True) -> None:
        """Answer without a handler."""
        answer = self._shared.refusal(status, reason)
        if status == 503:
            wait = (b"Retry-After", b"%d" % self._bounds.retry_after_seconds)
            head = answer.head
            answer = Answer(ResponseHead(head.status, head.reason, (*head.headers, wait)), answer.body)
        self._keep = self._keep and not close
        whole = answer.body if isinstance(answer.body, bytes) else answer.body.at_hand() or b""
        self._transport.write(self._head_bytes(answer, len(whole)) + (b"" if self._head_only else whole))
        if self._keep:
            self._watch.set(self._bounds.idle_seconds_max)
        else:
            self._linger()

    def _sent_at_once(self, answer: Answer) -> bool:
        """Send an answer that is all here to a request that is; False when it takes more than that."""
        body = answer.body
        if not isinstance(body, bytes) or self._head_only or answer.head.status in NO_BODY_STATUSES:
            return False
        if self._phase is not HELD or self._room is not None:
            return False
        try:
            self._put(self._head_bytes(answer, len(body)) + body)
        except (ValueError, ConnectionError):
            return False
        self._turn()
        return True

    async def _serve(self, found: Awaitable[Answer] | Answer) -> None:
        """Wait for the handler's answer, and send it."""
        answer: Answer | None = None
        self._started = True
        try:
            try:
                answer = found if isinstance(found, Answer) else await found
            except BodyBroken as fault:
                answer = self._shared.refusal(fault.status, str(fault))
            except Exception as error:  # noqa: BLE001 - the handler's errors are answered, not passed on
                answer = self._failed(error)
            await self._send(answer)
        except (BodyBroken, ConnectionError):
            self._transport.abort()
        except asyncio.CancelledError:
            self._transport.abort()
            raise
        except Exception as error:  # noqa: BLE001 - whatever a body raises, its receiver must see that it is cut
            log.warning("http.wire.answer-cut", **described(error))
            self._transport.abort()
        finally:
            if answer is not None and isinstance(answer.body, Body):
                answer.body.abandon()
            self._answered()

    def _failed(self, error: Exception) -> Answer:
        log.error("http.wire.handler-failed", **described(error))
        return self._shared.refusal(500, "The request could not be handled.")

    async def _send(self, answer: Answer) -> None:
        """Send head and body, in one piece when the body is here."""
        body = answer.body
        whole = body if isinstance(body, bytes) else body.at_hand()
        if self._phase is not HELD:
            self._keep = False
            if whole is None:
                self.body_wanted()  # it may be made of the request's, and cannot be asked for later
            self._continue_due = False
        empty = self._head_only or answer.head.status in NO_BODY_STATUSES
        if empty or whole is None:
            length = len(body) if isinstance(body, bytes) else body.length
        else:
            length = len(whole)
        try:
            head = self._head_bytes(answer, length)
        except ValueError as error:
            await self._send(self._failed(error))
            return
        if empty:
            self._put(head)
        elif whole is not None:
            self._put(head + whole) if len(whole) <= _TOGETHER_BYTES_MAX else self._put(head, whole)
        elif isinstance(body, Body):
            self._put(head)
            await self._pour(body, length)
        if self._room is not None:
            await self._drain()

    def _head_bytes(self, answer: Answer, length: int | None) -> bytes:
        if answer.head.status == 204:
            framing = b""
        elif length is not None:
            framing = b"Content-Length: %d" % length
        elif self._head_only or answer.head.status == 304:
            framing = b""
        else:
            framing = _CHUNKED
        return write_response(answer.head, framing, close=not self._keep)

    def _answered(self) -> None:
        """Turn to what comes next, and read it when it is here."""
        self._turn()
        if self._phase is HEAD and self._inbox.waiting:
            self.received()

    def _turn(self) -> None:
        """Turn to the next request, or to the end of the connection."""
        self._shared.busy -= 1
        self.task = None
        body, self._body = self._body, None
        if body is not None:
            body.fail(BodyBroken("The request was answered before its body was read."))
        if self._gone or self._transport.is_closing():
            return
        if not self._keep:
            self._linger()
            return
        self._phase = HEAD
        self._watch.set(self._bounds.idle_seconds_max)
        self._resume()

    def _linger(self) -> None:
        """Close; but first swallow what still comes, lest a reset destroy the answer (RFC 9112 9.6)."""
        whole = self._phase is HELD and not self._inbox.waiting
        self._phase = LINGER
        if whole or self._swallowed > self._bounds.linger_bytes_max:
            self._close()
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._watch.set(self._bounds.linger_seconds_max)
        self._resume()
        self._swallow()

    def _swallow(self) -> None:
        self._swallowed += self._inbox.drop()
        if self._swallowed > self._bounds.linger_bytes_max:
            if self._phase is LINGER:
                self._close()
            else:
                self._pause()

    def _close(self) -> None:
        """Close once what waits is sent, or soon anyway."""
        self._phase = CLOSING
        self._transport.close()
        self._watch.set(self._bounds.write_seconds_max)

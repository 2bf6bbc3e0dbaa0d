# SPDX-License-Identifier: EUPL-1.2
"""One exchange from its request to its end: logged, counted and, when it fails, told in one line."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

import structlog

from flagstone.blocks.exchange.contract.log import (
    LogFailed,
    MessageLog,
    PersonsUsed,
    RequestLogged,
    ResponseLogged,
    Side,
)
from flagstone.blocks.exchange.model import faults, purposes
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.hashing import BodyHash, body_hash, request_hash
from flagstone.blocks.exchange.model.purposes import Why
from flagstone.blocks.exchange.model.rest import Request, Response
from flagstone.blocks.exchange.web.path.streams import Watched
from flagstone.kernel.clock import Clock
from flagstone.platform.http.wire.faults import BodyBroken
from flagstone.platform.http.wire.messages import Body

log = structlog.get_logger("flagstone.exchange")
GONE = "client.gone"  # in logs and counts only: nobody was left to be answered
FAULTS_COUNTED_MAX = 500
PREFIXES = {Side.CONSUMER: faults.CONSUMER, Side.PROVIDER: faults.PROVIDER}


@dataclass
class Tally:
    """What passed at this server since it started, by side and fault; the empty fault is success."""

    counts: Counter[tuple[Side, str]] = field(default_factory=Counter)
    under_way: int = 0

    def add(self, side: Side, fault: str) -> None:
        """Count one exchange; a peer cannot make up more than so many codes."""
        key = (side, fault)
        if key not in self.counts and len(self.counts) >= FAULTS_COUNTED_MAX:
            key = (side, "other")
        self.counts[key] += 1


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where exchanges of one side are written down."""

    side: Side
    messages: MessageLog
    clock: Clock
    tally: Tally
    due: list[asyncio.Handle] = field(default_factory=list)

    def hurry(self) -> None:
        """Have what the log was given written when the loop's other work is done, once for all of a turn.

        The writer is a thread: woken any sooner it would only wait for this one, and this one for it.
        """
        if not self.due:
            self.due.append(asyncio.get_running_loop().call_soon(self._hurried))

    def _hurried(self) -> None:
        self.due.clear()
        self.messages.hurry()


class Course:
    """One exchange on one side; `logged` before it is answered, and `closed` exactly once."""

    __slots__ = (
        "_committed",
        "_ledger",
        "_open",
        "_started",
        "exchange",
        "request",
        "request_body",
        "response",
        "usage_count",
    )

    def __init__(self, ledger: Ledger, exchange: str) -> None:
        self._ledger = ledger
        self._started = monotonic()
        self._committed: Future[None] | None = None
        self._open = True
        self.exchange = exchange
        self.request: Request | None = None
        self.request_body = BodyHash()
        self.response: Response | None = None
        self.usage_count: int | None = None
        ledger.tally.under_way += 1

    def logged(self, request: Request, why: Why, *, peer: str, personal: bool = False) -> None:
        """Have the request written; MessageFault logging_failed when the log takes no more."""
        self.request = request
        record = RequestLogged(
            exchange=self.exchange,
            side=self._ledger.side,
            at=self._ledger.clock.now(),
            message_id=request.message_id,
            client=request.client,
            service=request.service,
            method=request.method.decode(),
            head=request.block,
            purpose=why.purpose,
            legal_basis=why.legal_basis,
            case=why.case,
            issue=purposes.header_text(request.said, b"x-road-issue"),
            peer=peer,
            personal=personal,
        )
        self._committed = self._ledger.messages.request(record)
        if self._committed.done():
            _raise_unless_written(self._committed)
        self._ledger.hurry()

    async def written(self) -> None:
        """Wait until the request is on disk; MessageFault logging_failed when it cannot be."""
        if self._committed is not None:
            await _written(self._committed)

    def now(self) -> datetime:
        """Return the time by which the exchange is logged."""
        return self._ledger.clock.now()

    async def used(self, record: PersonsUsed) -> None:
        """Wait until it is on disk whose data the answer uses; MessageFault logging_failed."""
        self.usage_count = len(record.persons)
        noted = self._ledger.messages.used(record)
        self._ledger.hurry()
        await _written(noted)

    def closed(self, status: int, *, fault: str = "", response_body: BodyHash | None = None) -> None:
        """Note how the exchange ended; what comes after the first time is not heeded."""
        if not self._open:
            return
        self._open = False
        self._ledger.tally.under_way -= 1
        self._ledger.tally.add(self._ledger.side, faults.snake(fault) if fault else "")
        if fault:
            log.warning(
                "message failed",
                side=self._ledger.side.value,
                fault=fault,
                request_id=self.exchange,
                status=status,
            )
        if self._committed is not None:
            self._ledger.messages.response(self._record(status, fault, response_body or BodyHash()))

    def _record(self, status: int, fault: str, response_body: BodyHash) -> ResponseLogged:
        request, response = self.request, self.response
        assert request is not None
        return ResponseLogged(
            exchange=self.exchange,
            side=self._ledger.side,
            at=self._ledger.clock.now(),
            status=status,
            fault=fault,
            head=response.block if response else b"",
            request_hash=response.request_hash
            if response
            else request_hash(request.block, self.request_body),
            request_bytes=self.request_body.size,
            response_bytes=response_body.size,
            response_hash=response_body.text(),
            usage_count=self.usage_count,
            milliseconds=round((monotonic() - self._started) * 1000),
        )


async def _written(committed: Future[None]) -> None:
    if not committed.done():
        loop = asyncio.get_running_loop()
        told = loop.create_future()

        def tell(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed, nobody waits any more
                loop.call_soon_threadsafe(_wake, told)

        committed.add_done_callback(tell)
        await told
    _raise_unless_written(committed)


def _wake(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)


def _raise_unless_written(committed: Future[None]) -> None:
    try:
        committed.result(timeout=0)
    except LogFailed:
        raise MessageFault(faults.LOGGING_FAILED, "The message log cannot be written.") from None


def observed(body: Body | bytes, course: Course, status: int, side: str) -> Body | bytes:
    """Return `body`, and have the end of the exchange noted when it has passed."""
    if isinstance(body, bytes):
        course.closed(status, response_body=body_hash(body))
        return body

    def ended(broken: BodyBroken | None) -> None:
        why = GONE if watched.unread else f"{side}.{faults.IO_ERROR}"
        course.closed(status, fault=why if broken else "", response_body=watched.hash)

    watched = Watched(body, ended=ended)
    return watched

# SPDX-License-Identifier: EUPL-1.2
"""Writes the evidence log: what waits is signed with one signature and kept in one transaction.

Who hands a message over gets it back signed when its record is on disk, never before. While time-stamps
cannot be had for too long, and while nothing can be signed, messages are refused.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha512
from typing import Any, Protocol

import structlog

from flagstone.blocks.exchange.contract.evidence import EvidenceTooLarge, Signed
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.log import LogFailed
from flagstone.blocks.exchange.service.evidence.content import MESSAGE_BYTES_MAX, cut, packed
from flagstone.blocks.exchange.service.evidence.making import Draft, SigningParty, sign
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.blocks.exchange.store import evidence
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Fault
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere
from flagstone.platform.storage.writing import Writing

log = structlog.get_logger("flagstone.exchange")

WRITER = job("evidence log")
REASON = Reason("Evidence of messages that passed the exchange")
BATCH_MAX = 100
WAITING_MAX = 10_000
WAITING_BYTES_MAX = 64 * 1024 * 1024
TRIES_MAX = 3
STOP_SECONDS_MAX = 15.0


class Gate(Protocol):
    """Decides whether messages pass, and stamps a signature where that is done at once."""

    def require_passing(self) -> None:
        """Raise StampingStopped while messages are refused for want of time-stamps."""
        ...

    def stamped_now(self, signature: bytes) -> bytes | None:
        """Return a signature document with its time-stamp, None where stamps come in batches."""
        ...


@dataclass(frozen=True)
class About:
    """What a record is found by: `client` is whose message it is at this server."""

    message_id: str
    exchange: str
    client: ClientId
    is_response: bool


@dataclass(frozen=True)
class _Item:
    about: About
    content: Draft | Signed
    done: Future[Signed]

    @property
    def size(self) -> int:
        return len(self.content.message) + sum(map(len, self.content.attachments))


@dataclass(frozen=True)
class WriterStatus:
    """How the writer does: messages that wait, that were kept, and that were refused since the start."""

    running: bool
    waiting: int
    kept: int
    refused: int


def add_records(
    write: Writing, sealer: Sealer, items: Sequence[tuple[About, Signed, bytes]], at: datetime
) -> list[int]:
    """Add a record for each message with its packed content, in order; return their numbers."""
    first = evidence.next_number(write)
    rows: list[dict[str, Any]] = []
    pieces: list[dict[str, Any]] = []
    for number, (about, signed, content) in enumerate(items, first):
        boxes = cut(sealer, number, content)
        rows.append(_row(number, about, signed, at) | {"pieces": len(boxes)})
        pieces += [{"record": number, "number": n, "sealed": box} for n, box in enumerate(boxes)]
    evidence.add(write, rows, pieces)
    return [int(row["number"]) for row in rows]


def _row(number: int, about: About, signed: Signed, at: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "at": rfc3339(at),
        "message_id": about.message_id,
        "exchange": about.exchange,
        "client": str(about.client),
        "is_response": about.is_response,
        "digest": sha512(signed.signature).hexdigest(),
        "embedded": b"EncapsulatedTimeStamp>" in signed.signature,
    }


class Writer:
    """Signs and keeps messages in a thread of its own; safe to share between threads."""

    def __init__(
        self, database: Database, sealer: Sealer, party: Callable[[], SigningParty], gate: Gate
    ) -> None:
        """Write to `database`; `party` is asked for what to sign with before each batch."""
        self._database = database
        self._sealer = sealer
        self._party = party
        self._gate = gate
        self._waiting: deque[_Item] = deque()
        self._waiting_bytes = 0
        self._woken = threading.Condition()
        self._running = False
        self._thread: threading.Thread | None = None
        self._kept = self._refused = 0

    def start(self) -> None:
        """Start to write."""
        self._running = True
        self._thread = threading.Thread(target=self._work, name="evidence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more, keep what waits, and end; what is left after 15 seconds is refused."""
        with self._woken:
            self._running = False
            self._woken.notify()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS_MAX)
            self._thread = None
        self._fail(self._taken(WAITING_MAX), LogFailed("the evidence log was stopped"))

    def status(self) -> WriterStatus:
        """Return how the writer does."""
        return WriterStatus(self._running, len(self._waiting), self._kept, self._refused)

    def submit(self, about: About, content: Draft | Signed) -> Future[Signed]:
        """Sign a draft, or take what a peer signed, and keep it; the future gives it when it is on disk.

        Faults: StampingStopped, SigningUnavailable, EvidenceTooLarge, LogFailed.
        """
        item = _Item(about, content, Future())
        item.done.set_running_or_notify_cancel()
        if item.size > MESSAGE_BYTES_MAX:
            self._fail([item], EvidenceTooLarge(f"{item.size} bytes; at most {MESSAGE_BYTES_MAX} are kept"))
        elif not self._put(item):
            self._fail([item], LogFailed("too much waits to be kept, or the evidence log does not run"))
        return item.done

    def _put(self, item: _Item) -> bool:
        with self._woken:
            full = len(self._waiting) >= WAITING_MAX or self._waiting_bytes >= WAITING_BYTES_MAX
            if full or not self._running:
                return False
            self._waiting.append(item)
            self._waiting_bytes += item.size
            self._woken.notify()
            return True

    def _work(self) -> None:
        while True:
            with self._woken:
                while not self._waiting and self._running:
                    self._woken.wait()
                if not self._waiting:
                    return
            self._keep(self._taken(BATCH_MAX))

    def _taken(self, count: int) -> list[_Item]:
        with self._woken:
            taken = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
            self._waiting_bytes -= sum(each.size for each in taken)
            return taken

    def _keep(self, items: Sequence[_Item]) -> None:
        """Sign and keep one batch, then tell whoever waits."""
        try:
            self._gate.require_passing()
            signed = self._signed(items)
            self._write([(each.about, done) for each, done in zip(items, signed, strict=True)])
        except Fault as fault:
            log.warning("evidence not kept", fault=fault.code, messages=len(items))
            self._fail(items, fault)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, no message may pass without evidence
            log.warning("evidence not kept", error=type(error).__name__, messages=len(items))
            self._fail(items, LogFailed("it cannot be written"))
            return
        self._kept += len(items)
        for each, done in zip(items, signed, strict=True):
            each.done.set_result(done)

    def _signed(self, items: Sequence[_Item]) -> list[Signed]:
        """Return the messages signed, our own ones with one signature; stamped where that is done at once."""
        drafts = [each.content for each in items if isinstance(each.content, Draft)]
        ours = iter(sign(drafts, self._party(), self._database.clock.now()) if drafts else [])
        made = [each.content if isinstance(each.content, Signed) else next(ours) for each in items]
        stamps: dict[bytes, bytes | None] = {}
        for each in made:
            if each.signature not in stamps:
                stamps[each.signature] = self._gate.stamped_now(each.signature)
        return [replace(each, signature=stamps[each.signature] or each.signature) for each in made]

    def _write(self, records: Sequence[tuple[About, Signed]]) -> None:
        """Write records in one transaction; again where another process took their numbers."""
        items = [(about, signed, packed(signed)) for about, signed in records]
        for tried in range(1, TRIES_MAX + 1):
            try:
                with self._database.writing(WRITER, REASON) as write:
                    add_records(write, self._sealer, items, write.at)
            except AlreadyThere:
                if tried == TRIES_MAX:
                    raise
            else:
                return

    def _fail(self, items: Sequence[_Item], fault: Fault) -> None:
        self._refused += len(items)
        for each in items:
            each.done.set_exception(fault)

# SPDX-License-Identifier: EUPL-1.2
"""The message log: one thread writes what passes, everything that waits in one transaction.

A request is written when its caller says `hurry`, a response after a moment in which it may join the next
request; under load a transaction takes along all that came while the one before it was written. A request
is acknowledged when it is on disk. What cannot be written is refused, so that no message passes unseen;
responses that could not be written are tried again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic

import structlog

from flagstone.blocks.exchange.contract.log import LogFailed, PersonsUsed, RequestLogged, ResponseLogged
from flagstone.blocks.exchange.service.log_rows import Rows
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.blocks.exchange.service.uses import published
from flagstone.blocks.exchange.store import messages
from flagstone.blocks.exchange.store.rows import count_uses
from flagstone.kernel.audit import Reason, job
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere
from flagstone.platform.storage.writing import Writing

log = structlog.get_logger("flagstone.exchange")

WRITER = job("message log")
REASON = Reason("Messages that passed the exchange")
BATCH_MAX = 500
WAITING_MAX = 10_000
WAITING_BYTES_MAX = 32 * 1024 * 1024
USE_BYTES = 200  # of one person in a use, about
AGAIN_SECONDS = 1.0
JOINING_SECONDS = 0.01  # for which responses wait for a request to be written with
STOP_SECONDS_MAX = 15.0


@dataclass(frozen=True)
class LogStatus:
    """How the log does: records that wait, that were written, and that were refused since the start."""

    running: bool
    waiting: int
    written: int
    refused: int


@dataclass(frozen=True)
class _Request:
    record: RequestLogged
    done: Future[None]


@dataclass(frozen=True)
class _Use:
    record: PersonsUsed
    done: Future[None]


_Item = _Request | _Use | ResponseLogged


class Log:
    """Keeps `contract.MessageLog` on a database; safe to share between threads."""

    def __init__(self, database: Database, sealer: Sealer, *, waiting_max: int = WAITING_MAX) -> None:
        """Write to `database`; refuse more than `waiting_max` records, or 32 MiB of heads, at once."""
        self._database = database
        self._rows, self._sealer = Rows(sealer), sealer
        self._waiting_max = waiting_max
        self._waiting: deque[_Item] = deque()
        self._waiting_bytes = 0
        self._unwritten: list[ResponseLogged] = []
        self._urgent = 0  # requests and uses that wait
        self._dozing = False  # the writer looks again by itself
        self._woken = threading.Condition()
        self._running = False
        self._thread: threading.Thread | None = None
        self._written = self._refused = 0

    def start(self) -> None:
        """Start to write."""
        self._running = True
        self._thread = threading.Thread(target=self._work, name="message-log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more, write what waits, and end; what is left after 15 seconds is refused."""
        with self._woken:
            self._running = False
            self._woken.notify()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS_MAX)
            self._thread = None
        self._refuse(_acknowledged(self._taken()), "the log was stopped")

    def status(self) -> LogStatus:
        """Return how the log does."""
        return LogStatus(self._running, len(self._waiting), self._written, self._refused)

    def request(self, record: RequestLogged) -> Future[None]:
        """See `contract.MessageLog.request`."""
        return self._acknowledged(_Request(record, Future()))

    def used(self, record: PersonsUsed) -> Future[None]:
        """See `contract.MessageLog.used`."""
        return self._acknowledged(_Use(record, Future()))

    def _acknowledged(self, waiting: _Request | _Use) -> Future[None]:
        """Let what must be on disk before its message goes on wait for the writer."""
        waiting.done.set_running_or_notify_cancel()  # who waits may leave, but the record is written
        if not self._put(waiting):
            self._refuse([waiting], "too much waits to be written, or the log does not run")
        return waiting.done

    def hurry(self) -> None:
        """See `contract.MessageLog.hurry`."""
        with self._woken:
            if self._urgent:
                self._woken.notify()

    def response(self, record: ResponseLogged) -> None:
        """See `contract.MessageLog.response`."""
        if not self._put(record):
            self._refused += 1
            log.error("response not logged", exchange=record.exchange, side=record.side.value)

    def _put(self, item: _Item) -> bool:
        """Let `item` wait for the writer; tell whether there was room."""
        with self._woken:
            if not self._running or len(self._waiting) >= self._waiting_max:
                return False
            if self._waiting_bytes >= WAITING_BYTES_MAX:
                return False
            self._waiting.append(item)
            self._waiting_bytes += _size(item)
            self._urgent += not isinstance(item, ResponseLogged)
            if len(self._waiting) == BATCH_MAX or (len(self._waiting) == 1 and not self._dozing):
                self._woken.notify()
            return True

    def _work(self) -> None:
        """Write until stopped and nothing waits."""
        while True:
            with self._woken:
                self._doze()
                if not self._waiting:
                    self._await_any()
                    self._doze()
                if not self._waiting and not self._unwritten and not self._running:
                    return
                stopping = not self._running and not self._waiting
            self._write(self._taken())
            if stopping:
                return

    def _await_any(self) -> None:
        """Wait for whatever comes, for a time only while something is to be written again."""
        while not self._waiting and self._running:
            again = AGAIN_SECONDS if self._unwritten else None
            if not self._woken.wait(again) and self._unwritten:
                return

    def _doze(self) -> None:
        """Give something urgent a moment to come, for responses to join it; they alone wake nobody."""
        until = monotonic() + JOINING_SECONDS
        self._dozing = True
        while self._running and not self._urgent and len(self._waiting) < BATCH_MAX:
            left = until - monotonic()
            if left <= 0:
                break
            self._woken.wait(left)
        self._dozing = False

    def _taken(self) -> list[_Item]:
        """Take at most `BATCH_MAX` records out of the line."""
        with self._woken:
            taken = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            self._urgent -= len(_acknowledged(taken))
            self._waiting_bytes -= sum(map(_size, taken))
            return taken

    def _write(self, items: Sequence[_Item]) -> None:
        """Write one batch, then tell whoever waits for it."""
        requests = [each for each in items if isinstance(each, _Request)]
        uses = [each for each in items if isinstance(each, _Use)]
        responses = [*self._unwritten, *(each for each in items if isinstance(each, ResponseLogged))]
        self._unwritten = []
        try:
            refused = self._commit(requests, responses, uses)
        except Exception as error:  # noqa: BLE001 - whatever it is, no message may pass unlogged
            log.warning("message log cannot be written", error=type(error).__name__, records=len(items))
            self._unwritten = responses[: self._waiting_max]
            self._refuse(_acknowledged(items), "it cannot be written")
            return
        self._written += len(items) - len(refused)
        self._refuse(refused, "the exchange was seen before, or its record cannot be kept")
        gone = set(map(id, refused))
        for each in _acknowledged(items):
            if id(each) not in gone:
                each.done.set_result(None)

    def _commit(
        self, requests: Sequence[_Request], responses: Sequence[ResponseLogged], uses: Sequence[_Use]
    ) -> list[_Request]:
        """Write a batch in one transaction; return the requests that cannot be kept."""
        asked = {id(each): self._rows.request(each.record) for each in requests}
        answered = [row for row in map(self._rows.response, responses) if row is not None]
        nothing: set[messages.Key] = set()
        try:  # what was seen before is rare, and looking for it costs as much as writing
            return self._commit_new((requests, uses), asked, answered, (nothing, nothing))
        except AlreadyThere:
            with self._database.reading() as view:
                seen = messages.requests_there(view, (_key(row) for row in asked.values() if row))
                ended = messages.responses_there(view, map(_key, answered))
            return self._commit_new((requests, uses), asked, answered, (seen, ended))

    def _commit_new(
        self,
        urgent: tuple[Sequence[_Request], Sequence[_Use]],
        asked: Mapping[int, dict[str, object] | None],
        answered: Sequence[dict[str, object]],
        known: tuple[set[messages.Key], set[messages.Key]],
    ) -> list[_Request]:
        """Write what is not `known`, each key once; AlreadyThere when storage knows more."""
        (requests, uses), (seen, ended) = urgent, known
        fresh: dict[messages.Key, dict[str, object]] = {}
        refused = []
        for each in requests:
            row = asked[id(each)]
            if row is None or _key(row) in seen or _key(row) in fresh:
                refused.append(each)
            else:
                fresh[_key(row)] = row
        endings = {_key(row): row for row in reversed(answered) if _key(row) not in ended}
        if fresh or endings or uses:
            with self._database.writing(WRITER, REASON) as write:
                messages.add(write, list(fresh.values()), list(endings.values()))
                self._publish(write, uses)
        return refused

    def _publish(self, write: Writing, uses: Sequence[_Use]) -> None:
        """Publish whose data was used; the count of uses goes on record with it."""
        for each in uses:
            write.publish(published(self._sealer, each.record))
        if uses:
            count_uses(write, len(uses))

    def _refuse(self, items: Sequence[_Request | _Use], why: str) -> None:
        """Tell whoever waits that their record is not written."""
        self._refused += len(items)
        for each in items:
            each.done.set_exception(LogFailed(why))


def _acknowledged(items: Sequence[_Item]) -> list[_Request | _Use]:
    """Return what somebody waits for."""
    return [each for each in items if not isinstance(each, ResponseLogged)]


def _size(item: _Item) -> int:
    """Return how many bytes an item holds, about."""
    if isinstance(item, _Use):
        return USE_BYTES * max(1, len(item.record.persons))
    return len(item.record.head if isinstance(item, _Request) else item.head)


def _key(row: dict[str, object]) -> messages.Key:
    return str(row["exchange"]), str(row["side"])

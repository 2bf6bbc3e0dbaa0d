# SPDX-License-Identifier: EUPL-1.2
"""Pushing events to subscribers through the exchange, at least once, each subscriber on a lane of its own.

A push is made first and its mark set after, so a death between the two repeats the push and never loses
it; the subscriber takes an event by its id. A subscriber that does not answer is left alone for a while
that grows, and holds up nobody else.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import structlog

from flagstone.blocks.exchange.contract.news import EventType, Message, Sender, State
from flagstone.blocks.exchange.contract.news_faults import EventUnknown, PushRefused
from flagstone.blocks.exchange.model.names import subsystem_named
from flagstone.blocks.exchange.model.news import pause
from flagstone.blocks.exchange.model.news_wire import event_body
from flagstone.blocks.exchange.service.news.keeping import NewsService
from flagstone.blocks.exchange.store import news as store
from flagstone.blocks.exchange.store import news_deliveries as queue
from flagstone.blocks.exchange.store.news_tables import deliveries
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Fault
from flagstone.platform.storage.faults import ChangedMeanwhile, NotThere
from flagstone.platform.storage.sql import Row

log = structlog.get_logger("flagstone.news")

LANES = 8
BATCH = 50
WAIT_SECONDS = 2.0
INBOX = "/inbox/"
COURIER = job("delivery of events")
WHY = Reason("Delivery of an event")
_RETRIED = frozenset({408, 425, 429})

Probe = Callable[[str], None]


@dataclass
class Circuit:
    """How often a subscriber did not answer in a row, and until when it is left alone."""

    failures: int = 0
    until: datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: the fault's code, empty when the event was taken."""

    fault: str
    unanswered: bool


class Held:
    """What has to wait because something earlier waits: subjects of a room, and types that keep order."""

    def __init__(self, delayed: Iterable[Row]) -> None:
        """Hold back what comes after `delayed`."""
        self._subjects: set[tuple[str, str]] = set()
        self._types: set[tuple[str, str]] = set()
        for row in delayed:
            self.add(row)

    def add(self, row: Row) -> None:
        """Hold back what comes after `row`."""
        self._types.add((row["room"], row["type"]))
        if row["subject"]:
            self._subjects.add((row["room"], row["subject"]))

    def back(self, row: Row) -> bool:
        """Tell whether `row` has to wait."""
        if row["fifo"] and (row["room"], row["type"]) in self._types:
            return True
        return bool(row["subject"]) and (row["room"], row["subject"]) in self._subjects


class Courier:
    """Carries what is due; one for a site, safe to share between threads."""

    def __init__(
        self,
        news: NewsService,
        sender: Sender,
        *,
        chance: Callable[[], float] = random.SystemRandom().random,
        patience_seconds: float = WAIT_SECONDS,
        probe: Probe = lambda _step: None,
    ) -> None:
        """Push through `sender`; `chance` (0 to 1) spreads attempts, `probe` is told each step.

        A pass waits for its pushes for `patience_seconds`.
        """
        self._news = news
        self._database = news.database
        self._sender = sender
        self._chance = chance
        self._patience_seconds = patience_seconds
        self._probe = probe
        self._lanes = ThreadPoolExecutor(LANES, thread_name_prefix="news-lane")
        self._circuits: dict[str, Circuit] = {}
        self._busy: set[str] = set()
        self._running: list[Future[int]] = []
        self._turn = threading.Lock()
        self._stopping = threading.Event()

    def deliver_due(self) -> int:
        """Push what is due; return how many pushes ended while this pass was patient.

        A subscriber that still works off its lane is left to it; the next pass looks again.
        """
        self._news.upkeep.give_up_late()
        started = [lane for each in self._due() if (lane := self._start(each))]
        done, _ = wait(started, timeout=self._patience_seconds)
        return sum(lane.result() for lane in done)

    def stop(self, seconds: float = 5) -> None:
        """Begin nothing more and wait up to `seconds` for the pushes in hand; what is cut off is repeated."""
        self._stopping.set()
        wait(self._running, timeout=seconds)
        self._lanes.shutdown(wait=False, cancel_futures=True)

    def _due(self) -> list[str]:
        """Return to whom something is due and who is not left alone."""
        now = self._database.clock.now()
        with self._database.reading() as view:
            found = queue.due_subscribers(view, rfc3339(now))
        return [each for each in found if not self._is_left_alone(each, now)]

    def _is_left_alone(self, subscriber: str, now: datetime) -> bool:
        """Tell whether a subscriber did not answer lately."""
        circuit = self._circuits.get(subscriber)
        return circuit is not None and circuit.until is not None and now < circuit.until

    def _start(self, subscriber: str) -> Future[int] | None:
        """Begin a subscriber's lane unless it runs."""
        with self._turn:
            if subscriber in self._busy or self._stopping.is_set():
                return None
            self._busy.add(subscriber)
            lane = self._lanes.submit(self._run, subscriber)
            self._running = [each for each in self._running if not each.done()] + [lane]
        return lane

    def _run(self, subscriber: str) -> int:
        """Push one subscriber's events in their order until one is not answered."""
        try:
            return self._carry(subscriber)
        finally:
            with self._turn:
                self._busy.discard(subscriber)

    def _carry(self, subscriber: str) -> int:
        """Push at most `BATCH` events; return how many attempts were made."""
        now = rfc3339(self._database.clock.now())
        with self._database.reading() as view:
            due = queue.due_rows(view, subscriber, now, BATCH)
            held = Held(queue.delayed_rows(view, subscriber, now))
        made = 0
        for row in due:
            if self._stopping.is_set():
                break
            if held.back(row):
                continue
            made += 1
            outcome = self._push(row)
            if outcome.unanswered:
                break
            if outcome.fault:
                held.add(row)
        return made

    def _push(self, row: Row) -> Outcome:
        """Push one event and set its mark."""
        self._probe("push.due")
        outcome = self._send(row)
        self._probe("push.sent")
        self._remember(row["subscriber"], unanswered=outcome.unanswered)
        try:
            with self._database.writing(COURIER, WHY) as write:
                key = queue.delivery_key(row)
                changes = self._marks(row, outcome, write.at)
                write.update(deliveries, key, changes, expected_revision=row["revision"])
        except (ChangedMeanwhile, NotThere):
            return outcome  # stopped, retried or withdrawn meanwhile; that counts
        self._probe("push.marked")
        return outcome

    def _send(self, row: Row) -> Outcome:
        """Make one attempt."""
        with self._database.reading() as view:
            kept = store.event_anywhere(view, row["event"])
            declared = store.type_row(view, store.event_of(kept).type) if kept else None
        if kept is None:
            return Outcome(EventUnknown.code, unanswered=False)
        event = store.event_of(kept)
        receiver = subsystem_named(row["subscriber"])
        message = Message(event_body(event), _headers(store.type_of(declared) if declared else None))
        path = INBOX + quote(event.type.code, safe="")
        try:
            status = self._sender.send(event.type.room, receiver, row["service"], path, message)
        except Fault as fault:
            return Outcome(fault.code, unanswered=True)
        except Exception as error:  # noqa: BLE001 - one broken push must not stop all later ones
            log.warning("push broken", subscriber=row["subscriber"], error=type(error).__name__)
            return Outcome(type(error).__name__, unanswered=False)
        if 200 <= status < 300:
            return Outcome("", unanswered=False)
        return Outcome(PushRefused.code, unanswered=status >= 500 or status in _RETRIED)

    def _marks(self, row: Row, outcome: Outcome, at: datetime) -> dict[str, Any]:
        """Return what is written after an attempt."""
        attempts = row["attempts"] + 1
        marks: dict[str, Any] = {
            "attempts": attempts,
            "changed_at": rfc3339(at),
            "last_fault": outcome.fault,
        }
        if not outcome.fault:
            return marks | {"state": State.ACKNOWLEDGED.value}
        wait_for = pause(attempts, self._chance())
        if wait_for is None:
            return marks | {"state": State.ABANDONED.value}
        return marks | {"next_at": rfc3339(at + wait_for)}

    def _remember(self, subscriber: str, *, unanswered: bool) -> None:
        """Leave a subscriber alone for longer each time it does not answer."""
        circuit = self._circuits.setdefault(subscriber, Circuit())
        if not unanswered:
            circuit.failures, circuit.until = 0, None
            return
        circuit.failures = min(circuit.failures + 1, 10)
        longer = pause(circuit.failures, self._chance()) or timedelta(0)
        circuit.until = self._database.clock.now() + longer


def _headers(event_type: EventType | None) -> Mapping[str, str]:
    """Return the headers of a push: what it is and why it is sent."""
    headers = {"Content-Type": "application/json"}
    if event_type is not None and event_type.purpose:
        headers["Flagstone-Purpose"] = quote(event_type.purpose, safe="")
    if event_type is not None and event_type.legal_basis:
        headers["Flagstone-Legal-Basis"] = quote(event_type.legal_basis, safe="")
    return headers

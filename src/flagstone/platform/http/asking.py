# SPDX-License-Identifier: EUPL-1.2
"""Ask many others at once within one time limit, and leave those alone for a while that keep failing.

Each source has its own few threads (a bulkhead) and its own circuit breaker: three failures in a row open
it, then the source is not asked until a pause is over, and the next asking is the trial that closes it again.
Nothing is asked twice: whether a question may be repeated is for the asker to know.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import Generic, TypeVar

import structlog

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.client import AnswerRefused

T = TypeVar("T")

log = structlog.get_logger("flagstone.asking")


class Outcome(Enum):
    """How an asking ended."""

    ANSWERED = "answered"
    SILENT = "silent"  # no answer
    LATE = "late"  # no answer in time
    BROKEN = "broken"  # an answer that cannot be used
    REFUSED = "refused"  # an answer that says no


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What one source said; `value` is there when it answered, `fault` when it refused."""

    outcome: Outcome
    value: T | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class AskingBounds:
    """What askings may use up."""

    seconds_max: float = 2.0  # for all of one asking together
    threads_max: int = 32
    at_once_max: int = 4  # askings of one source
    failures_max: int = 3  # in a row, until the breaker opens
    pause_seconds: float = 10.0  # how long an open breaker stays so


class Breaker:
    """The circuit breaker and the bulkhead of one source; safe to share between threads."""

    def __init__(self, bounds: AskingBounds, clock: Callable[[], float] = monotonic) -> None:
        """Start closed; `clock` tells seconds."""
        self._bounds, self._clock = bounds, clock
        self._lock = threading.Lock()
        self._failures, self._under_way, self._open_until = 0, 0, 0.0
        self._why = Outcome.SILENT

    def enter(self) -> Outcome | None:
        """Take a place for one asking and return None; otherwise return why the source is not asked."""
        with self._lock:
            is_open = self._failures >= self._bounds.failures_max
            if is_open and self._clock() < self._open_until:
                return self._why
            if self._under_way >= (1 if is_open else self._bounds.at_once_max):
                return Outcome.LATE
            self._under_way += 1
            return None

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._under_way -= 1

    def note(self, outcome: Outcome) -> None:
        """Count a failure, or forget those before after an answer; a refusal is an answer."""
        with self._lock:
            if outcome in {Outcome.ANSWERED, Outcome.REFUSED}:
                self._failures = 0
                return
            self._failures += 1
            self._why = outcome
            if self._failures >= self._bounds.failures_max:
                self._open_until = self._clock() + self._bounds.pause_seconds


class Asking:
    """Asks in threads of its own; made once a site."""

    def __init__(self, bounds: AskingBounds | None = None, clock: Callable[[], float] = monotonic) -> None:
        """Work within `bounds`; `clock` tells the seconds of the breakers' pauses."""
        self._bounds, self._clock = bounds or AskingBounds(), clock
        self._pool = ThreadPoolExecutor(self._bounds.threads_max, "asking")
        self._breakers: defaultdict[str, Breaker] = defaultdict(lambda: Breaker(self._bounds, self._clock))
        self._lock = threading.Lock()

    def close(self) -> None:
        """Start no more askings; those under way end by their own limits."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask_all(
        self, questions: Mapping[str, Callable[[], T]], *, seconds_max: float | None = None
    ) -> dict[str, Asked[T]]:
        """Put each question to its source at once; return what was said in time, for every source.

        A source that has not answered after `seconds_max` (by default that of the bounds) is late.
        """
        limit = self._bounds.seconds_max if seconds_max is None else seconds_max
        said: dict[str, Asked[T]] = {}
        under_way: dict[str, Future[Asked[T]]] = {}
        for source, question in questions.items():
            turned_away = self._breaker(source).enter()
            if turned_away is None:
                under_way[source] = self._begin(source, question)
            else:
                said[source] = Asked(turned_away)
        wait(under_way.values(), timeout=limit)
        for source, future in under_way.items():
            said[source] = self._ended(source, future)
        return {source: said[source] for source in questions}

    def _breaker(self, source: str) -> Breaker:
        with self._lock:
            return self._breakers[source]

    def _begin(self, source: str, question: Callable[[], T]) -> Future[Asked[T]]:
        """Ask in a thread, with the log's context of this one."""
        breaker, context = self._breaker(source), copy_context()
        future = self._pool.submit(context.run, _asked, source, question)
        future.add_done_callback(lambda _: breaker.leave())
        return future

    def _ended(self, source: str, future: Future[Asked[T]]) -> Asked[T]:
        """Return what was said in time and note how it went; what comes later is not looked at."""
        in_time = future.done() and not future.cancelled()
        found: Asked[T] = future.result() if in_time else Asked(Outcome.LATE)
        if not in_time:
            future.cancel()
        self._breaker(source).note(found.outcome)
        return found


def _asked(source: str, question: Callable[[], T]) -> Asked[T]:
    """Put one question and tell how it ended; nothing is raised."""
    try:
        return Asked(Outcome.ANSWERED, question())
    except AnswerRefused:
        return Asked(Outcome.BROKEN)
    except Fault as fault:
        silent = fault.kind in {Kind.UNAVAILABLE, Kind.TOO_MANY, Kind.INTERNAL}
        return Asked(Outcome.SILENT) if silent else Asked(Outcome.REFUSED, fault=fault)
    except Exception as error:  # noqa: BLE001 - one source's nonsense must not cost the others' answers
        log.warning("answer could not be used", source=source, error=type(error).__name__)
        return Asked(Outcome.BROKEN)

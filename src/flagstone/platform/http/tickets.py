# SPDX-License-Identifier: EUPL-1.2
"""Tickets of one use: how a part of this site calls its own web port as somebody whom it vouches for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from secrets import token_urlsafe
from threading import Lock
from time import monotonic

from flagstone.platform.http.principal import Principal

TICKET_SECONDS = 60.0
TICKETS_MAX = 4096


class Tickets:
    """Bearer tokens (RFC 6750) kept in memory: each is good once and for `TICKET_SECONDS`.

    At most `tickets_max` wait to be used; past that the oldest is forgotten. Any thread may call.
    """

    def __init__(self, *, tickets_max: int = TICKETS_MAX, seconds: Callable[[], float] = monotonic) -> None:
        self._tickets_max = tickets_max
        self._seconds = seconds
        self._waiting: OrderedDict[str, tuple[float, Principal]] = OrderedDict()
        self._lock = Lock()

    def issue(self, principal: Principal) -> str:
        """Return a new token that stands for `principal`: 43 characters of the URL alphabet."""
        token = token_urlsafe(32)
        with self._lock:
            now = self._seconds()
            self._waiting[token] = (now + TICKET_SECONDS, principal)
            self._forget(now)
        return token

    def find(self, token: str) -> Principal | None:
        """Return whom `token` stands for and forget it; None when it was used, ended or never issued."""
        with self._lock:
            ends, principal = self._waiting.pop(token, (0.0, None))
            return principal if self._seconds() < ends else None

    def waits(self, token: str) -> bool:
        """Tell whether `token` is a ticket that was not used yet; it stays good."""
        with self._lock:
            ends, _ = self._waiting.get(token, (0.0, None))
            return self._seconds() < ends

    def waiting(self) -> int:
        """Count the tickets that wait to be used."""
        return len(self._waiting)

    def _forget(self, now: float) -> None:
        """Drop what has ended, oldest first, and what is too many."""
        while self._waiting:
            oldest = next(iter(self._waiting))
            if len(self._waiting) <= self._tickets_max and self._waiting[oldest][0] > now:
                return
            del self._waiting[oldest]

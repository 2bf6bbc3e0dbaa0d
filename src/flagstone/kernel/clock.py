# SPDX-License-Identifier: EUPL-1.2
"""Time as an argument: UTC instants and their RFC 3339 text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time; given to whoever needs it, never taken from the system inside."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is moved; for tests and for replays."""

    def __init__(self, instant: datetime) -> None:
        """Start at `instant`, which must be aware."""
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant that was set."""
        return self._instant

    def advance(self, duration: timedelta) -> None:
        """Move the clock forward by `duration`."""
        self._instant += duration


def rfc3339(instant: datetime) -> str:
    """Return `instant` as RFC 3339 text in UTC with microseconds, `2026-11-22T08:00:00.000000Z`.

    The width is fixed, so that text order is time order.
    Raises ValueError for an instant without a time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_rfc3339(text: str) -> datetime:
    """Return the UTC instant that the RFC 3339 `text` names; ValueError when it has no offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset such as Z")
    return instant.astimezone(UTC)

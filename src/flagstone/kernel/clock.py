# SPDX-License-Identifier: EUPL-1.2
"""Time as an argument: UTC instants and their RFC 3339 text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,30})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
"""The grammar of RFC 3339, 5.6, narrower than all that ISO 8601 allows."""


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
        """Start at `instant`; ValueError unless it has a time zone."""
        if instant.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant that was set."""
        return self._instant

    def advance(self, duration: timedelta) -> None:
        """Move the clock forward by `duration`."""
        self._instant += duration


def rfc3339(instant: datetime) -> str:
    """Return `instant` as RFC 3339 text in UTC with microseconds, `2026-11-22T08:00:00.000000Z`.

    The width is fixed, so that text order is time order. Raises ValueError for an instant without a
    time zone, and for one that UTC's calendar does not have.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return _in_utc(instant).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Return the UTC instant that the RFC 3339 `text` names, to the microsecond; ValueError otherwise.

    An offset is compulsory; a leap second is refused, because a datetime has none.
    """
    if not RFC3339.fullmatch(text):
        raise ValueError("it is not RFC 3339 text with an offset such as Z")
    return _in_utc(datetime.fromisoformat(text.upper()))


def _in_utc(instant: datetime) -> datetime:
    """Return an aware instant in UTC; ValueError when that lies outside the years 1 to 9999."""
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the instant lies outside the years 1 to 9999") from error

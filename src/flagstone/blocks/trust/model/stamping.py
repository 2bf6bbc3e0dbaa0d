# SPDX-License-Identifier: EUPL-1.2
"""Serial numbers and times of stamps: reserved on record before they are given out, never given out twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flagstone.blocks.trust.contract.faults import ClockBehind

BLOCK = 1_000
"""Serial numbers that are reserved at once."""

LEASE = timedelta(seconds=2)
"""How long a reservation lasts: what a clock can go back unseen across a kill, and no more."""


@dataclass(frozen=True)
class Reserved:
    """Serial numbers from `first` up to and not including `end`, for stamps from `at` until `until`."""

    first: int
    end: int
    at: datetime
    until: datetime


def reserved(next_serial: int, last: datetime | None, now: datetime) -> Reserved:
    """Return a reservation from `next_serial` on; ClockBehind when `now` is before `last` on record."""
    require_forward(last, now)
    return Reserved(next_serial, next_serial + BLOCK, now, now + LEASE)


def require_forward(last: datetime | None, now: datetime) -> None:
    """Raise ClockBehind when `now` is before `last`."""
    if last is not None and now < last:
        raise ClockBehind(f"by {(last - now).total_seconds():.3f} seconds")


def covers(block: Reserved, serial: int, now: datetime) -> bool:
    """Tell whether a reservation still gives the serial number, at this time."""
    return serial < block.end and now < block.until

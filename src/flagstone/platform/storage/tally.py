# SPDX-License-Identifier: EUPL-1.2
"""How many readings of personal data one piece of work recorded, whichever databases it used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Tally:
    """Counts the rows of `person_read` that were committed."""

    readings: int = 0


_kept: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def tallied() -> Iterator[Tally]:
    """Count what is recorded within the block, also by threads that are given a copy of its context."""
    tally = Tally()
    token = _kept.set(tally)
    try:
        yield tally
    finally:
        _kept.reset(token)


def recorded(readings: int) -> None:
    """Add to the count of whoever counts."""
    tally = _kept.get()
    if tally is not None:
        tally.readings += readings

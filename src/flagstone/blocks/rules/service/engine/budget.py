# SPDX-License-Identifier: EUPL-1.2
"""A calculation may take so long and no longer; then it is stopped where it is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flagstone.blocks.rules.contract.faults import BudgetSpent


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Raise BudgetSpent inside when it takes longer than `seconds` of wall time.

    For the main thread of a worker process only, one at a time: it uses the process's alarm. What is under
    way in a native library ends first.
    """
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise BudgetSpent

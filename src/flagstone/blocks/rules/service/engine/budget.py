# SPDX-License-Identifier: EUPL-1.2
"""A calculation may take so long and no longer; then it is stopped where it is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flagstone.blocks.rules.contract.faults import BudgetSpent


class Budget:
    """How long each of a process's calculations may take, in seconds of wall time.

    For the main thread of a worker process only, one calculation at a time: it uses the process's alarm. What
    is under way in a native library ends first.
    """

    def __init__(self, seconds: float) -> None:
        """Allow `seconds`; from now on the process's alarm is this budget's."""
        self._seconds = seconds
        signal.signal(signal.SIGALRM, _stop)

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Raise BudgetSpent inside when it takes longer."""
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise BudgetSpent

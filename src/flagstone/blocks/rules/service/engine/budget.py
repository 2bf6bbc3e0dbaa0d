# SPDX-License-Identifier: EUPL-1.2
"""A calculation may take so long and no longer; then it is stopped where it is."""

from __future__ import annotations

import signal
from time import monotonic
from types import FrameType
from typing import Self

from flagstone.blocks.rules.contract.faults import BudgetSpent

_NEVER = float("inf")
_SOON = 0.001  # seconds: the alarm may ring that much early


class Budget:
    """How long each of a process's calculations may take, in seconds of wall time.

    For the main thread of a worker process only, one calculation at a time: it uses the process's alarm. What
    is under way in a native library ends first. The alarm is left set from one calculation to the next, and
    is set anew when it rings too early: most never hear it.
    """

    def __init__(self, seconds: float) -> None:
        """Allow `seconds`; from now on the process's alarm is this budget's."""
        self._seconds = seconds
        self._end = _NEVER
        self._is_set = False
        signal.signal(signal.SIGALRM, self._rung)

    def spent(self) -> Self:
        """Raise BudgetSpent inside `with` when it takes longer."""
        return self

    def __enter__(self) -> None:
        """Begin to count."""
        self._end = monotonic() + self._seconds
        if not self._is_set:
            self._set(self._seconds)

    def __exit__(self, *_raised: object) -> None:
        """Count no longer."""
        self._end = _NEVER

    def _set(self, seconds: float) -> None:
        self._is_set = True
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _rung(self, _signal: int, _frame: FrameType | None) -> None:
        self._is_set = False
        left = self._end - monotonic()
        if left < _SOON:
            raise BudgetSpent
        if self._end != _NEVER:
            self._set(left)

# SPDX-License-Identifier: EUPL-1.2
"""What came of running a law's own tests."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.blocks.rules.contract.calculation import Mode


@dataclass(frozen=True)
class SuiteRun:
    """How many tests passed, which failed and why, and what computed them."""

    law_digest: str
    mode: Mode
    passed: int
    skipped: int
    failed: tuple[str, ...]
    cpu_seconds: float
    hooks: tuple[str, ...]
    hooks_off: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Tell whether there was something to run and nothing failed."""
        return self.passed > 0 and not self.failed

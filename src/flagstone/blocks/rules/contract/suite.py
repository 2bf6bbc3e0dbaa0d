# SPDX-License-Identifier: EUPL-1.2
"""What came of running a law's own tests."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.blocks.rules.contract.calculation import Mode


@dataclass(frozen=True)
class SuiteRun:
    """How many tests passed, which failed and why, and what computed them.

    `home` is the folder in which the law was at work, `hanging` names the files that it asked for by names
    that hang on that folder (20 at most), and `same_elsewhere` tells whether it is the same law when it is
    loaded in an empty folder.
    """

    law_digest: str
    mode: Mode
    passed: int
    skipped: int
    failed: tuple[str, ...]
    cpu_seconds: float
    hooks: tuple[str, ...]
    hooks_off: tuple[str, ...]
    home: str = ""
    hanging: tuple[str, ...] = ()
    same_elsewhere: bool = True

    @property
    def good(self) -> bool:
        """Tell whether there was something to run and nothing failed."""
        return self.passed > 0 and not self.failed

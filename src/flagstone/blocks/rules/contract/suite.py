# SPDX-License-Identifier: EUPL-1.2
"""What came of running a law's own tests."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.blocks.rules.contract.calculation import Mode


@dataclass(frozen=True)
class SuiteRun:
    """How many tests passed, which failed and why and at which `places`, and what computed them.

    `home` is the folder in which the law was at work, `hanging` names the files that it asked for by names
    that hang on that folder (20 at most), and `same_elsewhere` tells whether it is the same law when it is
    loaded in an empty folder. `narrow` names tests that are passed with amounts of 32 bits, as OpenFisca
    has them, and not with ours of 64: they expect the errors of the narrow ones.
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
    places: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Tell whether there was something to run and nothing failed."""
        return self.passed > 0 and not self.failed

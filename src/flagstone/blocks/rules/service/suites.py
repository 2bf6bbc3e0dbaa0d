# SPDX-License-Identifier: EUPL-1.2
"""Runs a law's own tests in a process of their own, which keeps their law, mode and hooks to itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.suite import SuiteRun

_COMMAND = (sys.executable, "-m", "flagstone.blocks.rules.service.engine.suites")


def run(name: LawName, paths: Sequence[Path], mode: Mode) -> SuiteRun:
    """Run every test below `paths`, or without any those that the package ships; LawUnavailable.

    The tests run in the present folder, on which some laws depend; progress goes to the standard error.
    """
    task = {
        "package": name.package,
        "extensions": name.extensions,
        "reforms": name.reforms,
        "paths": [str(path) for path in paths],
        "mode": mode.value,
    }
    ended = subprocess.run(  # noqa: S603 - our own module, by this Python
        _COMMAND, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=False
    )
    if ended.returncode:
        raise LawUnavailable(f"{name.package}: the tests' process ended with status {ended.returncode}")
    done = json.loads(ended.stdout)
    if "fault" in done:
        raise LawUnavailable(done["fault"])
    lists = {key: tuple(done[key]) for key in ("failed", "hooks", "hooks_off")}
    return SuiteRun(**{**done, **lists, "mode": Mode(done["mode"])})

# SPDX-License-Identifier: EUPL-1.2
"""Runs the tests that a law's own authors wrote, all of them, and counts."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from openfisca_core.tools.test_runner import OpenFiscaPlugin

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.suite import SuiteRun
from flagstone.blocks.rules.service.engine.home import go_home, watched
from flagstone.blocks.rules.service.engine.hooks import Installed
from flagstone.blocks.rules.service.engine.loading import Law, load, settle, tests_of
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.blocks.rules.service.engine.precision import stay_narrow, wide
from flagstone.blocks.rules.service.engine.room import with_room

_PLACE = "place"
_QUIET = (
    "-c",
    os.devnull,
    "-q",
    "--no-header",
    "--no-summary",
    "--continue-on-collection-errors",
    "-p",
    "no:cacheprovider",
)


@dataclass(eq=False)
class _Counting:
    """Notes how each test ended; a plugin of pytest."""

    passed: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Give each test of a file its number: those of YAML files have no names of their own."""
        numbers: Counter[str] = Counter()
        for item in items:
            numbers[str(item.path)] += 1
            item.user_properties.append((_PLACE, f"{item.path}#{numbers[str(item.path)]}"))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a test once: at its call, or where it broke before or after."""
        if report.failed:
            self.failed.append(f"{report.nodeid}: {str(report.longrepr).strip()[-400:]}")
            self.places.append(dict(report.user_properties).get(_PLACE, ""))
        elif report.skipped:
            self.skipped += 1
        elif report.when == "call":
            self.passed += 1

    def pytest_collectreport(self, report: Any) -> None:
        """Count a file that could not be read as failed."""
        if report.failed:
            self.failed.append(f"{report.nodeid}: {str(report.longrepr).strip()[-400:]}")
            self.places.append("")


def run(name: LawName, paths: Sequence[str], mode: Mode) -> SuiteRun:
    """Run every test below `paths` (files or folders of YAML), or without any those that the package ships.

    The process keeps the mode and goes to the law's home: run each suite in a process of its own. Raises
    LawUnavailable.
    """
    paths = [str(Path(each).resolve()) for each in paths]
    go_home(name.package)
    installed = enter(mode)
    with watched((name.package, *name.extensions)) as hanging:
        law = load(name)
        settle()
        return _run(law, paths, (mode, installed), hanging)


def _run(law: Law, paths: Sequence[str], how: tuple[Mode, Installed], hanging: list[str]) -> SuiteRun:
    name, (mode, installed) = law.snapshot.name, how
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = (
        "1"  # plugins that happen to be installed are not the law's
    )
    counting = _Counting()
    started = process_time()
    with wide():  # reforms that a test names are loaded while it runs
        pytest.main(
            [*_QUIET, *(paths or [str(tests_of(name.package))])],
            plugins=[OpenFiscaPlugin(law.system, {}), counting],
        )
    return SuiteRun(
        law_digest=law.snapshot.digest,
        mode=mode,
        passed=counting.passed,
        skipped=counting.skipped,
        failed=tuple(counting.failed),
        places=tuple(counting.places),
        cpu_seconds=process_time() - started,
        hooks=installed.at_work,
        hooks_off=installed.switched_off,
        home=str(Path.cwd()),
        hanging=tuple(hanging),
    )


def main() -> None:
    """Run the suite that the standard input describes; its progress goes to the standard error.

    The result is JSON on the standard output: a SuiteRun, or `fault` with what stands in the way. Without
    `paths` to run it is the law's digest when it is loaded where the process began.
    """
    task = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w") as told:
        os.dup2(2, 1)  # whatever a law or pytest prints is progress
        name = LawName(task["package"], tuple(task["extensions"]), tuple(task["reforms"]))
        try:
            mode = Mode(task["mode"])
            if task.get("narrow"):
                stay_narrow()
            done: dict[str, object]
            if "paths" in task:
                done = asdict(run(name, task["paths"], mode))
            else:
                done = {"law_digest": load(name).snapshot.digest}
        except LawUnavailable as unavailable:
            done = {"fault": unavailable.detail}
        json.dump(done, told, default=lambda mode: mode.value)


if __name__ == "__main__":
    with_room(main)

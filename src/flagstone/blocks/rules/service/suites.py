# SPDX-License-Identifier: EUPL-1.2
"""Runs a law's own tests in a process of their own, which keeps their law, mode and hooks to itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.suite import SuiteRun

_COMMAND = (sys.executable, "-m", "flagstone.blocks.rules.service.engine.suites")


def run(name: LawName, paths: Sequence[Path], mode: Mode) -> SuiteRun:
    """Run every test below `paths`, or without any those that the package ships; LawUnavailable.

    The law is at work in the folder that holds its package, and is loaded once more in an empty one, since
    some laws depend on the folder; progress goes to the standard error.
    """
    law: dict[str, object] = {
        "package": name.package,
        "extensions": name.extensions,
        "reforms": name.reforms,
        "mode": mode.value,
    }
    done = _told(name, law | {"paths": [str(path) for path in paths]}, Path.cwd())
    lists = {key: tuple(done[key]) for key in ("failed", "hooks", "hooks_off", "hanging", "places", "narrow")}
    same = _digest_elsewhere(name, law) == done["law_digest"]
    whole = SuiteRun(**{**done, **lists, "mode": Mode(done["mode"]), "same_elsewhere": same})
    return _with_narrow(whole, name, law) if any(whole.places) else whole


def _with_narrow(wide: SuiteRun, name: LawName, law: Mapping[str, object]) -> SuiteRun:
    """Count as passed what is passed with amounts of the width that plain OpenFisca has, and say so."""
    files = sorted({place.rpartition("#")[0] for place in wide.places if place})
    again = _told(name, {**law, "paths": files, "narrow": True}, Path.cwd())
    kept = [number for number, place in enumerate(wide.places) if not place or place in again["places"]]
    narrow = tuple(place for place in wide.places if place and place not in again["places"])
    return replace(
        wide,
        passed=wide.passed + len(narrow),
        failed=tuple(wide.failed[number] for number in kept),
        places=tuple(wide.places[number] for number in kept),
        narrow=narrow,
    )


def _digest_elsewhere(name: LawName, law: Mapping[str, object]) -> str:
    """Return the law's fingerprint when it is loaded in an empty folder; empty when it cannot be."""
    with TemporaryDirectory() as empty:
        try:
            return str(_told(name, law, Path(empty))["law_digest"])
        except LawUnavailable:
            return ""


def _told(name: LawName, task: Mapping[str, object], folder: Path) -> dict[str, Any]:
    """Give a process in `folder` its task and return what it tells; LawUnavailable."""
    path = os.pathsep.join([str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])])
    ended = subprocess.run(  # noqa: S603 - our own module, by this Python
        _COMMAND,
        input=json.dumps(task),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
    )
    if ended.returncode:
        raise LawUnavailable(f"{name.package}: the tests' process ended with status {ended.returncode}")
    done: dict[str, Any] = json.loads(ended.stdout)
    if "fault" in done:
        raise LawUnavailable(str(done["fault"]))
    return done

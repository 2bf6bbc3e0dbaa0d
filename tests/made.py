# SPDX-License-Identifier: EUPL-1.2
"""Aralia's data, made once for all tests of a run that need it, and copied for each of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aralia.sites import sites

MAKE_SECONDS_MAX = 300


def furnish(data: Path, factory: pytest.TempPathFactory) -> None:
    """Fill the folder `data` with every site of Aralia, as `flagstone up` makes it the first time."""
    shutil.copytree(_made(factory), data)


def _made(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all workers of this run share, made by whoever comes first."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made, done = shared / "aralia-made", shared / "aralia-done"
    with (shared / "aralia-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            for site in sites():
                _make(made, site.code)
            done.touch()
    return made


def _make(data: Path, site: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLAGSTONE_")}
    command = [sys.executable, "-m", "flagstone", "make", "--data", str(data), "--site", site]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=MAKE_SECONDS_MAX, env=own, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr

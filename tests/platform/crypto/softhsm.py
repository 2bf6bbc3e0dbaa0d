# SPDX-License-Identifier: EUPL-1.2
"""A SoftHSM token of one test process, where SoftHSM is on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "914627"


def softhsm(folder: Path, label: str) -> tuple[Path, Path]:
    """Make a token `label` in a store of the process; return the module and the file of its PIN."""
    if shutil.which("softhsm2-util") is None or not MODULE.exists():
        pytest.skip("component missing: SoftHSM")
    home = Path(os.environ.get("SOFTHSM2_CONF", "/nowhere")).parent
    if not (home / "of-flagstone-tests").exists():
        home = folder / "softhsm"
        (home / "tokens").mkdir(parents=True)
        (home / "of-flagstone-tests").touch()
        (home / "softhsm2.conf").write_text(f"directories.tokendir = {home}/tokens\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(home / "softhsm2.conf")
    command = [
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        label,
        "--pin",
        PIN,
        "--so-pin",
        "735182",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    pin_file = folder / "keys" / f"pin-{label}"
    pin_file.parent.mkdir(mode=0o700, exist_ok=True)
    pin_file.touch(mode=0o600)
    pin_file.write_text(f"{PIN}\n")
    return MODULE, pin_file

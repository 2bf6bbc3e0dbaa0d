# SPDX-License-Identifier: EUPL-1.2
"""The published schemas, laid out as they refer to each other, and xmllint to validate with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import VECTORS

XMLLINT = shutil.which("xmllint")
needs_xmllint = pytest.mark.skipif(XMLLINT is None, reason="xmllint is not installed")
CORE = "lib__globalconf-core__src__globalconf__"


def laid_out(folder: Path) -> Path:
    """Put the schemas of configurations below `folder` where their references find each other."""
    for file in (VECTORS / "xsd").glob(f"{CORE}*.xsd"):
        version, _, name = file.name.removeprefix(CORE).partition("__")
        target = folder / "globalconf" / version / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    shutil.copyfile(VECTORS / "xsd/common__common-domain__src__identifiers.xsd", folder / "identifiers.xsd")
    return folder / "globalconf"


def flaws(schema: Path, document: bytes) -> str:
    """Return what xmllint says against a document; empty when it is valid."""
    done = subprocess.run(
        [str(XMLLINT), "--noout", "--nonet", "--schema", str(schema), "-"],
        input=document,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr.decode()

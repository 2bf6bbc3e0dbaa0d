# SPDX-License-Identifier: EUPL-1.2
"""The reference pages and the map say what the code says: every error, setting, event, command and route."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from flagstone.blocks.registry.contract.register import Field, RegisterDefinition

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.slow
def test_the_written_pages_are_fresh() -> None:
    script = ROOT / "scripts" / "write_reference.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", [RegisterDefinition, Field])
def test_every_key_of_a_register_is_explained(kind: type[RegisterDefinition] | type[Field]) -> None:
    page = (REFERENCE / "register-definitions.md").read_text()
    assert [each.name for each in fields(kind) if f"`{each.name}`" not in page] == []


def test_every_route_says_who_may_call_it() -> None:
    rows = [line for line in (REFERENCE / "routes.md").read_text().splitlines() if line.startswith("| ")]
    assert len(rows) > 30
    assert [row for row in rows if row.endswith("| None |")] == []

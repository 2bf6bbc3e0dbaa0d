# SPDX-License-Identifier: EUPL-1.2
"""Terminals for the guides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.terminal import ROOT, Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in an empty folder; what it leaves running is stopped."""
    opened = Terminal(tmp_path)
    yield opened
    opened.stop()


@pytest.fixture
def haven(terminal: Terminal) -> Terminal:
    """A terminal in a small country with trust services."""
    lands = [str(ROOT / "tests" / "docs" / "lands"), str(ROOT / "tests" / "app" / "lands")]
    terminal.environment |= {"FLAGSTONE_COUNTRY": "haven", "PYTHONPATH": ":".join(lands)}
    return terminal

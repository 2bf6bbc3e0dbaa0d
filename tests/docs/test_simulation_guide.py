# SPDX-License-Identifier: EUPL-1.2
"""The guide to simulations does what it says."""

from __future__ import annotations

import pytest
from tests.docs.terminal import DOCS, Terminal, follow


@pytest.mark.slow
def test_the_guide_to_simulations(terminal: Terminal) -> None:
    follow(DOCS / "how-to" / "simulate-a-reform.md", terminal)
    assert {each.name for each in (terminal.folder / "simulations" / "surveyed").iterdir()} == {
        "report.csv",
        "report.html",
        "report.json",
    }

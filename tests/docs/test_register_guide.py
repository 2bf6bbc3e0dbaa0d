# SPDX-License-Identifier: EUPL-1.2
"""The guide from a file to a service does what it says."""

from __future__ import annotations

import sys
import time

import pytest
from tests.docs.terminal import DOCS, Terminal, follow
from tests.made import furnish


@pytest.mark.slow
def test_a_file_becomes_a_service_that_another_agency_calls(
    terminal: Terminal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    furnish(terminal.folder / "land", tmp_path_factory)
    began = time.monotonic()
    follow(DOCS / "how-to" / "bring-a-register-onto-the-exchange.md", terminal)
    seconds = time.monotonic() - began
    sys.stderr.write(f"the country started, a file offered, called and closed: {seconds:.0f} s\n")
    assert terminal.stop() == 0

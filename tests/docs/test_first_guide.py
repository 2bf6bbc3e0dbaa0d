# SPDX-License-Identifier: EUPL-1.2
"""The first ten minutes do what they say."""

from __future__ import annotations

import pytest
from tests.docs.terminal import DOCS, Terminal, follow


@pytest.mark.slow
def test_the_first_ten_minutes(terminal: Terminal) -> None:
    follow(DOCS / "tutorials" / "first-ten-minutes.md", terminal)
    assert terminal.stop() in {0, 130}

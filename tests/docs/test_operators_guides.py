# SPDX-License-Identifier: EUPL-1.2
"""The guides for operators do what they say."""

from __future__ import annotations

import pytest
from tests.docs.terminal import DOCS, Terminal, follow


@pytest.mark.slow
def test_the_guides_for_operators(terminal: Terminal) -> None:
    """Imports, checkpoints and verification, on a small country made by `new-country`."""
    terminal.run("flagstone new-country mistria mistria")
    terminal.environment |= {"FLAGSTONE_COUNTRY": "mistria", "PYTHONPATH": str(terminal.folder / "mistria")}
    terminal.run("flagstone make")
    follow(DOCS / "how-to" / "import-a-register.md", terminal)
    assert "Newland" in (terminal.folder / "newland.json").read_text()
    follow(DOCS / "how-to" / "verify-the-audit-log.md", terminal)
    follow(DOCS / "how-to" / "connect-an-information-system.md", terminal)
    assert terminal.stop() == 0

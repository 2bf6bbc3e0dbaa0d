# SPDX-License-Identifier: EUPL-1.2
"""The guide to evidence does what it says."""

from __future__ import annotations

import shutil

import pytest
from tests.docs.terminal import DOCS, Terminal, follow
from tests.made import furnish


@pytest.mark.slow
def test_evidence_is_verified(terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> None:
    if shutil.which("zip") is None or shutil.which("unzip") is None:
        pytest.skip("component missing: zip and unzip")
    furnish(terminal.folder / "land", tmp_path_factory)
    follow(DOCS / "how-to" / "verify-evidence.md", terminal)
    assert terminal.stop() == 0

# SPDX-License-Identifier: EUPL-1.2
"""The guide to a global configuration does what it says."""

from __future__ import annotations

import pytest
from tests.docs.terminal import DOCS, Terminal, follow
from tests.made import furnish


@pytest.mark.slow
def test_a_global_configuration_is_published(
    terminal: Terminal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    furnish(terminal.folder / "land", tmp_path_factory)
    follow(DOCS / "how-to" / "publish-a-global-configuration.md", terminal)
    assert terminal.stop() == 0

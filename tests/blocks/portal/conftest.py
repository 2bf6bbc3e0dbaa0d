# SPDX-License-Identifier: EUPL-1.2
"""A portal on a fresh database beside a real provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.blocks.portal.site import Site, make_site

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock


@pytest.fixture
def site(open_database: OpenDatabase, tmp_path: Path, clock: SetClock) -> Site:
    return make_site(open_database, tmp_path, clock)

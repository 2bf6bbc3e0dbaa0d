# SPDX-License-Identifier: EUPL-1.2
"""Processes that compute by Aralia's law, the same for all tests of decisions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.blocks.rules.decided import Deciding, Plain, deciding, pool

from flagstone.blocks.rules.store.tables import SCHEMA

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@pytest.fixture(scope="session")
def aralia() -> Iterator[Plain]:
    """Warm processes that compute by Aralia's law."""
    engine = pool()
    yield engine
    engine.close()


@pytest.fixture
def site(open_database: OpenDatabase, tmp_path: Path, aralia: Plain) -> Deciding:
    """A site that decides, on each of the engines of databases."""
    return deciding(open_database(SCHEMA), tmp_path, aralia)

# SPDX-License-Identifier: EUPL-1.2
"""Processes that compute by Aralia's law, the same for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.blocks.rules.decided import Deciding, Plain, deciding, pool
from tests.empty import placed

from flagstone.blocks.rules.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage.database import Database

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@pytest.fixture(scope="session")
def aralia() -> Iterator[Plain]:
    """Warm processes that compute by Aralia's law."""
    engine = pool()
    yield engine
    engine.close()


@pytest.fixture
def lone(tmp_path: Path, clock: SetClock, aralia: Plain) -> Iterator[Deciding]:
    """A site that decides, on SQLite alone, for what does not depend on the engine."""
    place = placed(SCHEMA, tmp_path / "rules.sqlite")
    database = Database(SCHEMA, place, "aralia/test/rules", clock=clock)
    yield deciding(database, tmp_path, aralia)
    database.close()


@pytest.fixture
def site(open_database: OpenDatabase, tmp_path: Path, aralia: Plain) -> Deciding:
    """A site that decides, on each of the engines of databases."""
    return deciding(open_database(SCHEMA), tmp_path, aralia)

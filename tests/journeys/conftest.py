# SPDX-License-Identifier: EUPL-1.2
"""One country for all journeys, made once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.journeys.state import State, running
from tests.made import furnish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """Aralia's five agencies, running."""
    folder: Path = tmp_path_factory.mktemp("state")
    furnish(folder / "data", tmp_path_factory)
    with running(folder) as found:
        yield found

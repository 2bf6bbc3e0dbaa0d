# SPDX-License-Identifier: EUPL-1.2
"""An exchange of two servers, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flagstone.blocks.exchange.web.path.bounds import PathBounds

from .rig import Exchange


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """Two servers that lose patience soon."""
    bounds = PathBounds(peer_seconds=2.0, failures_max=3, open_seconds=0.3, at_service_max=2)
    with Exchange(bounds=bounds) as made:
        yield made

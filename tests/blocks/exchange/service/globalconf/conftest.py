# SPDX-License-Identifier: EUPL-1.2
"""A centre with its web server, for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import Centre, Web, centre, web

from flagstone.kernel.clock import SetClock


@pytest.fixture
def site(tmp_path: Path, clock: SetClock) -> Iterator[Web]:
    """A web server that serves nothing yet."""
    with web() as found:
        yield found


@pytest.fixture
def publishing(tmp_path: Path, clock: SetClock, site: Web) -> Iterator[Centre]:
    """A centre that has published at the address of `site`."""
    with centre(tmp_path, clock) as found:
        found.address[0] = site.address
        found.publisher.publish()
        site.folder = found.folder
        yield found

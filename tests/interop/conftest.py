# SPDX-License-Identifier: EUPL-1.2
"""An exchange of two servers for the tests of r1."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.blocks.exchange.web.path.rig import Exchange
from tests.blocks.exchange.web.path.system import echo


@pytest.fixture(scope="module")
def shared() -> Iterator[Exchange]:
    """One exchange for all tests of a module."""
    with Exchange() as made:
        yield made


@pytest.fixture
def exchange(shared: Exchange) -> Exchange:
    """The exchange of the module with what it had at first, and nothing asked."""
    shared.offer()
    shared.provider.react = echo
    shared.provider.asked.clear()
    for site in (shared.asking, shared.telling):
        site.log.requests.clear()
        site.log.responses.clear()
    return shared

# SPDX-License-Identifier: EUPL-1.2
"""The forms of each contract: the service on SQLite and on PostgreSQL, and the client over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA
from flagstone.platform.storage.database import Database
from tests.blocks.registry.web.over_http import over_http
from tests.contracts.registers import CHECKS, PEOPLE, PLACES, SITE, WHY, definition
from tests.contracts.sealer import ToySealer

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@pytest.fixture
def registry_database(open_database: OpenDatabase) -> Database:
    """The registry's own database."""
    return open_database(SCHEMA)


@pytest.fixture
def registry_service(registry_database: Database) -> Service:
    """The registry's service, without any register."""
    return Service(registry_database, ToySealer(), CHECKS)


@pytest.fixture(params=["service", "http"])
def registry(request: pytest.FixtureRequest, registry_service: Service) -> Registry:
    """One form of the registry, with the registers `places` and `people` published."""
    registry_service.publish(SITE, definition(PLACES), WHY)
    registry_service.publish(SITE, definition(PEOPLE), WHY)
    return registry_service if request.param == "service" else over_http(registry_service)

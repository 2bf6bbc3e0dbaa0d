# SPDX-License-Identifier: EUPL-1.2
"""The forms of each contract: the service on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from flagstone.blocks.registry.contract import Registry
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA
from flagstone.platform.storage.database import Database
from tests.contracts.registers import CHECKS, PEOPLE, PLACES, SITE, WHY, definition

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


class ToySealer:
    """Hides bytes behind a digest of their context; enough to see what is sealed and where it opens."""

    def seal(self, context: str, plaintext: bytes) -> bytes:
        mask = hashlib.sha256(context.encode()).digest()
        return mask[:8] + bytes(byte ^ mask[place % 32] for place, byte in enumerate(plaintext))

    def open(self, context: str, sealed: bytes) -> bytes:
        mask = hashlib.sha256(context.encode()).digest()
        if sealed[:8] != mask[:8]:
            raise ValueError("sealed for another place")
        return bytes(byte ^ mask[place % 32] for place, byte in enumerate(sealed[8:]))


@pytest.fixture
def registry_database(open_database: OpenDatabase) -> Database:
    """The registry's own database."""
    return open_database(SCHEMA)


@pytest.fixture
def registry_service(registry_database: Database) -> Service:
    """The registry's service, without any register."""
    return Service(registry_database, ToySealer(), CHECKS)


@pytest.fixture
def registry(registry_service: Service) -> Registry:
    """One form of the registry, with the registers `places` and `people` published."""
    registry_service.publish(SITE, definition(PLACES), WHY)
    registry_service.publish(SITE, definition(PEOPLE), WHY)
    return registry_service

# SPDX-License-Identifier: EUPL-1.2
"""The mediator's APIs and the console on the real exchange and its storage."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.blocks.exchange.service.exchanges import (
    INDIVIDUALS,
    OFFERED,
    OPERATOR,
    REGISTRY,
    TAX,
    WHY,
    interior,
)
from tests.blocks.exchange.web.sites import CLOCK, STATUS, browser, pages, site, text_of
from tests.conftest import OpenDatabase
from tests.interop.mediator import published

from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.service import Endpoint, Right
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.exchange.web.console.console import console_routes
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.platform.storage.database import Database

CONFIG = "/mediator/api/v1/config"


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database(SCHEMA)


@pytest.fixture
def service(database: Database) -> Service:
    made = interior(database)
    made.offer(OPERATOR, OFFERED, WHY)
    made.give(OPERATOR, [Right(TAX, INDIVIDUALS)], WHY)
    return made


@pytest.fixture
def operator(service: Service) -> TestClient:
    routes = published(service, service, is_centre=False)
    return TestClient(site(routes), headers={"Authorization": "Bearer operator"})


def of_registry(told: dict[str, Any]) -> dict[str, Any]:
    (found,) = (
        application
        for member in told["members"]
        for application in member["applications"]
        if (member["code"], application["id"]) == (REGISTRY.member_code, REGISTRY.subsystem)
    )
    return dict(found)


def test_what_is_told_can_be_put_back(operator: TestClient, database: Database) -> None:
    told, before = operator.get(CONFIG).json(), database.journal.head()
    assert operator.put(CONFIG, json=told).json() == "no change was needed"
    assert database.journal.head() == before


def test_a_service_and_its_right_are_added_and_removed_on_record(
    operator: TestClient, service: Service, database: Database
) -> None:
    told = operator.get(CONFIG).json()
    bare = operator.get(CONFIG).json()
    berths = {
        "id": "berths",
        "serviceUrl": "http://127.0.0.1:9/berths",
        "rights": [{"member": "Digital Agency", "application": "declarations"}],
    }
    of_registry(told)["services"].append(berths)
    assert operator.patch(CONFIG, json=told).status_code == 201
    added = ServiceId(REGISTRY, "berths")
    assert service.snapshot().rights[added] == (Right(TAX, added, Endpoint()),)
    assert operator.put(CONFIG, json=bare).status_code == 201
    assert added not in service.snapshot().services
    purposes = {entry.reason.purpose for entry in database.journal.entries(limit=1_000)}
    assert "Configuration of the information mediator by its API" in purposes


def test_the_console_shows_what_is_stored(service: Service) -> None:
    shown, assets = pages()
    desk = Desk(service, service, shown, CLOCK, status=lambda: STATUS, checked_at=service.members.checked_at)
    app = site([assets.routes(), shown.routes(), console_routes(desk)], shown=shown)
    for path in ("", "/members", "/clients", "/services", "/rights", "/traffic"):
        assert browser(app).get(f"/desk/exchange{path}").status_code == 200
    assert "individuals" in text_of(browser(app).get("/desk/exchange/rights"))
    found = browser(app).post("/desk/exchange/messages", data={"since": "ever"})
    assert "Nothing was found" in text_of(found)

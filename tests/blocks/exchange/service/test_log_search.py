# SPDX-License-Identifier: EUPL-1.2
"""One exchange by its number: covered heads for operators, all of it to an auditor with a reason."""

from __future__ import annotations

import pytest
from tests.blocks.exchange.service.exchanges import (
    AUDITOR,
    OPERATOR,
    PlainSealer,
    asked,
    interior,
    official,
)
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.faults import MessageUnknown, NotPermitted
from flagstone.blocks.exchange.contract.log import LogQuery, Side
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.audit import Reason
from flagstone.platform.storage.database import Database

WHY = Reason("supervision 2026-3")


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database(SCHEMA)


@pytest.fixture
def service(database: Database) -> Service:
    made = interior(database)
    log = Log(database, PlainSealer())
    log.start()
    for side in Side:
        log.request(asked(1, side=side)).result(10)
    log.request(asked(2)).result(10)
    log.stop()
    return made


def test_an_exchange_is_found_by_its_number_and_side(service: Service) -> None:
    page = service.search(OPERATOR, LogQuery(exchange="exchange-1", side=Side.CONSUMER))
    assert [(each.request.exchange, each.request.side) for each in page.exchanges] == [
        ("exchange-1", Side.CONSUMER)
    ]
    assert page.exchanges[0].request.head.startswith(b"GET\r\n")


def test_an_auditor_sees_the_whole_and_it_is_written_down(service: Service, database: Database) -> None:
    found = service.uncover(AUDITOR, "exchange-1", Side.PROVIDER, WHY)
    assert b"60001019906" in found.request.head
    entry = database.journal.entries(limit=1_000)[-1]
    assert (entry.actor, entry.reason) == (AUDITOR.actor, WHY)
    assert entry.document["query"] == {"exchange": "exchange-1", "side": "provider", "uncovered": "yes"}


def test_nobody_else_uncovers_anything(service: Service, database: Database) -> None:
    before = len(database.journal.entries(limit=1_000))
    for caller in (OPERATOR, official("clerk"), official("auditor", organisation="10000099")):
        with pytest.raises(NotPermitted):
            service.uncover(caller, "exchange-1", Side.PROVIDER, WHY)
    assert len(database.journal.entries(limit=1_000)) == before
    for unknown in ("exchange-9", ""):
        with pytest.raises(MessageUnknown):
            service.uncover(AUDITOR, unknown, Side.PROVIDER, WHY)

# SPDX-License-Identifier: EUPL-1.2
"""A site with GovStack's Information Mediator: the published APIs, and the dialect on real storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from tests.blocks.exchange.service.exchanges import PlainSealer
from tests.blocks.exchange.web.memory import MemoryExchange
from tests.blocks.exchange.web.sites import CLOCK, STATUS, site
from tests.empty import placed

from flagstone.blocks.exchange.contract.exchange import Exchange, Governance
from flagstone.blocks.exchange.service.conformance import conformance_exchange
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.exchange.web.govstack.configuration import ConfigurationApi
from flagstone.blocks.exchange.web.govstack.dialect import Dialect
from flagstone.blocks.exchange.web.govstack.directory import DirectoryApi
from flagstone.platform.http.routes import Routes
from flagstone.platform.storage.database import Database


@contextmanager
def conformance(folder: Path) -> Iterator[Service]:
    """Give the conformance exchange on SQLite in `folder`, planted twice."""
    where = placed(SCHEMA, folder / "conformance.sqlite")
    database = Database(SCHEMA, where, "conformance", clock=CLOCK)
    conformance_exchange(database, PlainSealer())
    try:
        yield conformance_exchange(database, PlainSealer())
    finally:
        database.close()


def published(exchange: Exchange, governance: Governance, *, is_centre: bool) -> list[Routes]:
    """Return the routes of the published APIs."""
    configuration = ConfigurationApi(
        exchange,
        governance,
        domain="aralia.example",
        address="http://localhost:8000",
        is_centre=is_centre,
        status=lambda: STATUS,
    )
    return [DirectoryApi(exchange).routes(), configuration.routes()]


def mediator(exchange: MemoryExchange, suite: Exchange | None = None) -> FastAPI:
    """Return an application with the published APIs over `exchange` and the dialect over `suite`."""
    routes = published(exchange, exchange, is_centre=exchange.is_centre)
    return site([*routes, Dialect(suite or exchange).routes()])

# SPDX-License-Identifier: EUPL-1.2
"""The exchange's pages and interfaces on the web port; messages have their own doors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flagstone.app.exchange import Exchanging, client_address, local_address
from flagstone.app.sealing import FieldSealer
from flagstone.blocks.exchange.service.conformance import conformance_exchange
from flagstone.blocks.exchange.service.onboarding import Steps
from flagstone.blocks.exchange.service.trying import Trials
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.exchange.web.console.console import MENU as EXCHANGE_MENU
from flagstone.blocks.exchange.web.console.console import console_routes
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.blocks.exchange.web.directory import DirectoryApi
from flagstone.blocks.exchange.web.evidence import EvidenceApi
from flagstone.blocks.exchange.web.globalconf import PublicationApi
from flagstone.blocks.exchange.web.govstack.configuration import ConfigurationApi
from flagstone.blocks.exchange.web.govstack.dialect import Dialect
from flagstone.blocks.exchange.web.govstack.directory import DirectoryApi as DirectoryServices
from flagstone.blocks.exchange.web.news import NewsApi
from flagstone.blocks.exchange.web.onboarding.routes import onboarding_routes
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.routes import Routes
from flagstone.platform.storage import migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import sqlite

if TYPE_CHECKING:
    from flagstone.app.site import Site

__all__ = ["EXCHANGE_MENU", "exchange_routes", "mediator_dialect", "onboarding"]


def exchange_routes(site: Site, pages: Pages, clock: Clock) -> Sequence[Routes]:
    """Return the operators' pages, GovStack's APIs, and at the centre the directory; nothing without one."""
    exchange = site.services.exchange
    if exchange is None:
        return ()
    service = exchange.service
    desk = Desk(
        service,
        service,
        pages,
        clock,
        is_centre=exchange.is_centre,
        status=exchange.path.status,
        checked_at=service.members.checked_at,
        configuration=exchange.configuring.status,
    )
    centre = (DirectoryApi(service).routes(),) if exchange.is_centre else ()
    publisher = exchange.configuring.publisher
    evidence = site.services.evidence
    given = (EvidenceApi(evidence.answers).routes(),) if evidence else ()
    published = (PublicationApi(publisher.folder.versions).routes(),) if publisher else ()
    return (
        console_routes(desk),
        onboarding_routes(desk, onboarding(site, exchange, clock)),
        *_mediator_routes(site, exchange),
        *_news_routes(site),
        *centre,
        *published,
        *given,
    )


def onboarding(site: Site, exchange: Exchanging, clock: Clock) -> Steps:
    """Return how a system comes onto the exchange at this site."""
    trials = Trials(
        local_address=lambda: local_address(site.settings),
        client_address=lambda: client_address(site.settings),
        secret=exchange.secret,
        heartbeat=site.services.tracker.heartbeat,
    )
    return Steps(exchange.service, site.services.registry, trials, clock)


def _mediator_routes(site: Site, exchange: Exchanging) -> Sequence[Routes]:
    """Return GovStack's Information Mediator."""
    service = exchange.service
    configuration = ConfigurationApi(
        service,
        service,
        domain=urlsplit(site.settings.public_url).hostname or "",
        address=site.settings.public_url,
        is_centre=exchange.is_centre,
        status=exchange.path.status,
    )
    return (DirectoryServices(service).routes(), configuration.routes())


def _news_routes(site: Site) -> Sequence[Routes]:
    """Return GovStack's paths for events."""
    found = site.services.announcing
    return NewsApi(found.news, found.inbox, found.room).routes() if found else ()


@contextmanager
def mediator_dialect(site: Site, clock: Clock) -> Iterator[Sequence[Routes]]:
    """Yield the dialect of the Information Mediator's suite on an exchange of its own, where it is on."""
    if not site.settings.govstack.mediator_dialect:
        yield ()
        return
    if not site.country.sandbox:
        raise SettingsFault("govstack.mediator_dialect: it works only in a sandbox country")
    origin = f"{site.settings.country}/{site.plan.code}/conformance"
    database = Database(SCHEMA, sqlite(site.folder.path / "conformance.sqlite"), origin, clock=clock)
    with closing(database):
        migration.migrate(database)
        sealer = FieldSealer(ensure_secret_key(site.folder.keys / "conformance-secrets"))
        yield (Dialect(conformance_exchange(database, sealer)).routes(),)

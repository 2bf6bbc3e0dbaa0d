# SPDX-License-Identifier: EUPL-1.2
"""The exchange of the site for one command: what its commands take from an opened site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flagstone.app.exchange import client_address, local_address
from flagstone.app.globalconf import following_apart
from flagstone.blocks.exchange.cli import globalconf, news
from flagstone.blocks.exchange.cli.commands import commands
from flagstone.blocks.exchange.cli.tools import EvidenceTools, Tools, no_evidence
from flagstone.blocks.exchange.service.onboarding import Steps
from flagstone.blocks.exchange.service.trying import Trials
from flagstone.cli.visiting import required, visiting
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import Fault


@contextmanager
def configuration() -> Iterator[globalconf.Opened]:
    """Open the global configuration of the site."""
    with visiting() as site:
        exchange = required(site.services.exchange, f"country: {site.country.code} has no exchange")
        configuring = exchange.configuring
        yield globalconf.Opened(configuring.follower, configuring.anchors.file, configuring.publisher)


@contextmanager
def opened() -> Iterator[Tools]:
    """Open the exchange of the site; clients within the serving process cannot be tried from here."""
    with visiting() as site:
        exchange = required(site.services.exchange, f"country: {site.country.code} has no exchange")
        service = exchange.service

        def onboarding(through: str) -> Steps:
            trials = Trials(
                local_address=lambda: local_address(site.settings),
                client_address=lambda: client_address(site.settings),
                heartbeat=site.services.tracker.heartbeat,
                door_of=lambda _client: through,
            )
            return Steps(service, site.services.registry, trials, SystemClock())

        def evidence() -> EvidenceTools:
            found = site.services.evidence
            if found is None:
                return no_evidence()
            if not found.authorities.count():  # just started: nothing was fetched yet
                with suppress(Fault, OSError):
                    exchange.configuring.follower.fetch()
            return EvidenceTools(exchange.server.owner, found.configuration, found.party, found.authorities)

        checked_at = service.members.checked_at
        yield Tools(service, service, onboarding, exchange.is_centre, checked_at, evidence)


@contextmanager
def announcing() -> Iterator[news.Opened]:
    """Open the events of the site."""
    with visiting() as site:
        told = required(site.services.announcing, f"country: {site.country.code} has no exchange")
        yield news.Opened(told.news, told.inbox)


app = commands(opened)
app.add_typer(news.commands(announcing), name="news")
app.add_typer(globalconf.commands(configuration, following_apart), name="conf")

# SPDX-License-Identifier: EUPL-1.2
"""The use cases of every block of this site, joined by their contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flagstone.app.exchange import Exchanging, exchanging
from flagstone.app.folder import Folder
from flagstone.app.news import Announcing, announcing
from flagstone.app.sealing import FieldSealer
from flagstone.app.tracker import tracker
from flagstone.blocks.identity.service.directory import RegisterDirectory
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.tracker.service.tracker import Service as Tracker
from flagstone.country import Country
from flagstone.kernel.clock import Clock
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.tickets import Tickets
from flagstone.platform.storage.database import Database
from flagstone.settings.options import Settings

PORTAL = "portal"


@dataclass(frozen=True)
class SigningIn:
    """What signs persons in, at the one site that does."""

    provider: Provider
    directory: RegisterDirectory


@dataclass(frozen=True)
class Services:
    """What the blocks do, without any web; None is what this site does not have.

    `tickets` are what the exchange shows when it calls this site's own interfaces.
    """

    registry: Registry
    tracker: Tracker
    tickets: Tickets
    identity: SigningIn | None
    exchange: Exchanging | None
    announcing: Announcing | None


def services(
    settings: Settings, country: Country, databases: Mapping[str, Database], folder: Folder, clock: Clock
) -> Services:
    """Put the use cases of every block together on `databases`."""
    sealer = FieldSealer(ensure_secret_key(folder.keys / "registry-secrets"))
    registry = Service(databases["registry"], sealer, country.checks)
    tickets = Tickets()
    exchange = exchanging(settings, country, databases, folder, tickets, clock)
    return Services(
        registry,
        tracker(settings, country, databases, folder, registry),
        tickets,
        _identity(settings, country, databases, folder, registry, clock),
        exchange,
        announcing(settings, country, databases, registry, exchange),
    )


def portal_client(country: Country, site: str) -> str:
    """Return the name of a site's portal among the provider's clients."""
    return PORTAL if country.plan(site).citizens else f"{PORTAL}-{site}"


def _identity(
    settings: Settings,
    country: Country,
    databases: Mapping[str, Database],
    folder: Folder,
    registry: Registry,
    clock: Clock,
) -> SigningIn | None:
    """Return the identity provider on this site's own registers, None at any other site."""
    if "identity" not in databases:
        return None
    directory = RegisterDirectory(registry, country.persons, country.offices)
    terms = _terms(settings, country)
    return SigningIn(
        Provider(
            databases["identity"],
            folder.keys / "identity",
            terms,
            clock,
            registrations=settings.registrations,
        ),
        directory,
    )


def _terms(settings: Settings, country: Country) -> Terms:
    """Return the terms of the identity provider."""
    portals = {portal_client(country, plan.code) for plan in country.plans(settings.site)}
    return Terms(
        issuer=settings.public_url,
        country=country.instance,
        locales=country.languages,
        personal_code_clients=frozenset(portals),
        session_idle=timedelta(minutes=settings.sessions.idle_minutes),
        session_absolute=timedelta(hours=settings.sessions.absolute_hours),
    )

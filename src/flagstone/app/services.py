# SPDX-License-Identifier: EUPL-1.2
"""The use cases of every block of this site, joined by their contracts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flagstone.app.evidence import Keeping, keeping
from flagstone.app.exchange import Exchanging, exchanging
from flagstone.app.ground import Ground
from flagstone.app.news import Announcing, announcing
from flagstone.app.rules import Computing, computing
from flagstone.app.sealing import FieldSealer
from flagstone.app.tracker import tracker
from flagstone.app.trust import Trusting, trusting
from flagstone.blocks.identity.service.directory import RegisterDirectory
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.tracker.service.tracker import Service as Tracker
from flagstone.country import Country
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.tickets import Tickets
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
    trust: Trusting | None
    evidence: Keeping | None
    computing: Computing | None


def services(ground: Ground) -> Services:
    """Put the use cases of every block together on what the site stands on."""
    sealer = FieldSealer(ensure_secret_key(ground.folder.keys / "registry-secrets"))
    registry = Service(ground.databases["registry"], sealer, ground.country.checks)
    tickets = Tickets()
    trust = trusting(ground)
    exchange = exchanging(ground, tickets, trust)
    tracking = tracker(ground, registry, exchange)
    return Services(
        registry,
        tracking,
        tickets,
        _identity(ground, registry),
        exchange,
        announcing(ground, registry, exchange),
        trust,
        keeping(ground, exchange, trust),
        computing(ground, tracking),
    )


def portal_client(country: Country, site: str) -> str:
    """Return the name of a site's portal among the provider's clients."""
    return PORTAL if country.plan(site).citizens else f"{PORTAL}-{site}"


def _identity(ground: Ground, registry: Registry) -> SigningIn | None:
    """Return the identity provider on this site's own registers, None at any other site."""
    database = ground.databases.get("identity")
    if database is None:
        return None
    country, settings = ground.country, ground.settings
    directory = RegisterDirectory(registry, country.persons, country.offices)
    provider = Provider(
        database,
        ground.folder.keys / "identity",
        _terms(settings, country),
        ground.clock,
        registrations=settings.registrations,
    )
    return SigningIn(provider, directory)


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

# SPDX-License-Identifier: EUPL-1.2
"""Whom the citizens' pages ask: this site alone, or over the exchange every agency that answers persons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flagstone.app.exchange import Exchanging, client_address
from flagstone.blocks.exchange.client import Door, ThroughExchange
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.model.names import member_named
from flagstone.blocks.portal.service.sources import Source
from flagstone.blocks.registry.client import BASE, Client
from flagstone.blocks.registry.contract.register import RegisterKind
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.tracker.client import BASE as TRACKER_BASE
from flagstone.blocks.tracker.client import Client as TrackerClient
from flagstone.blocks.tracker.service.agencies import Agency
from flagstone.country import SitePlan
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.ids import PersonCode

if TYPE_CHECKING:
    from flagstone.app.site import Site

OURS = {"en": "Registers of the state", "et": "Riigi registrid", "ar": "سجلات الدولة"}
PORTAL_SUBSYSTEM = "portal"
OWN_FACTS, FIND_USAGE, REGISTRY = "own-facts", "findUsage", "registry"
"""Codes of the services by which agencies answer persons, and each other."""


def sources(site: Site) -> list[Source]:
    """Return the registries that may know something about a person who signed in here."""
    exchange = site.services.exchange
    if exchange is None:
        return [Source.here(site.plan.code, OURS, site.services.registry)]
    door = _door(site, exchange)
    return [_source(plan, door, service) for plan, service in _offered(site, OWN_FACTS)]


def agencies(site: Site) -> list[Agency]:
    """Return the trackers of every agency that answers persons."""
    exchange = site.services.exchange
    if exchange is None:
        return [Agency(site.plan.code, OURS, site.services.tracker)]
    door = _door(site, exchange)
    return [
        Agency(
            plan.code,
            plan.name,
            TrackerClient(
                ThroughExchange(door, service, prefix=TRACKER_BASE), instance=site.country.instance
            ),
        )
        for plan, service in _offered(site, FIND_USAGE)
    ]


def life_registry(site: Site) -> Registry | None:
    """Return the registry that knows the services of the state, here or at another site."""
    kinds = {each.code: each.kind for each in site.country.definitions()}
    exchange = site.services.exchange
    if exchange is None:
        return site.services.registry
    for plan, service in _offered(site, REGISTRY):
        if any(kinds[code] is RegisterKind.PROCESSES for code in plan.registers):
            return Client(ThroughExchange(_door(site, exchange), service, prefix=BASE), _no_token)
    return None


def _source(plan: SitePlan, door: Door, service: ServiceId) -> Source:
    """Return one agency's registry as a person asks it."""
    through = ThroughExchange(door, service, prefix=BASE)

    def registry(person: PersonCode, reason: Reason) -> Registry:
        return Client(through.for_person(person, reason), _no_token)

    return Source(plan.code, plan.name, registry)


def _offered(site: Site, code: str) -> Iterator[tuple[SitePlan, ServiceId]]:
    """Yield the sites whose server offers a service of that code from the start."""
    plan = site.country.exchange()
    for each in site.country.plans():
        server = plan.servers.get(each.code) if plan else None
        for service in server.services if server else ():
            if service.id.code == code:
                yield each, service.id


def _door(site: Site, exchange: Exchanging) -> Door:
    """Return how the portal calls: as its own client, through this site's server."""
    owner = member_named(site.plan.owner)
    client = ClientId(owner.instance, owner.member_class, owner.member_code, PORTAL_SUBSYSTEM)
    return Door(site.others.at(client_address(site.settings)), client, exchange.secret)


def _no_token(_caller: Caller) -> str:
    """Return no bearer token: the exchange says who calls."""
    return ""

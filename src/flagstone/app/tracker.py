# SPDX-License-Identifier: EUPL-1.2
"""The tracker of a site: who used the data that its registers hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flagstone.app.exchange import Exchanging
from flagstone.app.facts import SUBSYSTEM as ASSESSMENTS
from flagstone.app.ground import Ground
from flagstone.app.sources import PORTAL_SUBSYSTEM, agencies
from flagstone.blocks.exchange.contract.faults import DirectoryUnavailable
from flagstone.blocks.exchange.contract.log import PersonsUsed
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.service.reading_log import Log
from flagstone.blocks.rules.contract.decision import REGISTER as DECISIONS
from flagstone.blocks.rules.contract.decision import TITLE
from flagstone.blocks.tracker.contract import Recorder, RegisterWords, Unread, Use
from flagstone.blocks.tracker.model.usages import member_code
from flagstone.blocks.tracker.service.agencies import EveryAgency
from flagstone.blocks.tracker.service.terms import Terms
from flagstone.blocks.tracker.service.tracker import Service
from flagstone.blocks.tracker.web.routes import DESK_MENU as TRACKER_MENU
from flagstone.blocks.tracker.web.routes import agency_routes, person_routes
from flagstone.country import Country, Words
from flagstone.kernel.clock import Clock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.asking import Asking
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.routes import Routes

if TYPE_CHECKING:
    from flagstone.app.site import Site

__all__ = ["TRACKER_MENU", "recording", "tracker", "tracker_routes"]


def tracker(ground: Ground, registry: Registry, exchange: Exchanging | None) -> Service:
    """Return the tracker beside the site's own registers, and the services that the exchange watches."""
    key = ensure_secret_key(ground.folder.keys / "tracker-secrets")
    owner = ground.plan.owner
    terms = Terms(
        owner,
        organisations=frozenset({member_code(owner)} if owner else ()),
        names=_names(ground.country),
        services=partial(_services, exchange, {DECISIONS: TITLE} if ground.plan.law else {}),
        own_matters=_own_matters(ground.country),
    )
    databases = ground.databases
    return Service(databases["tracker"], registry, Log(databases["registry"]), key=key, terms=terms)


def _own_matters(country: Country) -> frozenset[str]:
    """Return the systems by which the country's sites ask for persons: their portals and assessments."""
    systems = (PORTAL_SUBSYSTEM, ASSESSMENTS)
    return frozenset(f"{plan.owner}/{system}" for plan in country.plans() for system in systems)


def _names(country: Country) -> Mapping[str, Words]:
    """Return the names of the exchange's members by registry code."""
    plan = country.exchange()
    return {each.id.member_code: each.name for each in plan.members} if plan else {}


def _services(exchange: Exchanging | None, own: Mapping[str, Words]) -> dict[str, RegisterWords]:
    """Return what people call the services whose uses the exchange tells of, and what else is kept here."""
    kept = {code: RegisterWords(title) for code, title in own.items()}
    try:
        offered = exchange.service.snapshot().services.values() if exchange else ()
    except DirectoryUnavailable:
        return kept
    return kept | {str(one.id): RegisterWords(one.title) for one in offered if one.person_at and one.title}


def recording(exchange: Exchanging, recorder: Recorder) -> Callable[[Any], None]:
    """Return what records the uses of which the exchange's news tells; may be told of one again."""

    def record(news: Any) -> None:
        told = exchange.uses(news.payload)
        service = str(told.service)
        recorder.record([_use(told, service, number, person) for number, person in told.persons.items()])
        if told.unread:
            recorder.unread(Unread(told.exchange, told.client.member_code, service, told.at))

    return record


def _use(told: PersonsUsed, service: str, number: str, person: PersonCode) -> Use:
    return Use(
        person,
        receiver_code=told.client.member_code,
        receiver_system=str(told.client),
        action=f"Asked the service {told.service.code}",
        reason=told.reason,
        register=service,
        official=told.user,
        id=number,
        at=told.at,
    )


def tracker_routes(site: Site, pages: Pages, clock: Clock) -> Sequence[Routes]:
    """Return what every agency answers, and at the citizens' site the pages about all agencies."""
    own = site.services.tracker
    routes = agency_routes(own, own, pages, instance=site.country.instance)
    if not site.plan.citizens:
        return routes
    every = EveryAgency(agencies(site), Asking(), clock)
    return (*routes, *person_routes(every, pages, clock))

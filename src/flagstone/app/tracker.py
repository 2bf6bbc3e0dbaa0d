# SPDX-License-Identifier: EUPL-1.2
"""The tracker of a site: who used the data that its registers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flagstone.app.ground import Ground
from flagstone.app.sources import agencies
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.service.reading_log import Log
from flagstone.blocks.tracker.model.usages import member_code
from flagstone.blocks.tracker.service.agencies import EveryAgency
from flagstone.blocks.tracker.service.terms import Terms
from flagstone.blocks.tracker.service.tracker import Service
from flagstone.blocks.tracker.web.routes import DESK_MENU as TRACKER_MENU
from flagstone.blocks.tracker.web.routes import agency_routes, person_routes
from flagstone.country import Country, Words
from flagstone.kernel.clock import Clock
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.asking import Asking
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.routes import Routes

if TYPE_CHECKING:
    from flagstone.app.site import Site

__all__ = ["TRACKER_MENU", "tracker", "tracker_routes"]


def tracker(ground: Ground, registry: Registry) -> Service:
    """Return the tracker beside the site's own registers."""
    key = ensure_secret_key(ground.folder.keys / "tracker-secrets")
    owner = ground.plan.owner
    terms = Terms(
        owner,
        organisations=frozenset({member_code(owner)} if owner else ()),
        names=_names(ground.country),
    )
    databases = ground.databases
    return Service(databases["tracker"], registry, Log(databases["registry"]), key=key, terms=terms)


def _names(country: Country) -> Mapping[str, Words]:
    """Return the names of the exchange's members by registry code."""
    plan = country.exchange()
    return {each.id.member_code: each.name for each in plan.members} if plan else {}


def tracker_routes(site: Site, pages: Pages, clock: Clock) -> Sequence[Routes]:
    """Return what every agency answers, and at the citizens' site the pages about all agencies."""
    own = site.services.tracker
    routes = agency_routes(own, own, pages, instance=site.country.instance)
    if not site.plan.citizens:
        return routes
    every = EveryAgency(agencies(site), Asking(), clock)
    return (*routes, *person_routes(every, pages, clock))

# SPDX-License-Identifier: EUPL-1.2
"""The tracker of a site: who used the data that its registers hold."""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.app.folder import Folder
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.service.reading_log import Log
from flagstone.blocks.tracker.model.usages import member_code
from flagstone.blocks.tracker.service.terms import Terms
from flagstone.blocks.tracker.service.tracker import Service
from flagstone.country import Country, Words
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.storage.database import Database
from flagstone.settings.options import Settings


def tracker(
    settings: Settings,
    country: Country,
    databases: Mapping[str, Database],
    folder: Folder,
    registry: Registry,
) -> Service:
    """Return the tracker beside the site's own registers."""
    key = ensure_secret_key(folder.keys / "tracker-secrets")
    plan = country.plan(settings.site)
    terms = Terms(
        plan.owner,
        organisations=frozenset({member_code(plan.owner)} if plan.owner else ()),
        names=_names(country),
    )
    return Service(databases["tracker"], registry, Log(databases["registry"]), key=key, terms=terms)


def _names(country: Country) -> Mapping[str, Words]:
    """Return the names of the exchange's members by registry code."""
    plan = country.exchange()
    return {each.id.member_code: each.name for each in plan.members} if plan else {}

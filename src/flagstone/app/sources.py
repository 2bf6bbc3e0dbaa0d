# SPDX-License-Identifier: EUPL-1.2
"""Whom the portal asks what is known about a person: this site alone, or every agency on the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flagstone.blocks.portal.service.sources import Source
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.tracker.service.agencies import Agency

if TYPE_CHECKING:
    from flagstone.app.site import Site

OURS = {"en": "Registers of the state", "et": "Riigi registrid", "ar": "سجلات الدولة"}


def sources(site: Site) -> list[Source]:
    """Return the registries that may know something about a person who signed in here."""
    return [Source.here(site.plan.code, OURS, site.services.registry)]


def life_registry(site: Site) -> Registry:
    """Return the registry that knows the services of the state."""
    return site.services.registry


def agencies(site: Site) -> list[Agency]:
    """Return the trackers of every agency, this site's own where there is no exchange."""
    return [Agency(site.plan.code, OURS, site.services.tracker)]

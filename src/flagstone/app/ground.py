# SPDX-License-Identifier: EUPL-1.2
"""What the blocks of a site stand on: settings, country, databases, folder, clock, and the sites it calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flagstone.app.folder import Folder
from flagstone.country import Country, SitePlan
from flagstone.kernel.clock import Clock
from flagstone.platform.http.client import OtherSites
from flagstone.platform.storage.database import Database
from flagstone.settings.options import Settings


@dataclass(frozen=True)
class Ground:
    """One site before anything is built on it."""

    settings: Settings
    country: Country
    databases: Mapping[str, Database]
    folder: Folder
    clock: Clock
    others: OtherSites

    @property
    def plan(self) -> SitePlan:
        """Return what the country says of the site."""
        return self.country.plan(self.settings.site)

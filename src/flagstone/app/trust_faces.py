# SPDX-License-Identifier: EUPL-1.2
"""The pages and interfaces of a site's trust services on the web port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flagstone.blocks.trust.web.api import EnrollingApi
from flagstone.blocks.trust.web.desk import Desk, KeyDesk
from flagstone.blocks.trust.web.protocol import Protocols
from flagstone.blocks.trust.web.status import AUTHORITY_MENU, KEYS_MENU, StatusPage
from flagstone.kernel.clock import Clock
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.routes import Routes

if TYPE_CHECKING:
    from flagstone.app.site import Site


def trust_menu(site: Site) -> tuple[MenuItem, ...]:
    """Return the trust officers' part of the menu."""
    here = site.services.trust
    if here is None:
        return ()
    return AUTHORITY_MENU if here.authority is not None else KEYS_MENU


def trust_routes(site: Site, pages: Pages, clock: Clock) -> Sequence[Routes]:
    """Return the page of keys, and at the authority its pages, interface and protocols."""
    here = site.services.trust
    if here is None:
        return ()
    keys = KeyDesk(here.keys, pages).routes()
    if here.authority is None:
        return (keys,)
    return (
        keys,
        Desk(here.authority, pages).routes(),
        StatusPage(here.authority, pages, here.address).routes(),
        EnrollingApi(here.authority).routes(),
        Protocols(here.authority, clock).routes(),
    )

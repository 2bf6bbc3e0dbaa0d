# SPDX-License-Identifier: EUPL-1.2
"""The page for everybody: whose certificates are trusted, their fingerprints, and where to ask about them."""

from __future__ import annotations

from fastapi import Request, Response

from flagstone.blocks.trust.contract.authority import Enrolling
from flagstone.blocks.trust.web.desk import DESK, KEYS, OFFICIALS
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.routes import ANYONE, Routes

PATH = "/trust"
KEYS_MENU = (MenuItem(KEYS, _("Keys"), OFFICIALS.roles),)
"""For every site of a country with trust services."""

AUTHORITY_MENU = (
    MenuItem(PATH, _("Trust services")),
    MenuItem(DESK, _("Certificates"), OFFICIALS.roles),
    *KEYS_MENU,
)
"""For the site of the authority; everybody sees the way to the fingerprints."""


class StatusPage:
    """The page `/trust`."""

    def __init__(self, authority: Enrolling, pages: Pages, address: str) -> None:
        """Show the certificates of `authority`, by `pages`; `address` is in its certificates."""
        self._authority, self._pages, self._address = authority, pages, address

    def routes(self) -> Routes:
        """Return the route, open to anyone."""
        routes = Routes()
        routes.get(PATH, access=ANYONE, name="trust")(self.show)
        return routes

    def show(self, request: Request) -> Response:
        """Show the fingerprints of the authority and where its services answer."""
        return self._pages.render(
            request,
            "trust/status.html",
            certificates=self._authority.authority_certificates(),
            address=self._address,
        )

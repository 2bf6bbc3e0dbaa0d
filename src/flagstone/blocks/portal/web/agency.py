# SPDX-License-Identifier: EUPL-1.2
"""Home of a site without duties to citizens: which agency it is, what it keeps, and the officials' way in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request, Response

from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.principal import principal
from flagstone.platform.http.routes import ANYONE, Routes


@dataclass(frozen=True)
class Agency:
    """What the home page of an agency shows: its name, its registers, its desks by role.

    `citizens` is the address of the pages for citizens, empty where there are none; `own` are pages that this
    site has for everybody about herself.
    """

    name: Mapping[str, str]
    registers: tuple[RegisterDefinition, ...]
    desks: tuple[MenuItem, ...]
    citizens: str = ""
    own: tuple[MenuItem, ...] = ()


def agency_routes(agency: Agency, pages: Pages) -> Routes:
    """Return the route of an agency's home, open to anyone."""
    routes = Routes()

    @routes.get("/", access=ANYONE, name="home")
    def home(request: Request) -> Response:
        who = principal(request)
        desks = [desk for desk in agency.desks if desk.shown_to(who)] if who else []
        return pages.render(request, "portal/agency.html", agency=agency, desks=desks)

    return routes

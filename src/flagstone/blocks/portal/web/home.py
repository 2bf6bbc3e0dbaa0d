# SPDX-License-Identifier: EUPL-1.2
"""Home by life event, and one page for each event."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request, Response

from flagstone.blocks.portal.service.life import LifeEvents
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.routes import ANYONE, Routes


def nothing_elsewhere() -> tuple[MenuItem, ...]:
    """Return that no other site has pages for everybody."""
    return ()


def home_routes(
    life: LifeEvents, pages: Pages, elsewhere: Callable[[], tuple[MenuItem, ...]] = nothing_elsewhere
) -> Routes:
    """Return the routes of home and of the life events, open to anyone.

    `elsewhere` are pages that other sites have for everybody; each address ends where the code of the
    language goes.
    """
    routes = Routes()

    @routes.get("/", access=ANYONE, name="home")
    def home(request: Request) -> Response:
        return pages.render(request, "portal/home.html", events=life.all, elsewhere=elsewhere())

    @routes.get("/life/{code}", access=ANYONE, name="life-event")
    def life_event(request: Request, code: str) -> Response:
        event, services = life.find(code)
        return pages.render(request, "portal/life.html", event=event, services=services)

    return routes

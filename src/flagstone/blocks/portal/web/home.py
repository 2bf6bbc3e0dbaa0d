# SPDX-License-Identifier: EUPL-1.2
"""Home by life event, and one page for each event."""

from __future__ import annotations

from fastapi import Request, Response

from flagstone.blocks.portal.service.life import LifeEvents
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.routes import ANYONE, Routes


def home_routes(life: LifeEvents, pages: Pages) -> Routes:
    """Return the routes of home and of the life events, open to anyone."""
    routes = Routes()

    @routes.get("/", access=ANYONE, name="home")
    def home(request: Request) -> Response:
        return pages.render(request, "portal/home.html", events=life.all)

    @routes.get("/life/{code}", access=ANYONE, name="life-event")
    def life_event(request: Request, code: str) -> Response:
        event, services = life.find(code)
        return pages.render(request, "portal/life.html", event=event, services=services)

    return routes

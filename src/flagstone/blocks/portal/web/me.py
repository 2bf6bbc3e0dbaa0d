# SPDX-License-Identifier: EUPL-1.2
"""My facts: what every agency's registers hold about the person who is signed in."""

from __future__ import annotations

from fastapi import Request, Response

from flagstone.blocks.portal.service.facts import PersonFacts
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.request_id import request_id
from flagstone.platform.http.routes import SIGNED_IN, Routes


def me_routes(facts: PersonFacts, pages: Pages) -> Routes:
    """Return the route of `/me`, for whoever is signed in."""
    routes = Routes("/me")

    @routes.get("", access=SIGNED_IN, name="me")
    def me(request: Request) -> Response:
        found = facts.about(current(request), request_id(request))
        return pages.render(request, "portal/me.html", facts=found)

    return routes

# SPDX-License-Identifier: EUPL-1.2
"""My facts: what the registers hold about the person who is signed in, and who looked at it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from flagstone.blocks.portal.service.facts import READINGS_PAGE_SIZE, PersonFacts
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.request_id import request_id
from flagstone.platform.http.routes import SIGNED_IN, Routes

Register = Annotated[str, Query(max_length=63, pattern=r"^[a-z0-9_-]*$")]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


def me_routes(facts: PersonFacts, pages: Pages) -> Routes:
    """Return the routes under `/me`, for whoever is signed in."""
    routes = Routes("/me")

    @routes.get("", access=SIGNED_IN, name="me")
    def me(request: Request) -> Response:
        found = facts.about(current(request), request_id(request))
        return pages.render(request, "portal/me.html", facts=found)

    @routes.get("/looks", access=SIGNED_IN, name="looks")
    def looks(request: Request, register: Register = "", page: PageNumber = 1) -> Response:
        found = facts.looks(current(request), register, page)
        owners = {each.owner: each.owner_name for each in found.definitions.values() if each.owner_name}
        return pages.render(
            request,
            "portal/looks.html",
            looks=found,
            register=register,
            owners=owners,
            page_size=READINGS_PAGE_SIZE,
        )

    return routes

# SPDX-License-Identifier: EUPL-1.2
"""Where a person is signed in, and ending one of those sessions or all of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from flagstone.blocks.portal.service.sessions import PortalSessions
from flagstone.blocks.portal.web.signing_in import NO_STORE, SIGNED_OUT_PATH, leave
from flagstone.platform.http.cookies import clear_session, session_token
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.relying_party import RelyingParty
from flagstone.platform.http.routes import SIGNED_IN, Routes

FormOf = Annotated[FormData, Depends(read_form)]


def session_routes(sessions: PortalSessions, party: RelyingParty, pages: Pages) -> Routes:
    """Return the routes under `/sessions`, for whoever is signed in."""
    routes = Routes("/sessions")

    @routes.get("", access=SIGNED_IN, name="sessions")
    def show(request: Request) -> Response:
        return pages.render(request, "portal/sessions.html", sessions=sessions.of_person(current(request)))

    @routes.post("/end", access=SIGNED_IN)
    def end(request: Request, form: FormOf) -> Response:
        sessions.end_one(current(request), str(form.get("session", "")))
        return RedirectResponse("/sessions", 303)

    @routes.post("/end-all", access=SIGNED_IN)
    def end_all(request: Request) -> Response:
        id_token = sessions.end(session_token(request) or "")
        sessions.end_all(current(request))
        target = SIGNED_OUT_PATH if sessions.beside_provider else leave(party, id_token)
        response = RedirectResponse(target, 303, NO_STORE)
        clear_session(request, response)
        return response

    return routes

# SPDX-License-Identifier: EUPL-1.2
"""Signing in and out as an ordinary client of the identity provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse

from flagstone.blocks.portal.service.sessions import PortalSessions
from flagstone.blocks.portal.service.signing_in import KEPT_FOR, SigningIn
from flagstone.kernel.errors import Fault
from flagstone.platform.http.cookies import (
    clear_cookie,
    clear_session,
    read_cookie,
    session_token,
    set_cookie,
    set_session,
)
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import principal
from flagstone.platform.http.relying_party import RelyingParty, SignInFailed
from flagstone.platform.http.routes import ANYONE, SIGN_IN_PATH, Routes, local_path

COOKIE = "sign-in"
RETURN_PATH = "/sign-in/return"
NOTICE_PATH = "/sign-out/notice"
SIGNED_OUT_PATH = "/signed-out"
NO_STORE = {"Cache-Control": "no-store"}
FormOf = Annotated[FormData, Depends(read_form)]


def sign_in_routes(
    signing_in: SigningIn, sessions: PortalSessions, party: RelyingParty, pages: Pages
) -> Routes:
    """Return the routes that a browser follows to sign in and out."""
    routes = Routes()
    _in(routes, signing_in, sessions, pages)
    _out(routes, sessions, party, pages)
    return routes


def _in(routes: Routes, signing_in: SigningIn, sessions: PortalSessions, pages: Pages) -> None:
    """Add the way in and the way back from the provider."""

    @routes.get(SIGN_IN_PATH, access=ANYONE)
    def sign_in(request: Request, return_to: str = "/") -> Response:
        target = local_path(return_to)
        if principal(request) is not None:
            return RedirectResponse(target, 303, NO_STORE)
        address, kept = signing_in.begin(target, pages.language(request).code)
        response = RedirectResponse(address, 303, NO_STORE)
        set_cookie(request, response, COOKIE, kept, max_age_seconds=int(KEPT_FOR.total_seconds()))
        return response

    @routes.get(RETURN_PATH, access=ANYONE)
    def come_back(request: Request) -> Response:
        answer = dict(request.query_params)
        if len(answer) != len(request.query_params.multi_items()):
            raise SignInFailed("A part of the answer is there twice.")
        proven, target = signing_in.finish(read_cookie(request, COOKIE) or "", answer)
        sessions.end(session_token(request) or "")  # whoever was signed in before in this browser
        session = sessions.begin(proven, pages.language(request).code)
        response = RedirectResponse(local_path(target), 303, NO_STORE)
        clear_cookie(request, response, COOKIE)
        set_session(request, response, session.token)
        return response


def _out(routes: Routes, sessions: PortalSessions, party: RelyingParty, pages: Pages) -> None:
    """Add the way out, here and at the provider."""

    @routes.post("/sign-out", access=ANYONE)
    def sign_out(request: Request) -> Response:
        id_token = sessions.end(session_token(request) or "")
        response = RedirectResponse(leave(party, id_token), 303, NO_STORE)
        clear_session(request, response)
        return response

    @routes.get(SIGNED_OUT_PATH, access=ANYONE)
    def signed_out(request: Request, only_here: bool = False) -> Response:
        return pages.render(request, "portal/signed-out.html", only_here=only_here)


def leave(party: RelyingParty, id_token: str) -> str:
    """Return the provider's address for signing out, or our own page when it does not answer."""
    if not id_token:
        return SIGNED_OUT_PATH
    try:
        return party.leave(id_token)
    except Fault:
        return f"{SIGNED_OUT_PATH}?only_here=true"


def notice_routes(take_notice: Callable[[str], bool]) -> Routes:
    """Return the route by which the provider tells of sign-outs (Back-Channel Logout 1.0, 2.5 to 2.8).

    `take_notice` takes the logout token and tells whether it could be trusted.
    """
    routes = Routes(tags=["portal"], document="portal")
    field = {
        "type": "object",
        "properties": {"logout_token": {"type": "string"}},
        "required": ["logout_token"],
    }
    body = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": field}}}

    @routes.post(
        NOTICE_PATH,
        access=ANYONE,
        summary="Hear that a person signed out at the provider",
        openapi_extra={"requestBody": body},
        responses={400: {"description": "The token cannot be trusted."}},
    )
    def notice(form: FormOf) -> Response:
        token = form.get("logout_token")
        if not isinstance(token, str) or not take_notice(token):
            return JSONResponse({"error": "invalid_request"}, 400, NO_STORE)
        return Response(status_code=200, headers=NO_STORE)

    return routes

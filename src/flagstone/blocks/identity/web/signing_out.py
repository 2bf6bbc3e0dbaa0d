# SPDX-License-Identifier: EUPL-1.2
"""The pages of signing out (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from flagstone.blocks.identity.model.discovery import LOGOUT
from flagstone.blocks.identity.model.parameters import Parameters, parse_parameters
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.service.signing_out import SignOutRequest
from flagstone.blocks.identity.web.answers import (
    COOKIE,
    body_of,
    form_parameters,
    go_to,
    origin_of,
    provider_cookie,
    query_parameters,
)
from flagstone.platform.http.cookies import clear_cookie
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.headers import policy
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.routes import ANYONE, Routes

CONFIRM = LOGOUT + "/confirm"
KEPT = ("client_id", "post_logout_redirect_uri", "state", "id_token_hint")


def sign_out_routes(provider: Provider, pages: Pages) -> Routes:
    """Return the routes of signing out; clients send browsers there by GET or by a form of their own."""
    routes = Routes()

    def ended(request: Request, asked: SignOutRequest) -> Response:
        provider.signing_out.end(provider_cookie(request))
        shown = asked.address == ""
        response = pages.render(request, "identity/signed-out.html") if shown else go_to(asked.address)
        clear_cookie(request, response, COOKIE)
        return response

    def answer(request: Request, parameters: Parameters) -> Response:
        asked = provider.signing_out.read(parameters)
        if not provider.signing_out.needs_confirmation(asked, provider_cookie(request)):
            return ended(request, asked)
        kept = urlencode({name: parameters[name] for name in KEPT if name in parameters})
        name = asked.client.name if asked.client else {}
        response = pages.render(request, "identity/sign-out.html", client=name, kept=kept, confirm=CONFIRM)
        if asked.address:  # the form's answer leads back to the client
            response.headers["Content-Security-Policy"] = policy((origin_of(asked.address),), None)
        return response

    @routes.get(LOGOUT, access=ANYONE)
    def log_out(request: Request) -> Response:
        return answer(request, query_parameters(request))

    @routes.post(LOGOUT, access=ANYONE, cross_site=True)
    def log_out_by_form(request: Request, body: bytes = Depends(body_of)) -> Response:
        return answer(request, form_parameters(request, body))

    @routes.post(CONFIRM, access=ANYONE)
    def confirm(request: Request, form: FormData = Depends(read_form)) -> Response:
        parameters = parse_parameters(str(form.get("kept", "")).encode("ascii", "replace"))
        return ended(request, provider.signing_out.read(parameters))

    return routes

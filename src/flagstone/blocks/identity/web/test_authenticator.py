# SPDX-License-Identifier: EUPL-1.2
"""The pages of the test authenticator; names and codes travel in forms, never in addresses."""

from __future__ import annotations

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.service.test_authenticator import TestAuthenticator
from flagstone.blocks.identity.web.answers import (
    NO_STORE,
    go_to,
    origin_of,
    provider_cookie,
    remember_sign_in,
)
from flagstone.blocks.identity.web.protocol import AUTHENTICATE
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.headers import policy
from flagstone.platform.http.language import marked
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.routes import ANYONE, Routes

_ = marked
ROLES_NAMED = (_("registrar"), _("clerk"), _("analyst"), _("auditor"), _("operator"), _("trust-officer"))
"""Roles that the page says in words; others are shown as they are."""

PAGE_DIGITS_MAX = 5
OFFICE_DIGITS_MAX = 2


def authenticator_routes(provider: Provider, pages: Pages, authenticator: TestAuthenticator) -> Routes:
    """Return the routes by which a made-up person is found, chosen and signed in."""
    routes = Routes(prefix=AUTHENTICATE)

    def page(request: Request, sealed: str, words: str = "", number: int = 1) -> Response:
        pending = provider.authorizing.pending(sealed)
        response = pages.render(
            request,
            "identity/test-authenticator.html",
            sealed=sealed,
            words=words,
            client=pending.client.name,
            found=authenticator.search(words, number),
            action=AUTHENTICATE,
        )
        response.headers.update(NO_STORE)
        response.headers["Content-Security-Policy"] = policy((origin_of(pending.request.redirect_uri),), None)
        return response

    @routes.get("", access=ANYONE)
    def show(request: Request) -> Response:
        return page(request, request.query_params.get("request", ""))

    @routes.post("", access=ANYONE)
    def search(request: Request, form: FormData = Depends(read_form)) -> Response:
        number = _number(_text(form, "page"), PAGE_DIGITS_MAX)
        return page(request, _text(form, "request"), _text(form, "words"), number or 1)

    @routes.post("/choose", access=ANYONE)
    def choose(request: Request, form: FormData = Depends(read_form)) -> Response:
        code, _, office = _text(form, "choice").partition("/")
        subject = authenticator.subject(code, _number(office, OFFICE_DIGITS_MAX))
        sealed, before = _text(form, "request"), provider_cookie(request)
        address, cookie = provider.authorizing.complete(sealed, subject, before)
        response = go_to(address)
        remember_sign_in(request, response, cookie)
        return response

    @routes.post("/give-up", access=ANYONE)
    def give_up(form: FormData = Depends(read_form)) -> Response:
        return go_to(provider.authorizing.give_up(_text(form, "request")))

    return routes


def _text(form: FormData, name: str) -> str:
    """Return a field's text, empty when it is absent or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _number(text: str, digits_max: int) -> int | None:
    """Return a small number, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits_max else None

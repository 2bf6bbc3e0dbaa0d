# SPDX-License-Identifier: EUPL-1.2
"""What protocol endpoints read and answer: raw form bodies, JSON errors, the provider's own cookie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from flagstone.blocks.identity.contract import Claim, ClientUnknown, OAuthFault, RequestInvalid, TokenInvalid
from flagstone.blocks.identity.model.parameters import PARAMETERS_BYTES_MAX, Parameters, parse_parameters
from flagstone.platform.http.cookies import read_cookie, set_cookie

COOKIE = "provider"
FORM = "application/x-www-form-urlencoded"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def body_of(request: Request) -> bytes:
    """Return the raw body, at most a little more than a form may have; a dependency of endpoints."""
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > PARAMETERS_BYTES_MAX:
            break
    return b"".join(parts)


def query_parameters(request: Request) -> Parameters:
    """Return the parameters of the query; RequestInvalid."""
    return parse_parameters(request.url.query.encode("ascii", "replace"))


def form_parameters(request: Request, body: bytes) -> Parameters:
    """Return the parameters of a form body; RequestInvalid for another content type or a query beside it."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != FORM:
        raise RequestInvalid(f"the content type must be {FORM}")
    if request.url.query:
        raise RequestInvalid("parameters belong into the body")
    return parse_parameters(body)


def as_json(answer: Callable[[], Mapping[str, Claim] | None]) -> Response:
    """Return what `answer` gives as JSON that nobody keeps, or its OAuthFault (RFC 6749 5.2)."""
    try:
        found = answer()
    except OAuthFault as fault:
        return _refused(fault)
    return JSONResponse(found if found is not None else {}, headers=NO_STORE)


def _refused(fault: OAuthFault) -> Response:
    """Return the error document with its status and, for 401, its challenge."""
    headers = dict(NO_STORE)
    status = 400
    if isinstance(fault, TokenInvalid):
        status = 401
        headers["WWW-Authenticate"] = 'Bearer realm="flagstone", error="invalid_token"'
    elif isinstance(fault, ClientUnknown):
        status = 401
        headers["WWW-Authenticate"] = 'Basic realm="flagstone"'
    description = fault.detail or fault.title
    return JSONResponse({"error": fault.error, "error_description": description}, status, headers)


def provider_cookie(request: Request) -> str:
    """Return the cookie of the browser's sign-in at the provider, or an empty text."""
    return read_cookie(request, COOKIE) or ""


def remember_sign_in(request: Request, response: Response, cookie: str) -> None:
    """Give the browser the cookie of its sign-in; it ends with the browser."""
    set_cookie(request, response, COOKIE, cookie)


def go_to(address: str) -> Response:
    """Return a redirect that nobody keeps and that makes a GET of it (RFC 9700 4.12)."""
    return RedirectResponse(address, 303, headers=NO_STORE)


def origin_of(address: str) -> str:
    """Return the origin of a registered address, to which a form's answer leads."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"

# SPDX-License-Identifier: EUPL-1.2
"""Cookies that only our own pages get back: RFC 6265bis names, HttpOnly, SameSite=Lax, host only."""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection
from starlette.responses import Response

SESSION = "session"
VALUE_CHARACTERS_MAX = 4096
HTTP_PORT = 80
_VALUE = re.compile(r"[A-Za-z0-9._~+/=-]{1,4096}")


def cookie_name(request: HTTPConnection, name: str) -> str:
    """Return `__Host-NAME` on https (RFC 6265bis, 4.1.3.2); on http, loopback's case, `NAME-PORT`.

    A host's cookies go to all of its ports (RFC 6265, 8.5), and several sites share the loopback: without
    the port, signing in at one of them would sign out at another.
    """
    if is_secure(request):
        return f"__Host-{name}"
    port = (request.scope.get("server") or ("", None))[1]
    return name if port in {None, HTTP_PORT} else f"{name}-{port}"


def is_secure(request: HTTPConnection) -> bool:
    """Tell whether the client's connection is encrypted."""
    return request.scope.get("scheme") == "https"


def read_cookie(request: HTTPConnection, name: str) -> str | None:
    """Return the value of our cookie `name`, or None when it is absent, malformed or sent twice."""
    wanted = cookie_name(request, name)
    found: list[str] = []
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            key, _, value = pair.strip(" \t").partition("=")
            if key == wanted:
                found.append(value)
    if len(found) != 1 or not _VALUE.fullmatch(found[0]):
        return None
    return found[0]


def set_cookie(
    request: HTTPConnection, response: Response, name: str, value: str, *, max_age_seconds: int | None = None
) -> None:
    """Set our cookie `name` on `response`; without `max_age_seconds` it ends with the browser.

    Raises ValueError when the value holds other than URL-safe characters.
    """
    if not _VALUE.fullmatch(value):
        raise ValueError("a cookie's value must be 1 to 4096 URL-safe characters")
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=max_age_seconds,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(request: HTTPConnection, response: Response, name: str) -> None:
    """Tell the browser to forget our cookie `name`."""
    response.delete_cookie(
        cookie_name(request, name), path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )


def session_token(request: HTTPConnection) -> str | None:
    """Return the session's token that the browser sent, or None."""
    return read_cookie(request, SESSION)


def set_session(
    request: HTTPConnection, response: Response, token: str, *, max_age_seconds: int | None = None
) -> None:
    """Give the browser the session's `token`."""
    set_cookie(request, response, SESSION, token, max_age_seconds=max_age_seconds)


def clear_session(request: HTTPConnection, response: Response) -> None:
    """Take the session's token from the browser."""
    clear_cookie(request, response, SESSION)

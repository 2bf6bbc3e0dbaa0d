# SPDX-License-Identifier: EUPL-1.2
"""Forged forms are refused: where a request comes from, and a token that only our own pages know.

An unsafe request that a browser may send by itself must (1) not say that it comes from another site
(`Origin`, `Sec-Fetch-Site`) and (2) carry the token in the header `X-CSRF-Token` or the form field `csrf`.
The token of a signed-in person belongs to the session; an anonymous form's equals a `__Host-form` cookie.
Forms are read once, by `read_form`; files of multipart forms go to temporary files under the body's bound.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.cookies import read_cookie, set_cookie
from flagstone.platform.http.principal import Principal, principal

FIELD = "csrf"
HEADER = "x-csrf-token"
COOKIE = "form"
FORM_FIELDS_MAX = 500
FORM_FILES_MAX = 10
FORM_FIELD_BYTES_MAX = 256 * 1024
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class Forged(Fault):
    """A form that did not come from one of our own pages, or from one that is too old."""

    code = "http.csrf"
    kind = Kind.FORBIDDEN
    title = "The form is too old or did not come from this site"
    remedy = "Go back, load the page again and send the form once more. Cookies must be allowed."


async def read_form(request: Request) -> FormData:
    """Return the form of `request`, read at most once; a dependency for synchronous endpoints.

    At most 500 fields of 256 KiB and 10 files; the sum is bound by the body's limit.
    """
    return await request.form(
        max_files=FORM_FILES_MAX, max_fields=FORM_FIELDS_MAX, max_part_size=FORM_FIELD_BYTES_MAX
    )


def token_for(request: Request) -> str:
    """Return the token that a form on a page answering `request` must carry.

    An anonymous visitor's browser gets the token as a cookie too, with the answer.
    """
    found = principal(request)
    if found is not None and found.csrf:
        return found.csrf
    token = getattr(request.state, "form_token", None) or read_cookie(request, COOKIE)
    request.state.form_token = token or secrets.token_urlsafe(32)
    return str(request.state.form_token)


def remember(request: Request, response: Response) -> None:
    """Set the anonymous form's cookie, once, when `token_for` was asked and the browser has none yet.

    The security headers' middleware calls it for every answer.
    """
    token = getattr(request.state, "form_token", None)
    given = getattr(request.state, "form_token_given", False)
    if token is not None and not given and read_cookie(request, COOKIE) != token:
        request.state.form_token_given = True
        set_cookie(request, response, COOKIE, token)


async def verify(request: Request, found: Principal | None) -> None:
    """Raise `Forged` unless the unsafe `request` comes from our own page; `found` is who is signed in."""
    if not from_here(request):
        raise Forged
    expected = found.csrf if found is not None else read_cookie(request, COOKIE)
    if not expected or not hmac.compare_digest((await _sent(request)).encode(), expected.encode()):
        raise Forged


def from_here(request: Request) -> bool:
    """Tell whether `Sec-Fetch-Site` and `Origin`, as far as the browser sends them, name this site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    sender = urlsplit(origin)
    return (sender.scheme, sender.netloc) == (request.url.scheme, request.headers.get("host"))


async def _sent(request: Request) -> str:
    token = request.headers.get(HEADER)
    if token is None and request.headers.get("content-type", "").split(";")[0].strip().lower() in _FORM_TYPES:
        value = (await read_form(request)).get(FIELD)
        token = value if isinstance(value, str) else None
    return token or ""

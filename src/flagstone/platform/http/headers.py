# SPDX-License-Identifier: EUPL-1.2
"""Security headers on every answer: Content Security Policy level 3 with a nonce, and its companions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flagstone.platform.http import csrf
from flagstone.platform.http.cookies import is_secure, session_token

HSTS_SECONDS = 2 * 365 * 24 * 3600
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def nonce(request: HTTPConnection) -> str:
    """Return the nonce that inline scripts of this answer must carry; made on first use."""
    if not hasattr(request.state, "nonce"):
        request.state.nonce = secrets.token_urlsafe(16)
    return str(request.state.nonce)


def policy(form_targets: Sequence[str], script_nonce: str | None) -> str:
    """Return the Content-Security-Policy; `form_targets` are further origins that forms may lead to."""
    scripts = f"'self' 'nonce-{script_nonce}'" if script_nonce else "'self'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            " ".join(("form-action 'self'", *form_targets)),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


class SecurityHeaders:
    """ASGI middleware that completes each answer; what a route has set itself stays."""

    def __init__(self, app: ASGIApp, *, form_targets: Sequence[str] = ()) -> None:
        self._app = app
        self._form_targets = tuple(form_targets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(Request(scope), MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, complete)

    def _complete(self, request: Request, headers: MutableHeaders) -> None:
        for name, value in FIXED.items():
            headers.setdefault(name, value)
        made = getattr(request.state, "nonce", None)
        headers.setdefault("Content-Security-Policy", policy(self._form_targets, made))
        if is_secure(request):
            headers.setdefault("Strict-Transport-Security", f"max-age={HSTS_SECONDS}; includeSubDomains")
        if _is_personal(request):
            headers.setdefault("Cache-Control", "no-store")
        _give_form_cookie(request, headers)


def _is_personal(request: Request) -> bool:
    """Tell whether the answer may show who asked: kept by no cache (RFC 9111, 5.2.2.5)."""
    known = getattr(request.state, "principal", None) is not None
    return known or "authorization" in request.headers or session_token(request) is not None


def _give_form_cookie(request: Request, headers: MutableHeaders) -> None:
    """Set the anonymous form's cookie when the page just made holds a form's token."""
    carrier = Response()
    csrf.remember(request, carrier)
    for cookie in carrier.headers.getlist("set-cookie"):
        headers.append("Set-Cookie", cookie)
        headers["Cache-Control"] = "no-store"

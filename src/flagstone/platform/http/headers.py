# SPDX-License-Identifier: EUPL-1.2
"""Security headers on every answer: Content Security Policy level 3 with a nonce, and its companions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flagstone.platform.http import csrf
from flagstone.platform.http.cookies import is_secure, session_token

RawHeaders = list[tuple[bytes, bytes]]

FIXED = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
STRICT = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")  # two years, RFC 6797
NO_STORE = (b"cache-control", b"no-store")


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
        self._plain_policy = policy(self._form_targets, None).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._completed(Request(scope), list(message.get("headers", ())))
            await send(message)

        await self._app(scope, receive, complete)

    def _completed(self, request: Request, headers: RawHeaders) -> RawHeaders:
        """Return `headers` with ours behind them, each unless the route has set its own."""
        _give_form_cookie(request, headers)
        there = {name.lower() for name, _ in headers}
        headers += [pair for pair in FIXED if pair[0] not in there]
        if b"content-security-policy" not in there:
            made = getattr(request.state, "nonce", None)
            rules = policy(self._form_targets, made).encode() if made else self._plain_policy
            headers.append((b"content-security-policy", rules))
        if is_secure(request) and STRICT[0] not in there:
            headers.append(STRICT)
        if b"cache-control" not in there and _is_personal(request):
            headers.append(NO_STORE)
        return headers


def _is_personal(request: Request) -> bool:
    """Tell whether the answer may show who asked: kept by no cache (RFC 9111, 5.2.2.5)."""
    known = getattr(request.state, "principal", None) is not None
    return known or "authorization" in request.headers or session_token(request) is not None


def _give_form_cookie(request: Request, headers: RawHeaders) -> None:
    """Keep a page with an anonymous form's token out of caches, and give its browser the cookie."""
    if getattr(request.state, "form_token", None) is None:
        return
    carrier = Response()
    csrf.remember(request, carrier)
    headers[:] = [pair for pair in headers if pair[0].lower() != b"cache-control"]
    headers += [pair for pair in carrier.raw_headers if pair[0] == b"set-cookie"]
    headers.append(NO_STORE)

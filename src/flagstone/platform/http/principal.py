# SPDX-License-Identifier: EUPL-1.2
"""Who calls: the person of a session cookie or the machine of a bearer token, looked up once a request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.cookies import session_token

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")


class Unauthenticated(Fault):
    """Nobody is signed in, or the token is no longer good."""

    code = "http.unauthenticated"
    kind = Kind.UNAUTHENTICATED
    title = "You are not signed in"
    remedy = "Sign in, or send a valid bearer token, and try again."


class Forbidden(Fault):
    """The caller is known and may not do this."""

    code = "http.forbidden"
    kind = Kind.FORBIDDEN
    title = "You may not do this"
    remedy = "Ask whoever gives out rights in your organisation, or sign in as somebody else."


@dataclass(frozen=True)
class Principal:
    """Who calls and with which roles; its text form shows neither the person nor any token.

    `reason` is why, where the call itself says so: a message of the exchange does.
    """

    caller: Caller = field(repr=False)
    person: PersonCode | None = field(default=None, repr=False)
    name: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    csrf: str = field(default="", repr=False)
    language: str | None = None
    reason: Reason | None = field(default=None, repr=False)

    def holds(self, *roles: str) -> bool:
        """Tell whether the caller holds at least one of `roles`."""
        return self.caller.holds(*roles)


class Sessions(Protocol):
    """Keeps the sessions of signed-in persons."""

    def find(self, token: str) -> Principal | None:
        """Return the principal of the session whose cookie holds `token`, None when it has ended."""
        ...


class Bearers(Protocol):
    """Knows the tokens of machines (RFC 6750)."""

    def find(self, token: str) -> Principal | None:
        """Return the principal of the access `token`, None when it is unknown, ended or not for us."""
        ...


def bearer_token(request: HTTPConnection) -> str | None:
    """Return the token of `Authorization: Bearer TOKEN` (RFC 6750, 2.1), or None."""
    matched = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return matched.group(1) if matched else None


def principal(request: HTTPConnection) -> Principal | None:
    """Return who calls, or None; looked up on the first call of a request and remembered.

    A request with an `Authorization` header is judged by that header alone, never by its cookie.
    Reads the session store: call it from synchronous code, or use `principal_awaited`.
    """
    state = request.state
    if not hasattr(state, "principal"):
        state.principal = _look_up(request)
    found: Principal | None = state.principal
    return found


async def principal_awaited(request: HTTPConnection) -> Principal | None:
    """Do as `principal` does, from asynchronous code, without holding up other requests."""
    if not hasattr(request.state, "principal") and _carries_proof(request):
        return await run_in_threadpool(principal, request)
    return principal(request)


def current(request: HTTPConnection) -> Principal:
    """Return who calls; raises `Unauthenticated` when nobody does."""
    found = principal(request)
    if found is None:
        raise Unauthenticated
    return found


def by_cookie(request: HTTPConnection) -> bool:
    """Tell whether the caller would be known by a cookie, which a foreign page can make a browser send."""
    return "authorization" not in request.headers


def disregard_cookie(request: HTTPConnection) -> None:
    """Treat the session cookie of this request as absent from here on."""
    request.state.cookie_disregarded = True


def _carries_proof(request: HTTPConnection) -> bool:
    return "authorization" in request.headers or session_token(request) is not None


def _look_up(request: HTTPConnection) -> Principal | None:
    stores = request.app.state
    if not by_cookie(request):
        bearers: Bearers | None = getattr(stores, "bearers", None)
        token = bearer_token(request)
        return bearers.find(token) if bearers and token else None
    if getattr(request.state, "cookie_disregarded", False):
        return None
    sessions: Sessions | None = getattr(stores, "sessions", None)
    token = session_token(request)
    return sessions.find(token) if sessions and token else None

# SPDX-License-Identifier: EUPL-1.2
"""Routes that cannot be made without saying who may call them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, StreamingResponse
from starlette.routing import BaseRoute, Mount

from flagstone.platform.http import csrf
from flagstone.platform.http.admission import allow_upload
from flagstone.platform.http.principal import (
    Forbidden,
    Principal,
    Unauthenticated,
    by_cookie,
    disregard_cookie,
    principal_awaited,
)
from flagstone.platform.storage.tally import tallied

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

SIGN_IN_PATH = "/sign-in"
USAGE_COUNT_HEADER = "Flagstone-Usage-Count"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Audience(Enum):
    """Whom a route is for."""

    ANYONE = "anyone"
    SIGNED_IN = "signed-in"
    ROLE = "role"
    CLIENT = "client"


@dataclass(frozen=True)
class Access:
    """Who may call a route: an audience and, where it names any, one of `roles`."""

    audience: Audience
    roles: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Return the short form that documents and guard tests show, `role: clerk, registrar`."""
        return (
            f"{self.audience.value}: {', '.join(sorted(self.roles))}" if self.roles else self.audience.value
        )


ANYONE = Access(Audience.ANYONE)
"""Everybody, signed in or not."""
SIGNED_IN = Access(Audience.SIGNED_IN)
"""Whoever is signed in or holds a good bearer token."""
CLIENT = Access(Audience.CLIENT)
"""A machine with a bearer token (RFC 6750); cookies do not count."""


def role(*roles: str) -> Access:
    """Return the access of whoever holds at least one of `roles`; ValueError for none or an empty name."""
    if not roles or not all(roles):
        raise ValueError("name at least one role")
    return Access(Audience.ROLE, frozenset(roles))


def client(*roles: str) -> Access:
    """Return the access of machines whose token's scope gives at least one of `roles`."""
    if not roles or not all(roles):
        raise ValueError("name at least one role, or use CLIENT")
    return Access(Audience.CLIENT, frozenset(roles))


class Door(APIRoute):
    """A route that decides who comes in before the body is read."""

    access: Access
    page: bool
    cross_site: bool
    upload: bool
    document: str | None

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler behind the checks of access and of forged forms."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                turned_away = await self._admit(request)
                return turned_away or await _counted(inner, request)
            finally:
                await request.close()  # the temporary files of a form

        return handle

    async def _admit(self, request: Request) -> Response | None:
        """Return a redirect for whom must sign in first, None for who may pass; raise a Fault for others."""
        safe = request.method in SAFE_METHODS
        if self.upload:
            allow_upload(request)
        if not safe and not self.page and self.access.audience is Audience.ANYONE:
            disregard_cookie(request)  # an open API takes no orders on the word of a cookie
        else:
            found = await _permitted(request, self.access)
            if isinstance(found, Unauthenticated):
                if self.page and by_cookie(request):
                    return RedirectResponse(sign_in_address(request), status_code=303)
                raise found
            if not safe and not self.cross_site and by_cookie(request):
                await csrf.verify(request, found)
        return None


async def _counted(inner: Handler, request: Request) -> Response:
    """Answer; a message of the exchange is told how many readings of personal data its answer recorded.

    An answer that is still being made when it begins is told nothing.
    """
    with tallied() as tally:
        response = await inner(request)
    found: Principal | None = getattr(request.state, "principal", None)
    if found is not None and found.reason is not None and not isinstance(response, StreamingResponse):
        response.headers[USAGE_COUNT_HEADER] = str(tally.readings)
    return response


async def _permitted(request: Request, access: Access) -> Principal | Unauthenticated | None:
    """Return the principal that may pass (None for an anonymous one), or why none is known."""
    if access.audience is Audience.ANYONE:
        return None if request.method in SAFE_METHODS else await principal_awaited(request)
    if access.audience is Audience.CLIENT and by_cookie(request):
        return Unauthenticated("A bearer token is needed here.")
    found = await principal_awaited(request)
    if found is None:
        return Unauthenticated()
    if access.roles and not found.holds(*access.roles):
        raise Forbidden
    return found


def sign_in_address(request: Request) -> str:
    """Return `/sign-in?return_to=...` that leads back to the page asked for, or to the form's page."""
    if request.method in SAFE_METHODS:
        path, query = request.url.path, request.url.query
    else:
        came_from = urlsplit(request.headers.get("referer", ""))
        same_site = came_from.netloc == request.headers.get("host")
        path, query = (came_from.path, came_from.query) if same_site else ("/", "")
    target = local_path(f"{path}?{query}" if query else path)
    return f"{SIGN_IN_PATH}?return_to={quote(target, safe='/')}"


def local_path(text: str) -> str:
    """Return `text` when it is a path of this site, otherwise `/`: no open redirects (CWE-601)."""
    plain = all(" " < character < "\x7f" and character != "\\" for character in text)
    return text if plain and text.startswith("/") and not text.startswith("//") else "/"


class Routes:
    """Routes under one prefix; `document` names their OpenAPI document, None makes them pages."""

    def __init__(
        self, prefix: str = "", *, tags: list[str] | None = None, document: str | None = None
    ) -> None:
        if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
            raise ValueError("a prefix starts with / and does not end with it")
        self.prefix = prefix
        self.tags = list(tags or [])
        self.document = document
        self.doors: list[Door] = []

    def get(self, path: str, *, access: Access, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare a read; `options` are FastAPI's for a path operation (name, response_model, ...)."""
        return self._declare("GET", path, access, options)

    def post(self, path: str, *, access: Access, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare a POST.

        `cross_site=True` lets foreign pages post here, for protocols that need it;
        `upload=True` takes bodies up to `Bounds.upload_bytes_max`.
        """
        return self._declare("POST", path, access, options)

    def put(self, path: str, *, access: Access, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare a PUT."""
        return self._declare("PUT", path, access, options)

    def patch(self, path: str, *, access: Access, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare a PATCH."""
        return self._declare("PATCH", path, access, options)

    def delete(self, path: str, *, access: Access, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare a DELETE."""
        return self._declare("DELETE", path, access, options)

    def _declare(
        self, method: str, path: str, access: Access, options: dict[str, Any]
    ) -> Callable[[Endpoint], Endpoint]:
        if not isinstance(access, Access):
            raise TypeError("access must be ANYONE, SIGNED_IN, CLIENT, role(...) or client(...)")
        cross_site, upload = options.pop("cross_site", False), options.pop("upload", False)

        def declare(endpoint: Endpoint) -> Endpoint:
            options.setdefault("tags", self.tags)
            options.setdefault("response_model", None)
            if self.document is None:
                options["include_in_schema"] = False
            door = Door(self.prefix + path, endpoint, methods=[method], **options)
            door.access, door.cross_site, door.upload = access, cross_site, upload
            door.page, door.document = self.document is None, self.document
            self.doors.append(door)
            return endpoint

        return declare


@dataclass(frozen=True)
class Declared:
    """One way in: `access` is None where a route was added past `Routes`, which a guard test refuses."""

    method: str
    path: str
    access: Access | None


def declared_access(app: FastAPI) -> list[Declared]:
    """Return every method and path that `app` answers, and who may call it."""
    return sorted(_ways_in(app.router.routes, ""), key=lambda way: (way.path, way.method))


def _ways_in(routes: list[BaseRoute], prefix: str) -> Iterator[Declared]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, Mount):
            access = getattr(route.app, "access", None)
            if access is not None or not route.routes:
                yield Declared("*", path, access)
            else:
                yield from _ways_in(route.routes, path)
        else:
            for method in sorted(getattr(route, "methods", None) or {"*"}):
                yield Declared(method, path, getattr(route, "access", None))

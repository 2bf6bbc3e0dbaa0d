# SPDX-License-Identifier: EUPL-1.2
"""The web application of one site, put together from routes, pages and the keepers of identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from flagstone.platform.http import problem
from flagstone.platform.http.admission import Admission
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.headers import SecurityHeaders
from flagstone.platform.http.health import Check, health_routes
from flagstone.platform.http.metrics import Meter
from flagstone.platform.http.observed import Observed
from flagstone.platform.http.openapi import document_names, openapi
from flagstone.platform.http.principal import Bearers, Sessions
from flagstone.platform.http.problem import NotFound
from flagstone.platform.http.quota import Networks
from flagstone.platform.http.request_id import RequestId
from flagstone.platform.http.routes import ANYONE, Routes
from flagstone.platform.http.tickets import Tickets

Application: TypeAlias = FastAPI
"""The web application of a site, for those who need not know the framework."""


@dataclass(frozen=True)
class Edge:
    """How the site meets the world: its names, limits, proxies and what its documents are called.

    `hosts` are the names in lower case without port; None takes any, which only tests want.
    `form_targets` are further origins that a form may lead to, such as another site's sign-in.
    """

    title: str
    version: str
    hosts: frozenset[str] | None
    bounds: Bounds = field(default_factory=Bounds)
    proxies: Networks = ()
    form_targets: tuple[str, ...] = ()
    metrics_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Keepers:
    """What the routes lean on: pages, sessions, bearer tokens, readiness checks, start and stop."""

    pages: Any = None  # an object with `render(request, template, **context) -> Response`
    sessions: Sessions | None = None
    bearers: Bearers | None = None
    tickets: Tickets | None = None  # of parts of this site, which have limits of their own
    checks: Mapping[str, Check] = field(default_factory=dict)
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None


def assemble(routes: Sequence[Routes], *, edge: Edge, keepers: Keepers | None = None) -> FastAPI:
    """Return the application that answers `routes`, health, metrics and `/openapi/DOCUMENT.json`."""
    keepers = keepers or Keepers()
    meter = Meter()
    app = FastAPI(
        title=edge.title,
        version=edge.version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=keepers.lifespan,
    )
    app.state.pages, app.state.meter = keepers.pages, meter
    app.state.sessions, app.state.bearers = keepers.sessions, keepers.bearers
    own = (
        health_routes(meter, keepers.checks, metrics_token=edge.metrics_token),
        document_routes(routes, edge),
    )
    for each in (*own, *routes):
        app.router.routes.extend(each.doors)
    problem.install(app)
    _wrap(app, edge, meter, keepers.tickets)
    return app


def _wrap(app: FastAPI, edge: Edge, meter: Meter, tickets: Tickets | None) -> None:
    """Put the middleware around `app`; the last one added is the outermost."""
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        Admission,
        bounds=edge.bounds,
        hosts=edge.hosts,
        proxies=edge.proxies,
        refused=meter.refused,
        vouched=tickets.waits if tickets else None,
    )
    app.add_middleware(Observed, meter=meter)
    app.add_middleware(SecurityHeaders, form_targets=edge.form_targets)
    app.add_middleware(RequestId)


def document_routes(routes: Sequence[Routes], edge: Edge) -> Routes:
    """Return the route of the OpenAPI documents, each made when first asked for."""
    own = Routes(prefix="/openapi")
    names = document_names(routes)

    @cache
    def made(name: str) -> dict[str, Any]:
        return openapi(routes, name, title=edge.title, version=edge.version)

    @own.get("/{name}.json", access=ANYONE)
    def read(name: str) -> Response:
        if name not in names:
            raise NotFound
        return JSONResponse(made(name))

    return own


class HeadAsGet:
    """ASGI middleware that lets GET routes answer HEAD (RFC 9110, 9.3.2); the server drops the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a HEAD request on as GET."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


def meter_of(request: Request) -> Meter:
    """Return the app's counts, to which a block may add its own."""
    found: Meter = request.app.state.meter
    return found

# SPDX-License-Identifier: EUPL-1.2
"""OpenFisca's web API inside a site: the same nine addresses and bodies, for whom the site knows."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.rules.contract.engine import Engine, Question
from flagstone.blocks.rules.contract.roles import COMPUTING
from flagstone.blocks.rules.web.quotas import Quota
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes, role

PREFIX = "/rules/openfisca"
READ = ("", "/", "/spec", "/entities", "/variables", "/parameters")
NAMED = ("/variable/{name}", "/parameter/{name:path}")
COMPUTED = ("/calculate", "/trace")
_FOR_EVERYBODY = "access-control-allow-origin"  # a site's answers are for its own callers


class OpenFiscaApi:
    """The nine endpoints over an engine."""

    def __init__(self, engine: Engine, address: str, quota: Quota) -> None:
        """Answer by `engine`; `address` is the site's, without a path; `quota` counts calculations."""
        self._engine, self._address, self._quota = engine, f"{address}{PREFIX}/", quota

    def routes(self) -> Routes:
        """Return the routes; officials of the rules and systems behind the exchange may call them."""
        routes = Routes(PREFIX, tags=["OpenFisca web API"], document="openfisca")
        allowed = role(*COMPUTING)
        for path in (*READ, *NAMED):
            routes.get(path, access=allowed, name=f"describe {path}", operation_id=f"get{path}")(
                self.described
            )
        for path in COMPUTED:
            routes.post(path, access=allowed, upload=True, operation_id=f"post{path}")(self.computed)
        return routes

    async def described(self, request: Request) -> Response:
        """Describe the law: its entities, variables and parameters, or the API itself."""
        return await run_in_threadpool(self._answer, request, b"")

    async def computed(self, request: Request) -> Response:
        """Compute a situation, or trace how it was computed."""
        self._quota.draw(current(request).caller.actor)
        body = await request.body()
        return await run_in_threadpool(self._answer, request, body)

    def _answer(self, request: Request, body: bytes) -> Response:
        path = request.url.path.removeprefix(PREFIX) or "/"
        known = request.headers.get("if-none-match", "")
        reply = self._engine.answer(Question(request.method, path, self._address, body, known))
        headers = {name: value for name, value in reply.headers.items() if name.lower() != _FOR_EVERYBODY}
        return Response(reply.body, reply.status, headers)

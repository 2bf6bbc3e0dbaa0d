# SPDX-License-Identifier: EUPL-1.2
"""GovStack's Configuration Management API of the Information Mediator (1.0.1), for operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi import Query as QueryParameter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flagstone.blocks.exchange.contract.exchange import Exchange, Governance
from flagstone.blocks.exchange.contract.faults import NotTheCentre
from flagstone.blocks.exchange.contract.status import PathStatus
from flagstone.blocks.exchange.web.console.asking import CHANGE, LOOK
from flagstone.blocks.exchange.web.govstack.directory import DOCUMENT, PREFIX
from flagstone.blocks.exchange.web.govstack.planning import Door, Mode, plan
from flagstone.blocks.exchange.web.govstack.rights import RightsApi
from flagstone.blocks.exchange.web.govstack.told import Addresses, configuration
from flagstone.blocks.exchange.web.govstack.wanted import Wanted, read_wanted
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.principal import current
from flagstone.platform.http.request_id import request_id
from flagstone.platform.http.routes import Routes

PURPOSE = "Configuration of the information mediator by its API"


class NotRunning(Fault):
    """The message path carries nothing."""

    code = "exchange.not-running"
    kind = Kind.UNAVAILABLE
    title = "The exchange carries no messages at this server"
    remedy = "Start the site; its log says why the message path stopped."


class HolderBody(BaseModel):
    """Who may call, in the document."""

    member: str = Field(description="name of the member, or global:CODE, local:CODE")
    application: str = ""


class ServiceBody(BaseModel):
    """A service in the document."""

    id: str
    specUrl: str = ""  # noqa: N815 -- the published name
    serviceUrl: str  # noqa: N815
    rights: list[HolderBody] | None = None


class ApplicationBody(BaseModel):
    """An application in the document."""

    id: str
    connection: str = "https"
    services: list[ServiceBody] | None = None


class MemberBody(BaseModel):
    """A member in the document."""

    name: str
    class_: str = Field(alias="class")
    code: str
    applications: list[ApplicationBody] | None = None


class ConfigurationBody(BaseModel):
    """The published `IMconf`."""

    domain: str
    instance: str
    members: list[MemberBody] | None = None


async def _body(request: Request) -> Wanted:
    return read_wanted(await request.body())


WantedOf = Annotated[Wanted, Depends(_body)]
Init = Annotated[bool, QueryParameter(description="only at the centre: that it governs is demanded")]
_TAKES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/yaml": {"schema": {"type": "object"}},
        },
    }
}


class ConfigurationApi:
    """Reads and writes the whole configuration, and tells whether the exchange runs."""

    def __init__(
        self,
        exchange: Exchange,
        governance: Governance,
        *,
        domain: str,
        address: str,
        is_centre: bool,
        status: Callable[[], PathStatus],
    ) -> None:
        """Configure `exchange`, and where this is the centre `governance`; `address` is that of this site.

        `domain` is only told.
        """
        self._exchange = exchange
        self._governance = governance
        self._domain = domain
        self._addresses = Addresses(address)
        self._is_centre = is_centre
        self._status = status

    def routes(self) -> Routes:
        """Return the routes under `/mediator/api/v1`."""
        routes = Routes(f"{PREFIX}/api/v1", tags=["Configuration"], document=DOCUMENT)
        shape = {"response_model": ConfigurationBody, "response_model_exclude_none": True}
        routes.get("/config", access=LOOK, operation_id="listIMconf", **shape)(self.read)
        routes.post(
            "/config", access=CHANGE, operation_id="createIMconf", status_code=201, openapi_extra=_TAKES
        )(self.create)
        routes.patch(
            "/config", access=CHANGE, operation_id="updateIMconf", status_code=201, openapi_extra=_TAKES
        )(self.update)
        routes.put(
            "/config", access=CHANGE, operation_id="replaceIMconf", status_code=201, openapi_extra=_TAKES
        )(self.replace)
        routes.get("/status", access=LOOK, operation_id="checkIMconf")(self.running)
        RightsApi(self._exchange).declare(routes)
        return routes

    def read(self) -> Response:
        """Return the configuration of the whole instance as this server knows it."""
        return JSONResponse(configuration(self._exchange.snapshot(), self._domain, self._addresses))

    def create(self, request: Request, wanted: WantedOf, *, init: Init = False) -> Response:
        """Add what is described; what is there and different is refused, and nothing done."""
        if init and not self._is_centre:
            raise NotTheCentre
        return self._carry_out(request, wanted, Mode.ADD)

    def update(self, request: Request, wanted: WantedOf) -> Response:
        """Add or change what is described; the rest stays."""
        return self._carry_out(request, wanted, Mode.CHANGE)

    def replace(self, request: Request, wanted: WantedOf) -> Response:
        """Add or change what is described and remove the rest; each removal is audited."""
        return self._carry_out(request, wanted, Mode.REPLACE)

    def running(self) -> Response:
        """Tell that the exchange is configured and carries messages; NotRunning otherwise."""
        snapshot, status = self._exchange.snapshot(), self._status()
        if not status.running:
            raise NotRunning
        return JSONResponse({"status": "running", "revision": snapshot.directory.revision})

    def _carry_out(self, request: Request, wanted: Wanted, mode: Mode) -> Response:
        snapshot = self._exchange.snapshot()
        steps = plan(wanted, snapshot, mode, addresses=self._addresses, is_centre=self._is_centre)
        reason = Reason(PURPOSE, message_reference=request_id(request))
        steps.carry_out(Door(self._exchange, self._governance, current(request).caller, reason))
        done = [step.what for step in steps.steps]
        return JSONResponse(
            f"{len(done)} changes: {'; '.join(done)}" if done else "no change was needed", 201
        )

# SPDX-License-Identifier: EUPL-1.2
"""GovStack's Directory API of the Information Mediator (1.0), for the services that this server carries."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path
from fastapi import Query as QueryParameter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flagstone.blocks.exchange.contract.exchange import Exchange
from flagstone.blocks.exchange.contract.faults import ClientUnknown, ServiceUnknown
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import ServiceDefinition, Snapshot
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.model.metadata import anonymised
from flagstone.blocks.exchange.service.documents import plain_data
from flagstone.blocks.exchange.web.govstack import shapes
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.routes import ANYONE, Routes

PREFIX = "/mediator"
DOCUMENT = "mediator"
CLIENT_HEADER = "X-GovStack-Client"
PROVIDER = "/r1/{instanceId}/{memberClass}/{memberCode}/{applicationCode}"


class CarriedElsewhere(Fault):
    """The application's messages are carried by another server, which alone knows its services."""

    code = "exchange.carried-elsewhere"
    kind = Kind.MISSING
    title = "Another server carries this application"
    remedy = "Ask it by a message: the same path at this server's port for information systems."


class DescriptionMissing(Fault):
    """The service has no OpenAPI description."""

    code = "exchange.description-missing"
    kind = Kind.INVALID
    title = "The service has no description"
    remedy = "Ask its provider; only services with an OpenAPI document have one."


Part = Annotated[str, Path(max_length=names.PART_LENGTH_MAX)]
Filter = Annotated[str, QueryParameter(alias="serviceId", max_length=names.PART_LENGTH_MAX)]
ServiceCode = Annotated[str, QueryParameter(alias="serviceCode", min_length=1, max_length=255)]
InstanceId = Annotated[str, QueryParameter(alias="instanceId", max_length=255)]
ClientName = Annotated[
    str,
    Header(alias=CLIENT_HEADER, max_length=1_100, description="who asks: INSTANCE/CLASS/CODE/APPLICATION"),
]


@dataclass(frozen=True)
class Asked:
    """Who asks whose services."""

    client: ClientId
    provider: ClientId


def _asked(
    client: ClientName,
    instance: Annotated[Part, Path(alias="instanceId")],
    member_class: Annotated[Part, Path(alias="memberClass")],
    member_code: Annotated[Part, Path(alias="memberCode")],
    application: Annotated[Part, Path(alias="applicationCode")],
) -> Asked:
    provider = "/".join((instance, member_class, member_code, application))
    return Asked(names.client_named(client), names.subsystem_named(provider))


AskedOf = Annotated[Asked, Depends(_asked)]


class DirectoryApi:
    """The four operations, open to anyone as they are at the port for information systems."""

    def __init__(self, exchange: Exchange) -> None:
        """Answer from `exchange`."""
        self._exchange = exchange

    def routes(self) -> Routes:
        """Return the routes under `/mediator`."""
        routes = Routes(PREFIX, tags=["Directory"], document=DOCUMENT)
        routes.get("/listClients", access=ANYONE, operation_id="listClients")(self.list_clients)
        routes.get(f"{PROVIDER}/listMethods", access=ANYONE, operation_id="listMethods")(self.list_methods)
        routes.get(f"{PROVIDER}/allowedMethods", access=ANYONE, operation_id="allowedMethods")(self.allowed)
        routes.get(f"{PROVIDER}/getOpenAPI", access=ANYONE, operation_id="getOpenAPI")(self.description)
        return routes

    def list_clients(self, instance: InstanceId = "") -> JSONResponse:
        """Return the members and applications of the instance, by default of this one."""
        directory = self._exchange.snapshot().directory
        return JSONResponse(shapes.clients(directory, instance or directory.instance))

    def list_methods(self, asked: AskedOf, service: Filter = "") -> JSONResponse:
        """Return the services of an application with all their endpoints."""
        return JSONResponse(shapes.methods(offered(self._exchange.snapshot(), asked.provider, service)))

    def allowed(self, asked: AskedOf, service: Filter = "") -> JSONResponse:
        """Return what of an application's services the client may call."""
        snapshot = self._exchange.snapshot()
        services = offered(snapshot, asked.provider, service)
        if not snapshot.directory.knows(asked.client):
            raise ClientUnknown
        return JSONResponse(shapes.allowed(snapshot, services, asked.client))

    def description(self, request: Request, asked: AskedOf, service: ServiceCode) -> Response:
        """Return a service's OpenAPI document: as a JSON string, or as text/yaml to whoever prefers it."""
        text = description_of(self._exchange.snapshot(), ServiceId(asked.provider, names.part(service)))
        if request.headers.get("accept", "").strip().lower().startswith("text/yaml"):
            return Response(text, media_type="text/yaml")
        return JSONResponse(text)


def offered(snapshot: Snapshot, provider: ClientId, code: str = "") -> list[ServiceDefinition]:
    """Return the services of `provider` that are offered, of one code alone where it is given.

    ClientUnknown for an application that the directory lacks, CarriedElsewhere for another server's.
    """
    if provider not in snapshot.clients:
        raise CarriedElsewhere if snapshot.directory.servers_of(provider) else ClientUnknown
    return [
        service
        for service in _of(snapshot.services.values(), provider)
        if service.enabled and code in {"", service.id.code}
    ]


def _of(services: Iterable[ServiceDefinition], provider: ClientId) -> list[ServiceDefinition]:
    return sorted((each for each in services if each.id.provider == provider), key=lambda each: each.id)


def description_of(snapshot: Snapshot, service: ServiceId) -> str:
    """Return the OpenAPI document of `service` as JSON text, whose servers name no host."""
    found = {each.id: each for each in offered(snapshot, service.provider)}.get(service)
    if found is None:
        raise ServiceUnknown
    document = plain_data(found.description) if found.description else None
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise DescriptionMissing
    return json.dumps(anonymised(document), ensure_ascii=False)

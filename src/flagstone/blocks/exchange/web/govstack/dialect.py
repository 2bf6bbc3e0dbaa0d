# SPDX-License-Identifier: EUPL-1.2
"""The dialect that the published Information Mediator test suite speaks; mounted apart, never by default.

Where the suite differs from the published API is told in `deviations.yaml`. Everything is answered by a
real exchange with a storage and instance of its own (`service.conformance`); no other can be reached.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi import Path as PathParameter
from fastapi import Query as QueryParameter
from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.exchange import Exchange
from flagstone.blocks.exchange.contract.faults import ClientUnknown, IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.govstack import shapes
from flagstone.blocks.exchange.web.govstack.directory import description_of, offered
from flagstone.kernel.errors import Fault
from flagstone.platform.http.routes import ANYONE, Routes

PREFIX = "/dialect/information-mediator"
DOCUMENT = "mediator-dialect"
INSTANCES = frozenset({"identifier", "a11a11a11a", "a552example", "valid1dentifi3r"})
"""The suite's names of instances; each stands for the conformance exchange's own."""
CALLER = ("GOV", "90000009", "digitalregistries")
CLIENT_HEADERS = ("Information-Mediator-Client", "X-GovStack-Client")

_LETTER_FIRST = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_NO_LINE_FIRST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PROVIDER = "/{GovStackInstance}/{memberClass}/{memberCode}/{applicationCode}"

Part = Annotated[str, PathParameter(max_length=255)]
Code = Annotated[str, QueryParameter(alias="serviceCode", max_length=255)]


@dataclass(frozen=True)
class Place:
    """The parts of a path as they were sent, with quote characters and all."""

    instance: str
    member_class: str
    member_code: str
    application: str


def _place(
    instance: Annotated[Part, PathParameter(alias="GovStackInstance")],
    member_class: Annotated[Part, PathParameter(alias="memberClass")],
    member_code: Annotated[Part, PathParameter(alias="memberCode")],
    application: Annotated[Part, PathParameter(alias="applicationCode")],
) -> Place:
    return Place(instance, member_class, member_code, application)


PlaceOf = Annotated[Place, Depends(_place)]


@dataclass(frozen=True)
class Asked:
    """One application of the conformance exchange, and who asks for it."""

    snapshot: Snapshot
    instance: str
    provider: ClientId
    client: ClientId


def _asked(request: Request, place: Place, snapshot: Snapshot) -> Asked:
    """Return what was asked for; IdentifierInvalid for what the suite calls invalid, else ClientUnknown."""
    instance = _read(place.instance, _LETTER_FIRST)
    own = snapshot.directory.instance
    provider = ClientId(
        own,
        _read(place.member_class, _LETTER_FIRST),
        _read(place.member_code, _NO_LINE_FIRST),
        _read(place.application, _NO_LINE_FIRST),
    )
    if instance not in INSTANCES:
        raise ClientUnknown
    return Asked(snapshot, instance, provider, _client(request, own))


def _client(request: Request, instance: str) -> ClientId:
    """Return who asks: whom a header names where it is an identifier, else the suite's caller."""
    header = next((request.headers[name] for name in CLIENT_HEADERS if name in request.headers), "")
    _instance, *rest = header.split("/")
    return ClientId(instance, *(rest if len(rest) == len(CALLER) else CALLER))


class Dialect:
    """The suite's four operations over an exchange, with and without `/r1` before the path."""

    def __init__(self, exchange: Exchange) -> None:
        """Answer from `exchange`, which is the conformance exchange."""
        self._exchange = exchange

    def routes(self) -> Routes:
        """Return the routes under `PREFIX`; open, since the suite sends no token, so for sandboxes only."""
        routes = Routes(PREFIX, tags=["Dialect"], document=DOCUMENT)
        routes.get("/listClients", access=ANYONE)(self.list_clients)
        for before in ("", "/r1"):
            at = f"{before}{_PROVIDER}"
            routes.get(f"{at}/listMethods", access=ANYONE)(self.list_methods)
            routes.get(f"{at}/allowedMethods", access=ANYONE)(self.allowed)
            routes.get(f"{at}/getOpenAPI", access=ANYONE)(self.description)
        return routes

    def list_clients(self) -> Response:
        """Return every client of the conformance exchange; the suite's instance ids name none."""
        directory = self._exchange.snapshot().directory
        found = shapes.clients(directory, directory.instance)["member"]
        assert isinstance(found, list)
        return _json({"member": [_client_shape(each["id"]) for each in found]})

    def list_methods(self, request: Request, place: PlaceOf) -> Response:
        """Return the services of an application with all their endpoints."""
        asked = _asked(request, place, self._exchange.snapshot())
        return _json(_renamed(shapes.methods(offered(asked.snapshot, asked.provider)), asked.instance))

    def allowed(self, request: Request, place: PlaceOf) -> Response:
        """Return what of an application's services the caller may call."""
        asked = _asked(request, place, self._exchange.snapshot())
        services = offered(asked.snapshot, asked.provider)
        return _json(_renamed(shapes.allowed(asked.snapshot, services, asked.client), asked.instance))

    def description(self, request: Request, place: PlaceOf, service: Code = "") -> Response:
        """Return a service's OpenAPI document as a JSON string; what is wrong is a JSON string too."""
        try:
            asked = _asked(request, place, self._exchange.snapshot())
            code = _read(service, _NO_LINE_FIRST)
            return _json(description_of(asked.snapshot, ServiceId(asked.provider, code)))
        except Fault as fault:
            return _json(fault.title, 400)


def _read(part: str, pattern: re.Pattern[str]) -> str:
    """Return a part of a path without the quote characters that the suite sends; IdentifierInvalid."""
    text = part.strip('"')
    if not pattern.fullmatch(text):
        raise IdentifierInvalid
    return names.part(text)


def _client_shape(identifier: dict[str, str]) -> dict[str, object]:
    """Return a client in the fields that the suite's one schema of answers knows."""
    kind = "SUBSYSTEM" if identifier["objectType"] == "APPLICATION" else "MEMBER"
    rest = {name: value for name, value in identifier.items() if name not in {"objectType", "instanceId"}}
    return {"objectType": {"object_type": kind}, "GovStackInstance": identifier["instanceId"], **rest}


def _renamed(answer: object, instance: str) -> object:
    """Return a list of services with the suite's instance, and its odd shape of `objectType`."""
    assert isinstance(answer, dict)
    dropped = {"objectType", "instanceId"}
    return {
        "member": [
            {
                "objectType": {"object_type": each["objectType"]},
                "GovStackInstance": instance,
                **{name: value for name, value in each.items() if name not in dropped},
            }
            for each in answer["member"]
        ]
    }


def _json(value: object, status: int = 200) -> Response:
    """Return JSON whose media type names its charset, as the suite insists."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(body, status, headers={"Content-Type": "application/json; charset=utf-8"})

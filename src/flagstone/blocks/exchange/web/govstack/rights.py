# SPDX-License-Identifier: EUPL-1.2
"""Rights in GovStack's words: listed by pages of holders, given and taken for whole services."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated

from fastapi import Body
from fastapi import Query as QueryParameter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flagstone.blocks.exchange.contract.exchange import Exchange
from flagstone.blocks.exchange.contract.faults import IdentifierInvalid, QueryInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServiceId, Subject
from flagstone.blocks.exchange.contract.service import Right, Snapshot
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.console.asking import CHANGE, LOOK
from flagstone.blocks.exchange.web.govstack.shapes import Shape
from flagstone.blocks.exchange.web.govstack.told import GROUP_CLASSES, holder, holder_named
from flagstone.blocks.exchange.web.govstack.wanted import ConfigurationInvalid
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.principal import current
from flagstone.platform.http.request_id import request_id
from flagstone.platform.http.routes import Routes

PURPOSE = "Rights changed by the API of the information mediator"
PAGE_SIZE_MAX = 1_000

Text = Annotated[str, QueryParameter(max_length=255)]
PageSize = Annotated[float, QueryParameter(alias="pageSize", ge=1, le=PAGE_SIZE_MAX)]
Pair = tuple[ServiceId, Subject]


class AllowedApplication(BaseModel):
    """A holder: by the names `member` and `application`, or by class, code and application id."""

    member: str = Field(default="", max_length=1_000)
    application: str = Field(default="", max_length=255)
    memberClass: str = Field(default="", max_length=255)  # noqa: N815 -- the published names
    memberCode: str = Field(default="", max_length=255)  # noqa: N815
    applicationId: str = Field(default="", max_length=255)  # noqa: N815


class ServiceAccessRights(BaseModel):
    """The holders of rights to one service."""

    memberClass: str = Field(max_length=255)  # noqa: N815 -- the published names
    memberCode: str = Field(max_length=255)  # noqa: N815
    applicationId: str = Field(max_length=255)  # noqa: N815
    serviceId: str = Field(max_length=255)  # noqa: N815
    rights: list[AllowedApplication] = Field(max_length=PAGE_SIZE_MAX)


class AllowList(BaseModel):
    """One page of rights; `nextPageToken` leads to the next one, if there is one."""

    allowList: list[ServiceAccessRights]  # noqa: N815 -- the published names
    nextPageToken: str | None = None  # noqa: N815


Rights = Annotated[list[ServiceAccessRights] | None, Body(max_length=PAGE_SIZE_MAX)]


class RightsApi:
    """The three operations on rights."""

    def __init__(self, exchange: Exchange) -> None:
        """Change the rights of `exchange`."""
        self._exchange = exchange

    def declare(self, routes: Routes) -> None:
        """Add the operations to `routes`."""
        shape = {"response_model": AllowList, "response_model_exclude_none": True}
        routes.get("/rights/allow", access=LOOK, operation_id="getAllowed", **shape)(self.allowed)
        routes.patch("/rights/allow", access=CHANGE, operation_id="setAllowed")(self.allow)
        routes.patch("/rights/deny", access=CHANGE, operation_id="setDenied")(self.deny)

    def allowed(
        self,
        *,
        member_class: Annotated[Text, QueryParameter(alias="memberClass")] = "",
        member_code: Annotated[Text, QueryParameter(alias="memberCode")] = "",
        application: Annotated[Text, QueryParameter(alias="applicationId")] = "",
        service: Annotated[Text, QueryParameter(alias="serviceId")] = "",
        page_size: PageSize = 100,
        token: Annotated[Text, QueryParameter(alias="nextPageToken")] = "",
    ) -> Response:
        """Return who may call what; a page ends after `pageSize` holders, in the middle of a service too."""
        snapshot = self._exchange.snapshot()
        wanted = (member_class, member_code, application, service)
        pairs = [pair for pair in _pairs(snapshot) if _fits(pair[0], wanted)]
        start = _start(token)
        end = start + int(page_size)
        shape: Shape = {"allowList": _listed(snapshot, pairs[start:end])}
        return JSONResponse(shape | ({"nextPageToken": _token(end)} if end < len(pairs) else {}))

    def allow(self, request: Request, body: Rights = None) -> Response:
        """Let the applications named call the whole services; narrower rights that are there stay."""
        snapshot = self._exchange.snapshot()
        held = set(_pairs(snapshot))
        new = [
            Right(who, service) for service, who in _named(snapshot, body or ()) if (service, who) not in held
        ]
        if new:
            self._exchange.give(current(request).caller, new, _reason(request))
        return JSONResponse(f"{len(new)} rights were given")

    def deny(self, request: Request, body: Rights = None) -> Response:
        """Take every right to the services from the applications named."""
        snapshot = self._exchange.snapshot()
        gone = [
            right
            for service, who in _named(snapshot, body or ())
            for right in snapshot.rights.get(service, ())
            if right.subject == who
        ]
        if gone:
            self._exchange.take(current(request).caller, gone, _reason(request))
        return JSONResponse(f"{len(gone)} rights were taken")


def _pairs(snapshot: Snapshot) -> list[Pair]:
    """Return each service with each of its holders, in order."""
    found = {(service, right.subject) for service, rights in snapshot.rights.items() for right in rights}
    return sorted(found, key=lambda pair: (pair[0], names.named_subject(pair[1])))


def _fits(service: ServiceId, wanted: Sequence[str]) -> bool:
    provider = service.provider
    has = (provider.member_class, provider.member_code, provider.subsystem, service.code)
    return all(each in {"", own} for each, own in zip(wanted, has, strict=True))


def _listed(snapshot: Snapshot, pairs: Iterable[Pair]) -> list[Shape]:
    return [
        {
            "memberClass": service.provider.member_class,
            "memberCode": service.provider.member_code,
            "applicationId": service.provider.subsystem,
            "serviceId": service.code,
            "rights": [_holder(snapshot, who) for _service, who in group],
        }
        for service, group in groupby(pairs, key=lambda pair: pair[0])
    ]


def _holder(snapshot: Snapshot, who: Subject) -> Shape:
    named = holder(snapshot.directory, who)
    if isinstance(who, GroupId):
        ids = {"memberClass": GROUP_CLASSES[who.local], "memberCode": who.code, "applicationId": ""}
    else:
        ids = {"memberClass": who.member_class, "memberCode": who.member_code, "applicationId": who.subsystem}
    return {**named, **ids}


def _named(snapshot: Snapshot, body: Iterable[ServiceAccessRights]) -> list[Pair]:
    """Return what a body names; ConfigurationInvalid with each place that means nothing here."""
    flaws: list[Flaw] = []
    pairs: list[Pair] = []
    for number, each in enumerate(body):
        provider = ClientId(
            snapshot.directory.instance, each.memberClass, each.memberCode, each.applicationId
        )
        service = ServiceId(provider, each.serviceId)
        if service not in snapshot.services:
            flaws.append(Flaw(f"/{number}/serviceId", "this server offers no such service"))
            continue
        for place, one in enumerate(each.rights):
            who = _who(snapshot, one)
            if who is None:
                flaws.append(Flaw(f"/{number}/rights/{place}", "no such application or group is known"))
            else:
                pairs.append((service, who))
    if flaws:
        raise ConfigurationInvalid(flaws=tuple(flaws[:100]))
    return list(dict.fromkeys(pairs))


def _who(snapshot: Snapshot, one: AllowedApplication) -> Subject | None:
    """Return whom a body means: by class and code where they are given, else by name; None for nobody."""
    local = {word: is_local for is_local, word in GROUP_CLASSES.items()}.get(one.memberClass)
    try:
        if local is not None:
            return GroupId(names.part(one.memberCode), local)
        if one.memberCode:
            parts = (snapshot.directory.instance, one.memberClass, one.memberCode, one.applicationId)
            who: Subject | None = names.client_named("/".join(part for part in parts if part))
        else:
            who = holder_named(snapshot.directory, one.member, one.application)
    except IdentifierInvalid:
        return None
    return who if isinstance(who, GroupId) or (who and snapshot.directory.knows(who)) else None


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"from {start}".encode()).decode()


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        word, _space, number = base64.urlsafe_b64decode(token).decode("ascii").partition(" ")
        if word == "from" and number.isascii() and number.isdigit() and len(number) < 10:
            return int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise QueryInvalid("nextPageToken is not one that was given out")


def _reason(request: Request) -> Reason:
    return Reason(PURPOSE, message_reference=request_id(request))

# SPDX-License-Identifier: EUPL-1.2
"""Our interface for machines that ask for certificates; the other half of `client.Client`."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from flagstone.blocks.trust.contract.authority import REQUESTER, Enrolling, Holder, Profile
from flagstone.blocks.trust.contract.faults import RequestInvalid
from flagstone.blocks.trust.model.wire import (
    authority_on_wire,
    certificate_on_wire,
    list_on_wire,
    request_on_wire,
)
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import ANYONE, Routes, client

Short = Annotated[str, Field(max_length=200)]
Id = Annotated[str, Path(max_length=64)]


class HolderShape(BaseModel):
    """Whom a certificate is for; which fields count depends on the profile."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    member: Short = Field(default="", description="INSTANCE/CLASS/CODE of the member")
    server: Short = Field(default="", description="code of the member's security server")
    name: Short = Field(default="", description="name of the organisation or service")
    hosts: list[Annotated[str, Field(max_length=253)]] = Field(default_factory=list, max_length=20)
    personal_code: Short = Field(default="", alias="personalCode")
    given_name: Short = Field(default="", alias="givenName")
    family_name: Short = Field(default="", alias="familyName")


class RequestAsked(BaseModel):
    """A request for a certificate."""

    model_config = ConfigDict(extra="forbid")

    csr: str = Field(max_length=32_768, description="base64 of a PKCS#10 request, PEM or DER")
    profile: Profile
    holder: HolderShape = Field(default_factory=HolderShape)
    renews: Annotated[str, Field(max_length=64)] = Field(default="", description="serial it follows")


class EnrollingApi:
    """The routes under `/trust/v1`."""

    def __init__(self, authority: Enrolling) -> None:
        """Answer from `authority`."""
        self._authority = authority

    def routes(self) -> Routes:
        """Return the routes; the scope `certificates` opens those about requests."""
        routes = Routes("/trust/v1", tags=["Certification authority"], document="trust")
        machine = client(REQUESTER)
        routes.post("/requests", access=machine, status_code=201)(self.ask)
        routes.get("/requests/{request_id}", access=machine)(self.request)
        routes.get("/certificates/{serial}", access=machine)(self.certificate)
        routes.get("/authority", access=ANYONE)(self.authority)
        routes.get("/revocation-list", access=ANYONE)(self.revocation_list)
        return routes

    def ask(self, request: Request, body: RequestAsked) -> JSONResponse:
        """Leave a request for a certificate; officials decide on it."""
        try:
            csr = base64.b64decode(body.csr, validate=True)
        except (binascii.Error, ValueError):
            raise RequestInvalid("the request is not base64") from None
        said = body.holder
        holder = Holder(
            said.member,
            said.server,
            said.name,
            tuple(said.hosts),
            said.personal_code,
            said.given_name,
            said.family_name,
        )
        caller = current(request).caller
        found = self._authority.ask(caller, csr, body.profile, holder, renews=body.renews)
        return _answer(request_on_wire(found), 201)

    def request(self, request: Request, request_id: Id) -> JSONResponse:
        """Return one of one's own requests."""
        return _answer(request_on_wire(self._authority.request(current(request).caller, request_id)))

    def certificate(self, request: Request, serial: Id) -> JSONResponse:
        """Return one of one's own certificates."""
        return _answer(certificate_on_wire(self._authority.certificate(current(request).caller, serial)))

    def authority(self) -> JSONResponse:
        """Return the certificates of the authority itself."""
        return _answer([authority_on_wire(each) for each in self._authority.authority_certificates()])

    def revocation_list(self) -> JSONResponse:
        """Return the revocation list that holds now."""
        return _answer(list_on_wire(self._authority.revocation_list()))


def _answer(value: object, status: int = 200) -> JSONResponse:
    """Return an answer that nobody keeps on the way."""
    return JSONResponse(value, status, {"Cache-Control": "no-store"})

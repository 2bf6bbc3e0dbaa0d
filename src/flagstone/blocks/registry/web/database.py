# SPDX-License-Identifier: EUPL-1.2
"""GovStack's Digital Registries database API as published (1.1.0): registers as databases with a schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field, JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse

from flagstone.blocks.registry.contract.faults import RegisterMissing
from flagstone.blocks.registry.contract.register import RegisterDefinition, Status
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.asked import ClientHeader, Content
from flagstone.blocks.registry.web.caller import Purposes, client_of, reason_of
from flagstone.blocks.registry.web.schema import (
    database_group,
    database_id,
    database_info,
    database_schema,
    definition_from,
)
from flagstone.kernel.audit import Caller
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import SIGNED_IN, Routes

DOCUMENT = "registry-database"

DatabaseId = Annotated[int, Path(alias="id", ge=0, le=2**53)]


class Database(BaseModel):
    """The body of `/database/modify`: a register's code and JSON Schema."""

    groupName: str = Field(default="", max_length=200)  # noqa: N815 -- GovStack's names
    catalogName: str = Field(default="", max_length=200)  # noqa: N815
    code: str = Field(min_length=1, max_length=63)
    schema_: dict[str, JsonValue] = Field(alias="schema")


class DatabaseApi:
    """The database API over a registry."""

    def __init__(self, registry: Registry, purposes: Purposes) -> None:
        """Answer from `registry`."""
        self._registry = registry
        self._purposes = purposes

    def routes(self) -> Routes:
        """Return the four operations; the registry decides who may see and publish what."""
        routes = Routes(tags=["Database"], document=DOCUMENT)
        one = "/database/{id}"
        routes.get("/databases", access=SIGNED_IN, response_model=list[Content], operation_id="databases")(
            self.databases
        )
        routes.post(
            "/database/modify", access=SIGNED_IN, response_model=Content, operation_id="modifyDatabase"
        )(self.modify)
        routes.get(one, access=SIGNED_IN, response_model=Content, operation_id="database")(self.database)
        routes.delete(one, access=SIGNED_IN, response_model=str, operation_id="deleteDatabase")(self.delete)
        return routes

    def databases(self, request: Request, client: ClientHeader) -> JSONResponse:
        """Return every register that the caller may use, with its newest version."""
        del client
        definitions = self._registry.definitions(_caller(request))
        return JSONResponse([database_group(each, order) for order, each in enumerate(definitions, 1)])

    def database(self, request: Request, client: ClientHeader, number: DatabaseId) -> JSONResponse:
        """Return one register with its schema."""
        del client
        return JSONResponse(database_info(self._by_number(_caller(request), number)))

    def modify(self, request: Request, client: ClientHeader, body: Database) -> JSONResponse:
        """Publish a register, or its next version, with the schema given; a silent break is refused."""
        del client
        caller = _caller(request)
        reason = reason_of(request, caller, None, self._purposes)
        before = self._newest(body.code.lower())
        wanted = definition_from(
            body.model_dump(by_alias=True), before, owner=caller.actor.organisation or caller.actor.system
        )
        self._registry.publish(caller, wanted, reason)
        return JSONResponse(database_schema(wanted))

    def delete(self, request: Request, client: ClientHeader, number: DatabaseId) -> JSONResponse:
        """Archive every published version of a register; its records and their history stay."""
        del client
        caller = _caller(request)
        reason = reason_of(request, caller, None, self._purposes)
        found: RegisterDefinition | None = self._by_number(caller, number)
        code = found.code if found else ""
        while found is not None:
            self._registry.publish(caller, replace(found, status=Status.ARCHIVED), reason)
            found = next((each for each in self._registry.definitions(caller) if each.code == code), None)
        return JSONResponse("Success")

    def _by_number(self, caller: Caller, number: int) -> RegisterDefinition:
        for definition in self._registry.definitions(caller):
            if database_id(definition.code) == number:
                return definition
        raise RegisterMissing

    def _newest(self, code: str) -> RegisterDefinition | None:
        try:
            return self._registry.definition(code)
        except RegisterMissing:
            return None


def _caller(request: Request) -> Caller:
    return client_of(request, current(request).caller)

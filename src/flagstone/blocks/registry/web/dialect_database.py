# SPDX-License-Identifier: EUPL-1.2
"""The database operations of the test suite's dialect: snake_case answers and any number known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, Field, JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse

from flagstone.blocks.registry.contract.faults import RegisterMissing
from flagstone.blocks.registry.contract.record import Reading
from flagstone.blocks.registry.contract.register import RegisterDefinition, Value
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.asked import ClientHeader
from flagstone.blocks.registry.web.caller import client_of
from flagstone.blocks.registry.web.database import DatabaseId
from flagstone.blocks.registry.web.schema import (
    database_group,
    database_info,
    database_schema,
    definition_from,
)
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.platform.http.routes import ANYONE, Routes

MODIFIED_PREFIX = "dialect_"
"""Registers that the suite modifies are its own; it reaches no other."""

_SHOWN = "registryname"
_TYPES = {"string", "integer", "number", "boolean", "object"}
_UPPER = re.compile(r"(?<=[a-z])(?=[A-Z])")
_UNFIT = re.compile(r"[^a-z0-9_]")


class DialectDatabase(BaseModel):
    """The suite's body of `/database/modify`."""

    group_name: str = Field(default="", max_length=200)
    catalog_name: str = Field(default="", max_length=200)
    code: str = Field(min_length=1, max_length=40)
    schema_: dict[str, JsonValue] = Field(alias="schema")


class DialectDatabases:
    """The four database operations."""

    def __init__(self, registry: Registry, caller: Caller, reason: Reason) -> None:
        """Answer from `registry`, always as `caller` for `reason`."""
        self._registry = registry
        self._caller = caller
        self._reason = reason

    def declare(self, routes: Routes) -> None:
        """Add the operations to `routes`."""
        routes.get("/databases", access=ANYONE)(self.databases)
        routes.post("/database/modify", access=ANYONE)(self.modify)
        routes.get("/database/{id}", access=ANYONE)(self.database)
        routes.delete("/database/{id}", access=ANYONE)(self.delete)

    def databases(self, request: Request, client: ClientHeader) -> JSONResponse:
        """Return the conformance register as the one group that the suite wants."""
        del client
        client_of(request, self._caller)
        return JSONResponse(snake(database_group(self._registry.definition(_SHOWN), 1)))

    def database(self, request: Request, client: ClientHeader, number: DatabaseId) -> JSONResponse:
        """Return the conformance register under whatever number was asked for."""
        del client
        client_of(request, self._caller)
        described = database_info(self._registry.definition(_SHOWN)) | {"id": number}
        return JSONResponse(snake(described))

    def modify(self, request: Request, client: ClientHeader, body: DialectDatabase) -> JSONResponse:
        """Publish a register of the suite's own with the schema given, its loose types made definite."""
        del client
        caller = client_of(request, self._caller)
        schema = tolerant(body.schema_)
        code = MODIFIED_PREFIX + field_code(body.code)
        before = self._newest(code)
        wanted = definition_from(
            {"code": code, "catalogName": body.catalog_name, "schema": schema},
            before,
            caller.actor.organisation,
        )
        if before is None or replace(wanted, version=before.version) != before:
            self._registry.publish(caller, wanted, self._reason)
        return JSONResponse(database_schema(wanted))

    def delete(self, request: Request, client: ClientHeader, number: DatabaseId) -> JSONResponse:
        """Say `Success`, as the suite wants for numbers that nobody gave out; nothing is deleted."""
        del client, number
        client_of(request, self._caller)
        return JSONResponse("Success")

    def _newest(self, code: str) -> RegisterDefinition | None:
        try:
            return self._registry.definition(code)
        except RegisterMissing:
            return None


def snake(value: Value) -> Value:
    """Return JSON data with its camelCase names in snake_case."""
    if isinstance(value, Mapping):
        return {_UPPER.sub("_", key).lower(): snake(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [snake(item) for item in value]
    return value


def tolerant(schema: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return `schema` with definite types: unknown ones are objects where they have properties, else text."""
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, dict):
        return dict(schema)
    fields = {field_code(name): _tolerant_field(each) for name, each in properties.items()}
    wanted = [field_code(str(name)) for name in required] if isinstance(required, list) else []
    return {"type": "object", "properties": fields, "required": wanted}


def _tolerant_field(each: JsonValue) -> object:
    if not isinstance(each, dict):
        return each
    if isinstance(each.get("properties"), dict):
        return {**each, **tolerant(each)}
    kind = each.get("type")
    return {**each, "type": kind if kind in _TYPES - {"object"} else "string"}


def field_code(name: str) -> str:
    """Return a register's field code for the suite's `name`: lower case, other signs as `_`.

    `ID` becomes `identifier`, since `id` is what every record is addressed by.
    """
    code = "identifier" if name.lower() == "id" else _UNFIT.sub("_", name.lower())[:40]
    return code if code[:1].isalpha() else f"f_{code}"


def usage_in_dialect(reading: Reading) -> dict[str, Value]:
    """Return one reading under the suite's names; `Refrences` is its spelling."""
    return {
        "ID": reading.id,
        "ReaderID": reading.actor_id,
        "ReaderInitials": "".join(word[0] for word in reading.actor_name.split()[:4]),
        "ReaderInstitutionID": reading.organisation,
        "ReaderInstitutionName": reading.organisation,
        "ReaderApplicationName": reading.system,
        "SearchDateTime": rfc3339(reading.at),
        "Refrences": [{"ReferenceID": reading.record_id}],
    }

# SPDX-License-Identifier: EUPL-1.2
"""The dialect that the published Digital Registries test suite speaks; mounted apart, never by default.

Where the suite differs from the published API, and why, is told in `deviations.yaml`. Everything is
answered by the same registry from the registers in `conformance/`; no other register can be reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import yaml
from fastapi import Depends
from fastapi import Path as PathParameter
from fastapi import Query as QueryParameter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flagstone.blocks.registry.contract.faults import QueryInvalid, RegisterMissing
from flagstone.blocks.registry.contract.record import PAGE_SIZE_MAX, Query, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition, Value
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.model.definition_reader import parse_definition
from flagstone.blocks.registry.web.asked import Asking, Changing, ClientHeader, Content, Written, plain
from flagstone.blocks.registry.web.caller import client_of
from flagstone.blocks.registry.web.dialect_database import DialectDatabases, usage_in_dialect
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason, job
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.routes import ANYONE, Routes

PREFIX = "/dialect/digital-registries"
DOCUMENT = "registry-dialect"
ROLE = "dialect"
CALLER = Caller(Actor(ActorKind.SYSTEM, id="conformance-suite"), frozenset({ROLE, "analyst"}))
REASON = Reason("conformance test", "conformance test")
CONFORMANCE = Path(__file__).parents[1] / "conformance"

FIELDS: Mapping[str, str] = {
    "ID": "national_id",
    "FirstName": "given_name",
    "LastName": "family_name",
    "BirthCertificateID": "birth_certificate",
}
"""The one table between the suite's field names and the register's."""

_ONE = "/data/{registryname}/{versionnumber}"

Name = Annotated[str, PathParameter(alias="registryname", max_length=63)]
Version = Annotated[str, PathParameter(alias="versionnumber", max_length=20)]


@dataclass(frozen=True)
class Call:
    """A request of the suite: which register and version, in which system's name."""

    caller: Caller
    register: str
    version: str


def _call(request: Request, client: ClientHeader, register: Name, version: Version) -> Call:
    del client  # read from the request, where a second header would show
    return Call(client_of(request, CALLER), register, version)


CallOf = Annotated[Call, Depends(_call)]
Text = Annotated[str, PathParameter(max_length=200)]


def conformance_definitions() -> tuple[RegisterDefinition, ...]:
    """Return the registers that the suite expects, to be published before the dialect is mounted."""
    files = sorted(CONFORMANCE.glob("*.yaml"))
    return tuple(parse_definition(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)


class Dialect:
    """The suite's fourteen operations over a registry."""

    def __init__(self, registry: Registry) -> None:
        """Answer from the conformance registers of `registry`."""
        self._registry = registry
        self._known = frozenset(definition.code for definition in conformance_definitions())
        self._databases = DialectDatabases(registry, CALLER, REASON)

    def prepare(self) -> None:
        """Publish the conformance registers; nothing happens where they are published already."""
        for definition in conformance_definitions():
            self._registry.publish(Caller(job("conformance registers")), definition, REASON)

    def routes(self) -> Routes:
        """Return the routes under `PREFIX`; open, since the suite sends no token, so for sandboxes only."""
        routes = Routes(PREFIX, tags=["Dialect"], document=DOCUMENT)
        routes.get("/data/MyPersonalDataUsage/1.0", access=ANYONE)(self.usage)
        routes.get(_ONE, access=ANYONE)(self.list_records)
        routes.post(f"{_ONE}/create", access=ANYONE)(self.create)
        routes.post(f"{_ONE}/exists", access=ANYONE)(self.exists)
        routes.post(f"{_ONE}/read", access=ANYONE)(self.read)
        routes.put(f"{_ONE}/update", access=ANYONE)(self.update)
        routes.put(f"{_ONE}/update-entries", access=ANYONE)(self.update_entries)
        routes.post(f"{_ONE}/update-or-create", access=ANYONE)(self.update_or_create)
        routes.delete(f"{_ONE}/{{id}}/delete", access=ANYONE, status_code=204)(self.delete)
        routes.get(f"{_ONE}/{{uuid}}/read-value/{{field}}.{{ext}}", access=ANYONE)(self.read_value)
        self._databases.declare(routes)
        return routes

    def list_records(
        self,
        call: CallOf,
        *,
        search: Annotated[str, QueryParameter(max_length=200)] = "",
        filter: Annotated[str, QueryParameter(max_length=63)] = "",  # noqa: A002 -- the suite's name
        ordering: Annotated[str, QueryParameter(max_length=70)] = "",
    ) -> JSONResponse:
        """Return up to 200 records; `filter` names the field that `search` must equal."""
        code = FIELDS.get(filter, filter)
        query = Query(
            search="" if filter else search,
            filters={code: search} if filter and search else {},
            order_by=f"-{code}" if filter and ordering == "descending" else code,
            page_size=PAGE_SIZE_MAX,
        )
        page = self._registry.find(call.caller, self._own(call), query, REASON, version=call.version)
        results = [in_dialect(record) for record in page.records]
        return JSONResponse({"count": page.total, "previous": None, "results": results})

    def create(self, call: CallOf, body: Written) -> JSONResponse:
        """Register a record under a chance uuid."""
        content = from_dialect(body.write.content)
        return JSONResponse({"content": in_dialect(self._create(call, content))})

    def exists(self, call: CallOf, body: Content) -> JSONResponse:
        """Tell whether a record equals the example, which comes bare or in `query.content`."""
        query = body.get("query")
        example = query.get("content") if isinstance(query, dict) else body
        if not isinstance(example, dict) or not example:
            raise QueryInvalid("the example is missing")
        found = self._registry.exists(
            call.caller, self._own(call), from_dialect(example), REASON, version=call.version
        )
        message = "Object found from database" if found else "Object not found from database"
        return JSONResponse({"answer": {"status": found, "message": message}})

    def read(self, call: CallOf, body: Asking) -> JSONResponse:
        """Return the first record that equals the example, or the suite's own 404."""
        found = self._matching(call, from_dialect(body.query.content), at_most=1)
        if not found:
            return JSONResponse({"detail": "no record found"}, 404)
        return JSONResponse({"content": in_dialect(found[0])})

    def update(self, call: CallOf, body: Changing) -> Response:
        """Change the first record that equals the example; 200 even when there is none."""
        return self._update(call, body, at_most=1)

    def update_entries(self, call: CallOf, body: Changing) -> Response:
        """Change every record that equals the example; 200 even when there is none."""
        return self._update(call, body, at_most=PAGE_SIZE_MAX)

    def update_or_create(self, call: CallOf, body: Changing) -> JSONResponse:
        """Change the first record that equals the example, or register a new one."""
        content = from_dialect(body.write.content)
        found = self._matching(call, _example(body), at_most=1)
        record = self._change(call, found[0], content) if found else self._create(call, content)
        return JSONResponse({"content": in_dialect(record)})

    def delete(self, call: CallOf, id: Text) -> Response:  # noqa: A002 -- the suite's name
        """Archive the records with this identifier; 204 even when there is none."""
        for record in self._matching(call, {"national_id": id}, at_most=PAGE_SIZE_MAX):
            self._registry.archive(call.caller, record.register, record.id, REASON)
        return Response(status_code=204)

    def read_value(self, call: CallOf, uuid: Text, field: Text, ext: Text) -> JSONResponse:
        """Return one field of the record with this uuid as JSON."""
        code = FIELDS.get(field, "")
        if ext != "json" or not code:
            raise QueryInvalid("there is no such field, or it is not asked for as json")
        record = self._registry.read(call.caller, self._own(call), uuid, REASON, version=call.version)
        return JSONResponse(record.data.get(code))

    def usage(
        self,
        request: Request,
        client: ClientHeader,
        user: Annotated[str, QueryParameter(alias="userID", max_length=64)],
        database: Annotated[str, QueryParameter(alias="DatabaseID", max_length=64)],
    ) -> JSONResponse:
        """Return who read this person's data in the conformance registers."""
        if not user.isalnum() or not database.isalnum():
            raise QueryInvalid("userID and DatabaseID are letters and digits")
        del client
        client_of(request, CALLER)
        person = Caller(Actor(ActorKind.PERSON, id=user), frozenset({"self"}))
        readings = [
            reading
            for register in sorted(self._known)
            for reading in self._registry.readings_of(person, PersonCode(user), register)
        ]
        return JSONResponse([usage_in_dialect(reading) for reading in readings])

    def _own(self, call: Call) -> str:
        if call.register not in self._known:
            raise RegisterMissing
        return call.register

    def _matching(self, call: Call, example: Mapping[str, Value], *, at_most: int) -> tuple[Record, ...]:
        filters = {code: str(value) for code, value in example.items()}
        query = Query(filters=filters, page_size=at_most)
        page = self._registry.find(call.caller, self._own(call), query, REASON, version=call.version)
        return page.records

    def _create(self, call: Call, content: Mapping[str, Value]) -> Record:
        return self._registry.create(
            call.caller, self._own(call), {"uuid": str(uuid4()), **content}, REASON, version=call.version
        )

    def _change(self, call: Call, record: Record, content: Mapping[str, Value]) -> Record:
        changes = {code: value for code, value in content.items() if record.data.get(code) != value}
        if not changes:
            return record
        return self._registry.update(
            call.caller, record.register, record.id, changes, REASON, version=call.version
        )

    def _update(self, call: Call, body: Changing, *, at_most: int) -> Response:
        content = from_dialect(body.write.content)
        for record in self._matching(call, _example(body), at_most=at_most):
            self._change(call, record, content)
        return Response(status_code=200)


def in_dialect(record: Record) -> dict[str, Value]:
    """Return `record` under the suite's field names."""
    return {name: record.data.get(code) for name, code in FIELDS.items()}


def from_dialect(content: Content) -> dict[str, Value]:
    """Return the suite's content under the register's field names; QueryInvalid for other names."""
    if not FIELDS.keys() >= content.keys():
        raise QueryInvalid("known fields are " + ", ".join(FIELDS))
    return {FIELDS[name]: value for name, value in plain(content).items()}


def _example(body: Changing) -> dict[str, Value]:
    if body.query is None or not body.query.content:
        raise QueryInvalid("say in query.content which record to change")
    return from_dialect(body.query.content)

# SPDX-License-Identifier: EUPL-1.2
"""Our own API beyond GovStack's: definitions, publishing, bulk, history, logs, import, export (DRS gaps)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from itertools import chain
from typing import Annotated, Literal

from fastapi import Depends
from fastapi import Query as QueryParameter
from pydantic import AwareDatetime, BaseModel, Field, JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from flagstone.blocks.registry.contract.faults import QueryInvalid
from flagstone.blocks.registry.contract.record import BULK_MAX, Query, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.model.definition_reader import as_mapping, parse_definition
from flagstone.blocks.registry.web.asked import Body, Content, PageAsked, RecordId, RegisterCode, plain
from flagstone.blocks.registry.web.caller import Purposes, caller_of, reason_of
from flagstone.blocks.registry.web.files import MEDIA_TYPES, Format, read_rows, write
from flagstone.blocks.registry.web.readings import Person, ReadingsApi
from flagstone.blocks.registry.web.wire import (
    PageShape,
    RecordShape,
    ReportShape,
    RevisionShape,
    page_shape,
    record_shape,
    report_shape,
    revision_shape,
)
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.routes import ANYONE, Routes

DOCUMENT = "registry"

Version = Annotated[str, QueryParameter(max_length=20, description="version; the newest by default")]


class Definition(BaseModel):
    """A register's definition by the names of the reference; checked by the registry itself."""

    definition: dict[str, JsonValue]


class NewRecord(Body):
    """A record to register."""

    data: Content
    version: str = Field(default="", max_length=20)
    valid_from: date | None = None


class NewRecords(Body):
    """Records to register in one transaction."""

    rows: list[Content] = Field(max_length=10 * BULK_MAX)  # the registry itself refuses too many
    version: str = Field(default="", max_length=20)


class Changes(Body):
    """Fields to change; a null removes a field."""

    changes: Content
    version: str = Field(default="", max_length=20)
    expected_revision: int | None = Field(default=None, ge=1, le=2**53)
    valid_from: date | None = None


class Example(Body):
    """Values that a record must have."""

    example: Content
    version: str = Field(default="", max_length=20)


class Find(PageAsked):
    """A search, the version to show its records in, and the only fields that are needed, if any."""

    fields: list[str] = Field(default_factory=list, max_length=200)
    version: str = Field(default="", max_length=20)


class Export(Body):
    """What to export, and as what."""

    search: str = Field(default="", max_length=200)
    filters: dict[str, str] = Field(default_factory=dict, max_length=20)
    format: Format | Literal["records"] = "json"


class Existing(BaseModel):
    """Whether a record exists."""

    exists: bool


async def _file(request: Request) -> bytes:
    """Read the body as it is; the platform bounds it."""
    return await request.body()


FileBody = Annotated[bytes, Depends(_file)]
_FILE = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


class RegistersApi:
    """The API under `/registry/v1`; the other half of `client.Client`."""

    def __init__(self, registry: Registry, purposes: Purposes) -> None:
        """Answer from `registry`."""
        self._registry = registry
        self._purposes = purposes

    def routes(self) -> Routes:
        """Return the routes; the register's permits decide who may do what."""
        routes = Routes("/registry/v1", tags=["Registers"], document=DOCUMENT)
        one, record = "/registers/{register}", "/registers/{register}/records/{record_id}"
        routes.get("/registers", access=ANYONE)(self.registers)
        routes.post("/registers", access=ANYONE, status_code=201)(self.publish)
        routes.get(one, access=ANYONE)(self.register)
        routes.post(f"{one}/records", access=ANYONE, status_code=201, response_model=RecordShape)(self.create)
        routes.post(f"{one}/find", access=ANYONE, response_model=PageShape)(self.find)
        routes.post(f"{one}/exists", access=ANYONE, response_model=Existing)(self.exists)
        routes.post(
            f"{one}/bulk", access=ANYONE, upload=True, status_code=201, response_model=list[RecordShape]
        )(self.bulk)
        routes.post(
            f"{one}/import", access=ANYONE, upload=True, response_model=ReportShape, openapi_extra=_FILE
        )(self.load)
        routes.post(f"{one}/export", access=ANYONE)(self.export)
        routes.get(record, access=ANYONE, response_model=RecordShape)(self.read)
        routes.patch(record, access=ANYONE, response_model=RecordShape)(self.update)
        routes.delete(record, access=ANYONE, status_code=204)(self.archive)
        routes.get(f"{record}/history", access=ANYONE, response_model=list[RevisionShape])(self.history)
        routes.get(f"{record}/as-of", access=ANYONE, response_model=RecordShape)(self.as_of)
        routes.post("/persons/facts", access=ANYONE, response_model=list[RecordShape])(self.facts_about)
        ReadingsApi(self._registry).add_to(routes)
        return routes

    def registers(self, request: Request) -> JSONResponse:
        """Return the definitions of the registers that the caller may use, signed in or not."""
        definitions = self._registry.definitions(caller_of(request))
        return JSONResponse([as_mapping(definition) for definition in definitions])

    def register(self, register: RegisterCode, version: Version = "") -> JSONResponse:
        """Return one version of a register's definition."""
        return JSONResponse(as_mapping(self._registry.definition(register, version)))

    def publish(self, request: Request, body: Definition) -> JSONResponse:
        """Publish a version of a register."""
        definition = parse_definition(body.definition)
        caller = caller_of(request)
        self._registry.publish(caller, definition, reason_of(request, caller, None, self._purposes))
        return JSONResponse(as_mapping(definition), 201)

    def create(self, request: Request, register: RegisterCode, body: NewRecord) -> JSONResponse:
        """Register a record."""
        caller, reason = self._who_and_why(request, register)
        record = self._registry.create(
            caller, register, plain(body.data), reason, version=body.version, valid_from=body.valid_from
        )
        return JSONResponse(record_shape(record), 201)

    def find(self, request: Request, register: RegisterCode, body: Find) -> JSONResponse:
        """Return one page of records."""
        caller, reason = self._who_and_why(request, register)
        needed = frozenset(body.fields)
        query = Query(body.search, body.filters, body.order_by, body.page, body.page_size, needed)
        return JSONResponse(
            page_shape(self._registry.find(caller, register, query, reason, version=body.version))
        )

    def exists(self, request: Request, register: RegisterCode, body: Example) -> JSONResponse:
        """Tell whether a record has all the values of the example."""
        caller, reason = self._who_and_why(request, register)
        found = self._registry.exists(caller, register, plain(body.example), reason, version=body.version)
        return JSONResponse({"exists": found})

    def bulk(self, request: Request, register: RegisterCode, body: NewRecords) -> JSONResponse:
        """Register many records in one transaction, all or none."""
        caller, reason = self._who_and_why(request, register)
        rows = [plain(row) for row in body.rows]
        records = self._registry.create_many(caller, register, rows, reason, version=body.version)
        return JSONResponse([record_shape(record) for record in records], 201)

    def load(
        self, request: Request, register: RegisterCode, content: FileBody, *, dry_run: bool = True
    ) -> JSONResponse:
        """Check the rows of a CSV or JSON file and, with `dry_run=false` and no finding, take them."""
        caller, reason = self._who_and_why(request, register)
        rows = read_rows(content, "", self._registry.definition(register))
        report = self._registry.load(caller, register, rows, reason, dry_run=dry_run)
        return JSONResponse(report_shape(report))

    def export(self, request: Request, register: RegisterCode, body: Export) -> StreamingResponse:
        """Return every record that matches, as CSV, JSON, GeoJSON, or whole records one a line."""
        caller, reason = self._who_and_why(request, register)
        definition = self._registry.definition(register)
        records = self._registry.export(caller, register, Query(body.search, body.filters), reason)
        if body.format == "records":
            lines = (json.dumps(record_shape(record)).encode() + b"\n" for record in started(records))
            return StreamingResponse(lines, media_type="application/x-ndjson")
        return streamed(body.format, definition, write(body.format, definition, started(records)))

    def read(
        self, request: Request, register: RegisterCode, record_id: RecordId, version: Version = ""
    ) -> JSONResponse:
        """Return one record."""
        caller, reason = self._who_and_why(request, register)
        record = self._registry.read(caller, register, record_id, reason, version=version)
        return JSONResponse(record_shape(record))

    def update(
        self, request: Request, register: RegisterCode, record_id: RecordId, body: Changes
    ) -> JSONResponse:
        """Change fields of a record; with `expected_revision` only when nobody else did meanwhile."""
        caller, reason = self._who_and_why(request, register)
        record = self._registry.update(
            caller,
            register,
            record_id,
            plain(body.changes),
            reason,
            version=body.version,
            expected_revision=body.expected_revision,
            valid_from=body.valid_from,
        )
        return JSONResponse(record_shape(record))

    def archive(self, request: Request, register: RegisterCode, record_id: RecordId) -> Response:
        """Archive a record (soft delete)."""
        caller, reason = self._who_and_why(request, register)
        self._registry.archive(caller, register, record_id, reason)
        return Response(status_code=204)

    def history(self, request: Request, register: RegisterCode, record_id: RecordId) -> JSONResponse:
        """Return every revision of a record, the newest first."""
        caller, reason = self._who_and_why(request, register)
        revisions = self._registry.history(caller, register, record_id, reason)
        return JSONResponse([revision_shape(revision) for revision in revisions])

    def as_of(
        self,
        request: Request,
        register: RegisterCode,
        record_id: RecordId,
        *,
        valid_on: date,
        recorded_by: AwareDatetime,
    ) -> JSONResponse:
        """Return a record as it held on a day, by what was recorded up to an instant."""
        caller, reason = self._who_and_why(request, register)
        record = self._registry.as_of(
            caller, register, record_id, reason, valid_on=valid_on, recorded_by=_utc(recorded_by)
        )
        return JSONResponse(record_shape(record))

    def facts_about(self, request: Request, body: Person) -> JSONResponse:
        """Return every record that concerns a person; for that person."""
        caller = caller_of(request)
        reason = reason_of(request, caller, None, self._purposes)
        records = self._registry.facts_about(caller, PersonCode(body.person), reason)
        return JSONResponse([record_shape(record) for record in records])

    def _who_and_why(self, request: Request, register: str) -> tuple[Caller, Reason]:
        caller = caller_of(request)
        asked_for = partial(self._registry.definition, register)
        return caller, reason_of(request, caller, asked_for, self._purposes)


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise QueryInvalid("the instant is out of range") from None


def started(records: Iterator[Record]) -> Iterator[Record]:
    """Take the first record at once, so that a refusal comes before the answer has begun."""
    first = next(records, None)
    return iter(()) if first is None else chain((first,), records)


def streamed(format_: Format, definition: RegisterDefinition, pieces: Iterator[bytes]) -> StreamingResponse:
    """Return `pieces` as a file to keep, named after the register."""
    name = f"{definition.code}-{definition.version}.{format_}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[format_], headers=headers)

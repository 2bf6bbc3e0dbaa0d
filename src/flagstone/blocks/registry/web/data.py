# SPDX-License-Identifier: EUPL-1.2
"""GovStack's Digital Registries data API as published (1.4.0): eleven operations on any register."""

from __future__ import annotations

from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

from fastapi import Query as QueryParameter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from flagstone.blocks.registry.contract.faults import QueryInvalid, RegisterMissing
from flagstone.blocks.registry.contract.record import BULK_MAX, Query, Reading, Record
from flagstone.blocks.registry.contract.register import Data
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.asked import (
    Asked,
    AskedOf,
    Asking,
    Changing,
    ClientHeader,
    Content,
    PageAsked,
    Received,
    RecordId,
    RegistryName,
    Visit,
    Written,
    content_of,
    plain,
)
from flagstone.blocks.registry.web.caller import Purposes, client_of, reason_of
from flagstone.blocks.registry.web.entries import Entries
from flagstone.blocks.registry.web.listing import ListAsked, Listing, Listings
from flagstone.blocks.registry.web.searches import Searches
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import SIGNED_IN, Routes

DOCUMENT = "registry-data"
ONE = "/{registryName}/{versionNumber}"


class Answer(BaseModel):
    """Whether a record exists."""

    status: bool
    message: str


class Existing(BaseModel):
    """The answer of `exists`."""

    answer: Answer


class Updated(BaseModel):
    """How many records were changed."""

    updated: int


class Entry(BaseModel):
    """One element of a `createEntries` body; the server gives times and uuid, whatever is sent."""

    content: Content
    createdAt: str = ""  # noqa: N815 -- GovStack's name
    modifiedAt: str = ""  # noqa: N815 -- GovStack's name
    uuid: str = ""


class EntriesWritten(BaseModel):
    """The body of `createEntries`."""

    write: list[Entry] = Field(max_length=BULK_MAX, min_length=1)


class EntriesReceived(BaseModel):
    """The answer of `createEntries`."""

    receive: list[Entry]


class Reference(BaseModel):
    """A record that was read."""

    ReferenceID: str


class PersonalDataUsage(BaseModel):
    """One read of a person's data; `refrences` is GovStack's spelling."""

    id: str
    readerId: str  # noqa: N815 -- GovStack's names
    readerInitials: str  # noqa: N815
    readerInstitutionId: str  # noqa: N815
    readerInstitutionName: str  # noqa: N815
    readerApplicationName: str  # noqa: N815
    searchDateTime: str  # noqa: N815
    refrences: list[Reference]


class UsageAsked(BaseModel):
    """Our own body for asking who read a person's data: nothing personal in the address."""

    userId: str = Field(max_length=64)  # noqa: N815 -- GovStack's names
    databaseId: str = Field(max_length=63)  # noqa: N815


class DataApi:
    """The data API over a registry."""

    def __init__(self, registry: Registry, purposes: Purposes, searches: Searches) -> None:
        """Answer from `registry`; `purposes` are those that clients declared beforehand."""
        self._registry = registry
        self._purposes = purposes
        self._listings = Listings(registry, searches)
        self._entries = Entries(registry)

    def routes(self) -> Routes:
        """Return the operations under `/data`; the register's permits decide who may."""
        routes = Routes("/data", tags=["Registry data"], document=DOCUMENT)

        def op(name: str) -> dict[str, object]:
            return {"operation_id": name, "summary": name}

        routes.get(
            "/mypersonalDataUsage", access=SIGNED_IN, response_model=list[PersonalDataUsage], **op("DPU")
        )(self.usage)
        routes.post(
            "/mypersonalDataUsage",
            access=SIGNED_IN,
            response_model=list[PersonalDataUsage],
            **op("findUsage"),
        )(self.find_usage)
        routes.post(
            "/{registryName}/createEntries",
            access=SIGNED_IN,
            upload=True,
            status_code=201,
            response_model=EntriesReceived,
            **op("createEntries"),
        )(self.create_entries)
        routes.get(ONE, access=SIGNED_IN, response_model=Listing, **op("list"))(self.list_records)
        routes.post(f"{ONE}/find", access=SIGNED_IN, response_model=Listing, **op("find"))(self.find)
        routes.post(f"{ONE}/create", access=SIGNED_IN, response_model=Received, **op("create"))(self.create)
        routes.post(f"{ONE}/exists", access=SIGNED_IN, response_model=Existing, **op("exists"))(self.exists)
        routes.post(f"{ONE}/read", access=SIGNED_IN, response_model=Received, **op("read"))(self.read)
        routes.put(f"{ONE}/update", access=SIGNED_IN, response_model=Updated, **op("update"))(self.update)
        routes.put(f"{ONE}/updateEntries", access=SIGNED_IN, response_model=Updated, **op("updateEntries"))(
            self.update_entries
        )
        routes.post(
            f"{ONE}/updateOrCreate", access=SIGNED_IN, response_model=Received, **op("updateOrCreate")
        )(self.update_or_create)
        routes.delete(f"{ONE}/{{id}}/delete", access=SIGNED_IN, status_code=204, **op("delete"))(self.delete)
        routes.get(f"{ONE}/{{uuid}}/readValue/{{field}}.{{ext}}", access=SIGNED_IN, **op("readValue"))(
            self.read_value
        )
        return routes

    def list_records(self, asked: AskedOf, wanted: Annotated[ListAsked, QueryParameter()]) -> Listing:
        """Return one page of records; `filter` names the field that `search` must equal.

        Further fields are given as `query.FIELD=VALUE`. To keep what is searched for out of
        addresses, use `find` instead.
        """
        return self._listings.page(self._visit(asked), wanted, asked.request)

    def find(self, asked: AskedOf, body: PageAsked) -> Listing:
        """Return one page of records, asked for by a body: nothing of the search is in the address."""
        query = Query(body.search, body.filters, body.order_by, body.page, body.page_size)
        return self._listings.found(self._visit(asked), query, asked.request)

    def create(self, asked: AskedOf, body: Written) -> Received:
        """Register one record."""
        return _received(self._entries.create(self._visit(asked), plain(body.write.content)))

    def create_entries(
        self, request: Request, client: ClientHeader, register: RegistryName, body: EntriesWritten
    ) -> EntriesReceived:
        """Register many records in one transaction, all or none, in the newest version."""
        del client
        visit = self._visit(Asked(request, register, ""))
        rows = [plain(entry.content) for entry in body.write]
        records = self._registry.create_many(visit.caller, register, rows, visit.reason)
        return EntriesReceived(receive=[_entry(record) for record in records])

    def exists(self, asked: AskedOf, body: Asking) -> Existing:
        """Tell whether a record equals the example."""
        found = self._entries.exists(self._visit(asked), plain(body.query.content))
        message = "Object found from database" if found else "Object not found from database"
        return Existing(answer=Answer(status=found, message=message))

    def read(self, asked: AskedOf, body: Asking) -> Received:
        """Return the first record that equals the example; 404 `no record found`."""
        return _received(self._entries.first(self._visit(asked), plain(body.query.content)))

    def update(self, asked: AskedOf, body: Changing) -> Updated:
        """Change the one record that equals the example."""
        example, changes = _example(body), plain(body.write.content)
        self._entries.update_one(self._visit(asked), example, changes)
        return Updated(updated=1)

    def update_entries(self, asked: AskedOf, body: Changing) -> Updated:
        """Change every record that equals the example."""
        example, changes = _example(body), plain(body.write.content)
        return Updated(updated=self._entries.update_all(self._visit(asked), example, changes))

    def update_or_create(self, asked: AskedOf, body: Changing) -> Received:
        """Change the record that equals the example, or register a new one."""
        example = plain(body.query.content) if body.query else None
        record = self._entries.update_or_create(self._visit(asked), example, plain(body.write.content))
        return _received(record)

    def delete(self, asked: AskedOf, id: RecordId) -> Response:  # noqa: A002 -- GovStack's name
        """Archive a record (soft delete)."""
        visit = self._visit(asked)
        self._registry.archive(visit.caller, visit.register, id, visit.reason)
        return Response(status_code=204)

    def read_value(self, asked: AskedOf, uuid: RecordId, field: RecordId, ext: RecordId) -> Response:
        """Return one field of one record, as `json` or as `txt`."""
        visit = self._visit(asked)
        if ext not in {"json", "txt"}:
            raise QueryInvalid("a value can be had as json or txt")
        if all(each.code != field for each in visit.definition.fields):
            raise RegisterMissing("the register has no such field")
        record = self._registry.read(visit.caller, visit.register, uuid, visit.reason, version=visit.version)
        value = record.data.get(field)
        if ext == "txt":
            return PlainTextResponse("" if value is None else str(value))
        return JSONResponse(value if isinstance(value, str) else {"value": value})

    def usage(
        self,
        request: Request,
        client: ClientHeader,
        user_id: Annotated[str, QueryParameter(alias="userId", max_length=64)],
        database_id: Annotated[str, QueryParameter(alias="databaseId", max_length=63)],
    ) -> list[PersonalDataUsage]:
        """Return who read a person's data in a register; the person may ask about herself."""
        del client
        return self._usage(request, user_id, database_id)

    def find_usage(self, request: Request, client: ClientHeader, body: UsageAsked) -> list[PersonalDataUsage]:
        """Return who read a person's data, asked for by a body: nothing personal is in the address."""
        del client
        return self._usage(request, body.userId, body.databaseId)

    def _usage(self, request: Request, person: str, register: str) -> list[PersonalDataUsage]:
        if not person.isalnum() or not register.replace("_", "").isalnum():
            raise QueryInvalid("userId and databaseId are letters and digits")
        caller = client_of(request, current(request).caller)
        self._registry.definition(register)
        return [
            _usage(reading) for reading in self._registry.readings_of(caller, PersonCode(person), register)
        ]

    def _visit(self, asked: Asked) -> Visit:
        caller = client_of(asked.request, current(asked.request).caller)
        definition = self._registry.definition(asked.register, asked.version)
        reason = reason_of(asked.request, caller, definition, self._purposes)
        return Visit(caller, reason, definition, asked.version)


def _example(body: Changing) -> Data:
    if body.query is None or not body.query.content:
        raise QueryInvalid("say in query.content which record to change")
    return plain(body.query.content)


def _received(record: Record) -> Received:
    return Received.model_validate({"content": content_of(record)})


def _entry(record: Record) -> Entry:
    at = rfc3339(record.recorded_at)
    uuid = str(uuid5(NAMESPACE_URL, f"{record.register}/{record.id}"))
    return Entry.model_validate(
        {"content": content_of(record), "createdAt": at, "modifiedAt": at, "uuid": uuid}
    )


def _usage(reading: Reading) -> PersonalDataUsage:
    return PersonalDataUsage(
        id=reading.id,
        readerId=reading.actor_id,
        readerInitials="".join(word[0] for word in reading.actor_name.split()[:4]),
        readerInstitutionId=reading.organisation,
        readerInstitutionName=reading.organisation,
        readerApplicationName=reading.system,
        searchDateTime=rfc3339(reading.at),
        refrences=[Reference(ReferenceID=reading.record_id)],
    )

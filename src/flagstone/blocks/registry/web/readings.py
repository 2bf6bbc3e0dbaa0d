# SPDX-License-Identifier: EUPL-1.2
"""Who read what: the readings of a record, of a person's data, and of messages, as our own API tells them."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from flagstone.blocks.registry.contract.faults import QueryInvalid
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.asked import Body, RecordId, RegisterCode
from flagstone.blocks.registry.web.caller import caller_of
from flagstone.blocks.registry.web.wire import ReadingShape, reading_shape
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.routes import ANYONE, Routes


class Person(Body):
    """A person, in a body so that no address names her."""

    person: str = Field(min_length=1, max_length=64)
    register_: str = Field(default="", max_length=63, alias="register")


class PersonsReadings(Person):
    """Readings of a person's data, from `since` up to and not including `until`."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class PersonsReadingsPage(PersonsReadings):
    """Some of them, the newest first."""

    offset: int = 0
    limit: int | None = None


class Span(Body):
    """Readings of everybody from `since` up to and not including `until`."""

    since: AwareDatetime
    until: AwareDatetime


class Count(BaseModel):
    """How many readings there are."""

    count: int


class ReadingsApi:
    """The routes that tell of readings; the other half of those methods of `client.Client`."""

    def __init__(self, registry: Registry) -> None:
        """Answer from `registry`, which decides who may ask."""
        self._registry = registry

    def add_to(self, routes: Routes) -> None:
        """Declare them under `routes`."""
        of_record = "/registers/{register}/records/{record_id}/readings"
        routes.get(of_record, access=ANYONE, response_model=list[ReadingShape])(self.read_log)
        routes.post("/persons/readings", access=ANYONE, response_model=list[ReadingShape])(self.readings_of)
        routes.post("/persons/readings/count", access=ANYONE, response_model=Count)(self.count_readings_of)
        routes.post("/persons/readings/hidden", access=ANYONE, response_model=Count)(self.hidden_readings_of)
        routes.post("/readings/by-message", access=ANYONE, response_model=dict[str, int])(self.by_message)

    def read_log(self, request: Request, register: RegisterCode, record_id: RecordId) -> JSONResponse:
        """Return who read a record."""
        readings = self._registry.read_log(caller_of(request), register, record_id)
        return JSONResponse([reading_shape(reading) for reading in readings])

    def readings_of(self, request: Request, body: PersonsReadingsPage) -> JSONResponse:
        """Return who read a person's data; for that person."""
        readings = self._registry.readings_of(
            caller_of(request),
            PersonCode(body.person),
            body.register_,
            since=_utc(body.since),
            until=_utc(body.until),
            offset=body.offset,
            limit=body.limit,
        )
        return JSONResponse([reading_shape(reading) for reading in readings])

    def count_readings_of(self, request: Request, body: PersonsReadings) -> JSONResponse:
        """Return how many readings of a person's data there are to show; for that person."""
        count = self._registry.count_readings_of(
            caller_of(request),
            PersonCode(body.person),
            body.register_,
            since=_utc(body.since),
            until=_utc(body.until),
        )
        return JSONResponse({"count": count})

    def hidden_readings_of(self, request: Request, body: PersonsReadings) -> JSONResponse:
        """Return how many readings of a person's data are hidden from her as yet; for that person."""
        count = self._registry.hidden_readings_of(
            caller_of(request), PersonCode(body.person), since=_utc(body.since), until=_utc(body.until)
        )
        return JSONResponse({"count": count})

    def by_message(self, request: Request, body: Span) -> JSONResponse:
        """Return how many readings each message made, by its reference; for an auditor."""
        since, until = _utc(body.since), _utc(body.until)
        assert since is not None
        assert until is not None
        return JSONResponse(dict(self._registry.readings_by_message(caller_of(request), since, until)))


def _utc(instant: datetime | None) -> datetime | None:
    """Return an instant in UTC; QueryInvalid when UTC's calendar does not have it."""
    try:
        return None if instant is None else instant.astimezone(UTC)
    except OverflowError:
        raise QueryInvalid("the instant is out of range") from None

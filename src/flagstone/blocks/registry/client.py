# SPDX-License-Identifier: EUPL-1.2
"""`Client`: the registry of another site, spoken to over its routes under `/registry/v1`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from flagstone.blocks.registry.contract import faults
from flagstone.blocks.registry.contract.faults import RecordMissing, RegisterMissing
from flagstone.blocks.registry.contract.record import (
    Finding,
    ImportReport,
    Page,
    Query,
    Reading,
    Record,
    Revision,
)
from flagstone.blocks.registry.contract.register import Data, RegisterDefinition, Value
from flagstone.blocks.registry.model.definition_reader import as_mapping, parse_definition
from flagstone.kernel.audit import ActorKind, Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.errors import Fault, Flaw
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.client import Answer, AnswerRefused

BASE = "/registry/v1"

_FAULTS: Mapping[str, type[Fault]] = {
    each.code: each for each in vars(faults).values() if isinstance(each, type) and issubclass(each, Fault)
}


class Site(Protocol):
    """The other site; `platform.http.client.OtherSite` is one."""

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and return its answer, whatever its status."""
        ...


class Refused(Fault):
    """The other site refused the call for a reason that the registry's contract does not know."""

    code = "registry.call-refused"
    title = "Another site refused the call"
    remedy = "Tell the operator the request number."


@dataclass(frozen=True)
class Client:
    """Keeps `contract.Registry` by calling `site`; `token` gives the bearer token to call as a caller.

    An empty token calls as nobody. Answers are bound by the site's `CallBounds`, exports among them.
    """

    site: Site
    token: Callable[[Caller], str]

    def definitions(self, caller: Caller) -> tuple[RegisterDefinition, ...]:
        """See `contract.Registry.definitions`."""
        return tuple(parse_definition(each) for each in self._get(caller, "/registers"))

    def definition(self, register: str, version: str = "") -> RegisterDefinition:
        """See `contract.Registry.definition`."""
        answer = self.site.call("GET", _address(f"/registers/{_part(register)}", version=version))
        return parse_definition(_read(answer))

    def publish(self, caller: Caller, definition: RegisterDefinition, reason: Reason) -> None:
        """See `contract.Registry.publish`."""
        self._send(caller, "POST", "/registers", {"definition": as_mapping(definition)}, reason)

    def find(self, caller: Caller, register: str, query: Query, reason: Reason, *, version: str = "") -> Page:
        """See `contract.Registry.find`."""
        body = {
            "search": query.search,
            "filters": dict(query.filters),
            "order_by": query.order_by,
            "page": query.page,
            "page_size": query.page_size,
            "fields": sorted(query.fields),
            "version": version,
        }
        found = self._send(caller, "POST", f"{_register(register)}/find", body, reason)
        records = tuple(_record(each) for each in found["records"])
        return Page(records, found["total"], found["page"], found["page_size"])

    def read(
        self, caller: Caller, register: str, record_id: str, reason: Reason, *, version: str = ""
    ) -> Record:
        """See `contract.Registry.read`."""
        return _record(self._get(caller, _one(register, record_id), reason, version=version))

    def exists(
        self, caller: Caller, register: str, example: Data, reason: Reason, *, version: str = ""
    ) -> bool:
        """See `contract.Registry.exists`."""
        body = {"example": dict(example), "version": version}
        found = self._send(caller, "POST", f"{_register(register)}/exists", body, reason)
        return found["exists"] is True

    def create(
        self,
        caller: Caller,
        register: str,
        data: Data,
        reason: Reason,
        *,
        version: str = "",
        valid_from: date | None = None,
    ) -> Record:
        """See `contract.Registry.create`."""
        body = {"data": dict(data), "version": version, "valid_from": _day(valid_from)}
        return _record(self._send(caller, "POST", f"{_register(register)}/records", body, reason))

    def update(
        self,
        caller: Caller,
        register: str,
        record_id: str,
        changes: Data,
        reason: Reason,
        *,
        version: str = "",
        expected_revision: int | None = None,
        valid_from: date | None = None,
    ) -> Record:
        """See `contract.Registry.update`."""
        body = {
            "changes": dict(changes),
            "version": version,
            "expected_revision": expected_revision,
            "valid_from": _day(valid_from),
        }
        return _record(self._send(caller, "PATCH", _one(register, record_id), body, reason))

    def create_many(
        self, caller: Caller, register: str, rows: Iterable[Data], reason: Reason, *, version: str = ""
    ) -> tuple[Record, ...]:
        """See `contract.Registry.create_many`."""
        body = {"rows": [dict(row) for row in rows], "version": version}
        made = self._send(caller, "POST", f"{_register(register)}/bulk", body, reason)
        return tuple(_record(each) for each in made)

    def archive(self, caller: Caller, register: str, record_id: str, reason: Reason) -> None:
        """See `contract.Registry.archive`."""
        self._call(caller, "DELETE", _one(register, record_id), reason)

    def history(self, caller: Caller, register: str, record_id: str, reason: Reason) -> tuple[Revision, ...]:
        """See `contract.Registry.history`."""
        found = self._get(caller, f"{_one(register, record_id)}/history", reason)
        return tuple(_revision(each) for each in found)

    def as_of(
        self,
        caller: Caller,
        register: str,
        record_id: str,
        reason: Reason,
        *,
        valid_on: date,
        recorded_by: datetime,
    ) -> Record:
        """See `contract.Registry.as_of`."""
        asked = {"valid_on": valid_on.isoformat(), "recorded_by": rfc3339(recorded_by)}
        return _record(self._get(caller, f"{_one(register, record_id)}/as-of", reason, **asked))

    def read_log(self, caller: Caller, register: str, record_id: str) -> tuple[Reading, ...]:
        """See `contract.Registry.read_log`."""
        return tuple(_reading(each) for each in self._get(caller, f"{_one(register, record_id)}/readings"))

    def readings_of(
        self,
        caller: Caller,
        person: PersonCode,
        register: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> tuple[Reading, ...]:
        """See `contract.Registry.readings_of`."""
        asked = {"person": person, "register": register, **_span(since, until)}
        body = {**asked, "offset": offset, "limit": limit}
        return tuple(_reading(each) for each in self._send(caller, "POST", "/persons/readings", body))

    def count_readings_of(
        self,
        caller: Caller,
        person: PersonCode,
        register: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """See `contract.Registry.count_readings_of`."""
        body = {"person": person, "register": register, **_span(since, until)}
        return int(self._send(caller, "POST", "/persons/readings/count", body)["count"])

    def hidden_readings_of(
        self,
        caller: Caller,
        person: PersonCode,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """See `contract.Registry.hidden_readings_of`."""
        body = {"person": person, **_span(since, until)}
        return int(self._send(caller, "POST", "/persons/readings/hidden", body)["count"])

    def readings_by_message(self, caller: Caller, since: datetime, until: datetime) -> Mapping[str, int]:
        """See `contract.Registry.readings_by_message`."""
        found = self._send(caller, "POST", "/readings/by-message", _span(since, until))
        return {str(message): int(count) for message, count in found.items()}

    def facts_about(self, caller: Caller, person: PersonCode, reason: Reason) -> tuple[Record, ...]:
        """See `contract.Registry.facts_about`."""
        found = self._send(caller, "POST", "/persons/facts", {"person": person}, reason)
        return tuple(_record(each) for each in found)

    def load(
        self,
        caller: Caller,
        register: str,
        rows: Iterable[Mapping[str, Value]],
        reason: Reason,
        *,
        dry_run: bool,
    ) -> ImportReport:
        """See `contract.Registry.load`; the rows go in one JSON body, within the other site's bound."""
        path = f"{_register(register)}/import?dry_run={'true' if dry_run else 'false'}"
        return _report(self._send(caller, "POST", path, [dict(row) for row in rows], reason))

    def export(self, caller: Caller, register: str, query: Query, reason: Reason) -> Iterator[Record]:
        """See `contract.Registry.export`."""
        body = {"search": query.search, "filters": dict(query.filters), "format": "records"}
        answer = self._call(caller, "POST", f"{_register(register)}/export", reason, _encoded(body))
        for line in answer.body.splitlines():
            yield _record(json.loads(line))

    def _get(self, caller: Caller, path: str, reason: Reason | None = None, **query: str) -> Any:
        return _read(self._call(caller, "GET", _address(path, **query).removeprefix(BASE), reason))

    def _send(
        self, caller: Caller, method: str, path: str, value: object, reason: Reason | None = None
    ) -> Any:
        return _read(self._call(caller, method, path, reason, _encoded(value)))

    def _call(
        self, caller: Caller, method: str, path: str, reason: Reason | None, body: bytes = b""
    ) -> Answer:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        token = self.token(caller)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if reason is not None:
            headers |= _why(reason)
        answer = self.site.call(method, BASE + path, headers=headers, body=body)
        if answer.status >= 400:
            raise _fault(answer)
        return answer


def _why(reason: Reason) -> dict[str, str]:
    """Return the headers that say why, percent-encoded."""
    said = {
        "Flagstone-Purpose": reason.purpose,
        "Flagstone-Legal-Basis": reason.legal_basis,
        "Flagstone-Message-Reference": reason.message_reference,
        "Flagstone-Case": reason.case,
        "Flagstone-Hidden-Until": rfc3339(reason.hidden_until) if reason.hidden_until else "",
    }
    return {name: quote(words) for name, words in said.items() if words}


def _register(code: str) -> str:
    return f"/registers/{_part(code)}"


def _one(register: str, record_id: str) -> str:
    if not record_id or "/" in record_id or "\\" in record_id:
        raise RecordMissing  # no address can name it
    return f"{_register(register)}/records/{quote(record_id, safe='')}"


def _part(code: str) -> str:
    if not code or "/" in code or "\\" in code:
        raise RegisterMissing
    return quote(code, safe="")


def _address(path: str, **query: str) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{BASE}{path}?{urlencode(given)}" if given else BASE + path


def _encoded(value: object) -> bytes:
    return json.dumps(value, default=_plain).encode()


def _plain(value: object) -> object:
    """Return mappings and sequences of other kinds as JSON knows them."""
    return dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, Iterable) else None


def _span(since: datetime | None, until: datetime | None) -> dict[str, str | None]:
    return {"since": rfc3339(since) if since else None, "until": rfc3339(until) if until else None}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _read(answer: Answer) -> Any:
    if answer.status >= 400:
        raise _fault(answer)
    return answer.json()


def _fault(answer: Answer) -> Fault:
    """Return the contract's fault that the problem document names, or Refused."""
    try:
        problem = answer.json()
        kind = _FAULTS.get(problem["code"], Refused)
        detail = problem.get("detail", "") if kind is not Refused else problem["code"]
        flaws = tuple(Flaw(each["pointer"], each["message"]) for each in problem.get("flaws", ()))
    except (AnswerRefused, KeyError, TypeError):
        return Refused(f"status {answer.status}")
    return kind(detail, flaws=flaws)


def _record(data: Mapping[str, Any]) -> Record:
    return Record(
        data["register"],
        data["id"],
        data["version"],
        data["revision"],
        data["data"],
        date.fromisoformat(data["valid_from"]),
        parse_rfc3339(data["recorded_at"]),
        data["archived"],
    )


def _revision(data: Mapping[str, Any]) -> Revision:
    return Revision(
        _record(data["record"]),
        data["operation"],
        data["actor_name"],
        data["organisation"],
        _reason(data["reason"]),
        data["journal_sequence"],
    )


def _reading(data: Mapping[str, Any]) -> Reading:
    known = {**data, "fields": tuple(data["fields"]), "reason": _reason(data["reason"])}
    kind = ActorKind(data["actor_kind"])
    return Reading(**{**known, "at": parse_rfc3339(data["at"]), "actor_kind": kind})


def _reason(data: Mapping[str, str]) -> Reason:
    said = (data["purpose"], data["legal_basis"], data["message_reference"], data["case"])
    return Reason(*said, parse_rfc3339(data["hidden_until"]) if data["hidden_until"] else None)


def _report(data: Mapping[str, Any]) -> ImportReport:
    findings = tuple(Finding(**each) for each in data["findings"])
    return ImportReport(**{**data, "findings": findings})

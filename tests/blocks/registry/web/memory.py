# SPDX-License-Identifier: EUPL-1.2
"""A registry in memory that keeps the contract well enough to try routes and pages against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from flagstone.blocks.registry.contract import (
    Data,
    Finding,
    ImportReport,
    NotPermitted,
    Page,
    PurposeMissing,
    Query,
    QueryInvalid,
    Reading,
    Record,
    RecordChangedMeanwhile,
    RecordExists,
    RecordInvalid,
    RecordMissing,
    RegisterDefinition,
    RegisterMissing,
    Revision,
    Service,
    Status,
    Value,
)
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Flaw
from flagstone.kernel.ids import PersonCode

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class MemoryRegistry:
    """Registers, records, revisions and readings in dictionaries."""

    def __init__(self, *definitions: RegisterDefinition) -> None:
        self.versions: dict[str, list[RegisterDefinition]] = {each.code: [each] for each in definitions}
        self.records: dict[str, dict[str, Record]] = {}
        self.revisions: dict[tuple[str, str], list[Revision]] = {}
        self.readings: list[tuple[str, Reading]] = []
        self.reasons: list[Reason] = []

    def definitions(self, caller: Caller) -> tuple[RegisterDefinition, ...]:
        newest = [versions[-1] for versions in self.versions.values()]
        shown = caller.roles | {"anyone"}
        return tuple(
            each for each in newest if each.status is not Status.ARCHIVED and shown & each.permits.keys()
        )

    def definition(self, register: str, version: str = "") -> RegisterDefinition:
        found = [each for each in self.versions.get(register, []) if version in {"", each.version}]
        if not found:
            raise RegisterMissing
        return found[-1]

    def publish(self, caller: Caller, definition: RegisterDefinition, reason: Reason) -> None:
        if not caller.holds("analyst"):
            raise NotPermitted("publish")
        self.versions.setdefault(definition.code, []).append(definition)

    def find(self, caller: Caller, register: str, query: Query, reason: Reason, *, version: str = "") -> Page:
        definition = self._permitted(caller, register, Service.LIST, reason, version)
        for code in query.filters:
            if code != "id" and code not in {f.code for f in definition.fields if f.filter or f.unique}:
                raise QueryInvalid(flaws=(Flaw("/filters", "is not a field to find records by"),))
        found = [each for each in self._live(register) if _fits(each, query)]
        order = query.order_by.removeprefix("-")
        found.sort(key=lambda each: str(each.data.get(order, each.id)), reverse=query.order_by[:1] == "-")
        start = (query.page - 1) * query.page_size
        shown = tuple(found[start : start + query.page_size])
        for record in shown:
            self._saw(caller, definition, record, reason)
        return Page(shown, len(found), query.page, query.page_size)

    def read(
        self, caller: Caller, register: str, record_id: str, reason: Reason, *, version: str = ""
    ) -> Record:
        definition = self._permitted(caller, register, Service.READ, reason, version)
        record = self.records.get(register, {}).get(record_id)
        if record is None:
            raise RecordMissing
        self._saw(caller, definition, record, reason)
        return record

    def exists(
        self, caller: Caller, register: str, example: Data, reason: Reason, *, version: str = ""
    ) -> bool:
        self._permitted(caller, register, Service.EXISTS, reason, version)
        return any(example.items() <= {**each.data, "id": each.id}.items() for each in self._live(register))

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
        definition = self._permitted(caller, register, Service.CREATE, reason, version)
        _check(definition, data)
        kept = self.records.setdefault(register, {})
        record_id = (
            str(data[definition.key]) if definition.key else f"{definition.id_prefix}{len(kept) + 1:06d}"
        )
        if record_id in kept:
            raise RecordExists
        record = Record(register, record_id, definition.version, 1, dict(data), valid_from or NOW.date(), NOW)
        kept[record_id] = record
        self._log(caller, record, "create", reason)
        return record

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
        definition = self._permitted(caller, register, Service.UPDATE, reason, version)
        before = self.records.get(register, {}).get(record_id)
        if before is None:
            raise RecordMissing
        if expected_revision not in {None, before.revision}:
            raise RecordChangedMeanwhile
        data = {code: value for code, value in {**before.data, **changes}.items() if value is not None}
        _check(definition, data)
        after = replace(
            before, data=data, revision=before.revision + 1, valid_from=valid_from or before.valid_from
        )
        self.records[register][record_id] = after
        self._log(caller, after, "update", reason)
        return after

    def create_many(
        self, caller: Caller, register: str, rows: Iterable[Data], reason: Reason, *, version: str = ""
    ) -> tuple[Record, ...]:
        self._permitted(caller, register, Service.BULK, reason, version)
        return tuple(self.create(caller, register, row, reason, version=version) for row in rows)

    def archive(self, caller: Caller, register: str, record_id: str, reason: Reason) -> None:
        self._permitted(caller, register, Service.ARCHIVE, reason, "")
        if record_id not in self.records.get(register, {}):
            raise RecordMissing
        record = replace(self.records[register][record_id], archived=True)
        self.records[register][record_id] = record
        self._log(caller, record, "archive", reason)

    def history(self, caller: Caller, register: str, record_id: str, reason: Reason) -> tuple[Revision, ...]:
        self._permitted(caller, register, Service.HISTORY, reason, "")
        found = self.revisions.get((register, record_id), [])
        if not found:
            raise RecordMissing
        return tuple(reversed(found))

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
        for revision in self.history(caller, register, record_id, reason):
            if revision.record.valid_from <= valid_on and revision.record.recorded_at <= recorded_by:
                return revision.record
        raise RecordMissing

    def read_log(self, caller: Caller, register: str, record_id: str) -> tuple[Reading, ...]:
        self._permitted(caller, register, Service.READ_LOG, None, "")
        found = [r for code, r in self.readings if code == register and r.record_id == record_id]
        return tuple(reversed(found))

    def readings_of(self, caller: Caller, person: PersonCode, register: str = "") -> tuple[Reading, ...]:
        if caller.actor.id != person:
            raise NotPermitted("readings")
        return tuple(r for code, r in self.readings if r.person == person and register in {"", code})

    def facts_about(self, caller: Caller, person: PersonCode, reason: Reason) -> tuple[Record, ...]:
        if caller.actor.id != person:
            raise NotPermitted("facts")
        return tuple(
            record
            for register, versions in self.versions.items()
            for record in self._live(register)
            if any(record.data.get(path) == person for path in versions[-1].persons)
        )

    def load(
        self,
        caller: Caller,
        register: str,
        rows: Iterable[Mapping[str, Value]],
        reason: Reason,
        *,
        dry_run: bool,
    ) -> ImportReport:
        definition = self._permitted(caller, register, Service.IMPORT, reason, "")
        known, taken = {field.code for field in definition.fields}, list(rows)
        findings = tuple(
            Finding(number, column, "registry.unknown-column", "The register has no such field")
            for number, row in enumerate(taken, 1)
            for column in row
            if column not in known
        )
        if not dry_run and not findings:
            for row in taken:
                self.create(caller, register, row, reason)
        return ImportReport(register, dry_run, len(taken), len(taken), 0, 0, findings)

    def export(self, caller: Caller, register: str, query: Query, reason: Reason) -> Iterator[Record]:
        self._permitted(caller, register, Service.EXPORT, reason, "")
        yield from (record for record in self._live(register) if _fits(record, query))

    def _permitted(
        self, caller: Caller, register: str, service: Service, reason: Reason | None, version: str
    ) -> RegisterDefinition:
        definition = self.definition(register, version)
        if not any(service in definition.permits.get(role, ()) for role in caller.roles | {"anyone"}):
            raise NotPermitted(f"{service.value} on {register}")
        if reason is not None:
            if not reason.purpose:
                raise PurposeMissing
            self.reasons.append(reason)
        return definition

    def _live(self, register: str) -> list[Record]:
        kept = self.records.get(register, {})
        return [kept[key] for key in sorted(kept) if not kept[key].archived]

    def _saw(self, caller: Caller, definition: RegisterDefinition, record: Record, reason: Reason) -> None:
        actor = caller.actor
        for path in definition.persons:
            person = PersonCode(str(record.data.get(path, "")))
            number, fields = str(len(self.readings) + 1), tuple(record.data)
            reading = Reading(
                number,
                person,
                definition.code,
                record.id,
                fields,
                actor.id,
                actor.name,
                actor.organisation,
                actor.system,
                reason,
                NOW,
            )
            self.readings.append((definition.code, reading))

    def _log(self, caller: Caller, record: Record, operation: str, reason: Reason) -> None:
        kept = self.revisions.setdefault((record.register, record.id), [])
        kept.append(
            Revision(record, operation, caller.actor.name, caller.actor.organisation, reason, len(kept) + 1)
        )


def _fits(record: Record, query: Query) -> bool:
    words = query.search.casefold().split()
    text = " ".join(str(value) for value in record.data.values()).casefold().split()
    data = {**record.data, "id": record.id}
    return all(any(part.startswith(word) for part in text) for word in words) and all(
        str(data.get(code)) == value for code, value in query.filters.items()
    )


def _check(definition: RegisterDefinition, data: Data) -> None:
    known = {field.code for field in definition.fields}
    flaws = [Flaw(f"/{code}", "The register has no such field") for code in data if code not in known]
    flaws += [
        Flaw(f"/{field.code}", "is missing")
        for field in definition.fields
        if field.required and data.get(field.code) in {None, ""}
    ]
    if flaws:
        raise RecordInvalid(flaws=tuple(flaws))

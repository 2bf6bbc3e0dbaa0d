# SPDX-License-Identifier: EUPL-1.2
"""Use cases by example that GovStack's data API has and the registry's promise spells out in steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flagstone.blocks.registry.contract.faults import QueryInvalid, RecordInvalid, RecordMissing
from flagstone.blocks.registry.contract.record import BULK_MAX, PAGE_SIZE_MAX, Query, Record
from flagstone.blocks.registry.contract.register import Data
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.asked import Visit, without_id
from flagstone.kernel.errors import Fault, Flaw, Kind

NO_RECORD = "no record found"


class MatchAmbiguous(Fault):
    """An example meant for one record fits more than one."""

    code = "registry.match-ambiguous"
    kind = Kind.CONFLICT
    title = "More than one record fits"
    remedy = "Say more of the record, or use updateEntries to change them all."


@dataclass(frozen=True)
class Entries:
    """Finds and changes the records that equal an example."""

    registry: Registry

    def matching(self, visit: Visit, example: Data, *, at_most: int) -> tuple[Record, ...]:
        """Return up to `at_most` records whose fields equal those of `example`, in order of id."""
        record_id, rest = without_id(example, visit.definition)
        if record_id:
            found = self._by_id(visit, record_id)
            fits = found is not None and all(found.data.get(code) == value for code, value in rest.items())
            return (found,) if found is not None and fits else ()
        found_so_far: list[Record] = []
        while len(found_so_far) < at_most:
            size = min(PAGE_SIZE_MAX, at_most)
            query = Query(filters=as_filters(rest), page=len(found_so_far) // size + 1, page_size=size)
            page = self.registry.find(
                visit.caller, visit.register, query, visit.reason, version=visit.version
            )
            found_so_far.extend(page.records)
            if len(page.records) < size:
                break
        return tuple(found_so_far[:at_most])

    def first(self, visit: Visit, example: Data) -> Record:
        """Return the first record that equals `example`; RecordMissing when none does."""
        found = self.matching(visit, example, at_most=1)
        if not found:
            raise RecordMissing(NO_RECORD)
        return found[0]

    def exists(self, visit: Visit, example: Data) -> bool:
        """Tell whether a record equals `example`; nothing of it is shown."""
        record_id, rest = without_id(example, visit.definition)
        if record_id and visit.definition.key:
            rest = {**rest, visit.definition.key: record_id}
        elif record_id:
            return bool(self.matching(visit, example, at_most=1))
        return self.registry.exists(visit.caller, visit.register, rest, visit.reason, version=visit.version)

    def update_one(self, visit: Visit, example: Data, changes: Data) -> Record:
        """Change the one record that equals `example`; RecordMissing, MatchAmbiguous."""
        found = self.matching(visit, example, at_most=2)
        if not found:
            raise RecordMissing(NO_RECORD)
        if len(found) > 1:
            raise MatchAmbiguous
        return self.change(visit, found[0], changes)

    def update_all(self, visit: Visit, example: Data, changes: Data) -> int:
        """Change every record that equals `example`, at most `BULK_MAX`, and return how many."""
        found = self.matching(visit, example, at_most=BULK_MAX + 1)
        if len(found) > BULK_MAX:
            raise QueryInvalid(f"more than {BULK_MAX} records fit; say more of them")
        for record in found:
            self.change(visit, record, changes)
        return len(found)

    def update_or_create(self, visit: Visit, example: Data | None, content: Data) -> Record:
        """Change the one record that equals `example`, or register `content` when there is none."""
        found = self.matching(visit, example, at_most=2) if example else ()
        if len(found) > 1:
            raise MatchAmbiguous
        return self.change(visit, found[0], content) if found else self.create(visit, content)

    def create(self, visit: Visit, content: Data) -> Record:
        """Register `content`; an `id` in it is the key's value, or refused where ids are given out."""
        record_id, rest = without_id(content, visit.definition)
        if record_id and visit.definition.key:
            rest = {visit.definition.key: record_id, **rest}
        elif record_id:
            raise RecordInvalid(flaws=(Flaw("/id", "is given out by the register"),))
        return self.registry.create(visit.caller, visit.register, rest, visit.reason, version=visit.version)

    def change(self, visit: Visit, record: Record, content: Data) -> Record:
        """Change `record` as it was found; fields that stay equal are left out."""
        record_id, rest = without_id(content, visit.definition)
        if record_id and record_id != record.id:
            raise RecordInvalid(flaws=(Flaw("/id", "cannot be changed"),))
        changes = {code: value for code, value in rest.items() if record.data.get(code) != value}
        if not changes:
            return record
        return self.registry.update(
            visit.caller,
            visit.register,
            record.id,
            changes,
            visit.reason,
            version=visit.version,
            expected_revision=record.revision,
        )

    def _by_id(self, visit: Visit, record_id: str) -> Record | None:
        try:
            return self.registry.read(
                visit.caller, visit.register, record_id, visit.reason, version=visit.version
            )
        except RecordMissing:
            return None


def as_filters(example: Data) -> Mapping[str, str]:
    """Return the fields of `example` as exact filters; QueryInvalid for lists, objects and nulls."""
    filters: dict[str, str] = {}
    for code, value in example.items():
        if isinstance(value, bool):
            filters[code] = "true" if value else "false"
        elif isinstance(value, (int, str)):
            filters[code] = str(value)
        else:
            raise QueryInvalid("an example names text, numbers, true or false")
    return filters

# SPDX-License-Identifier: EUPL-1.2
"""Finding and reading records (DRS-5, DRS-23, DRS-25)."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.blocks.registry.contract.faults import NotPermitted, QueryInvalid, RecordMissing
from flagstone.blocks.registry.contract.record import Page, Query, Record
from flagstone.blocks.registry.contract.register import Data, Service
from flagstone.blocks.registry.model import permits, queries
from flagstone.blocks.registry.model.queries import Criteria, criteria
from flagstone.blocks.registry.service.looking import Lens, Means, asking, lens, looking, reason_to_record
from flagstone.blocks.registry.store import records
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.ids import PersonCode

EXPORT_BATCH = 500


class Reads:
    """The reading use cases."""

    def __init__(self, means: Means) -> None:
        """Work with `means`."""
        self._means = means

    def find(self, caller: Caller, register: str, query: Query, reason: Reason, version: str) -> Page:
        """Return the page of records that match `query`; of a person with no other role, her own only."""
        with asking(self._means, caller, reason) as look:
            through, everywhere = look.through(register, Service.LIST, version)
            asked = self._criteria(through, query, everywhere=everywhere)
            offset = (query.page - 1) * query.page_size
            rows, total = records.page(look.view, asked, query.page_size, offset)
            shown = tuple(look.show(through, row, query.fields) for row in rows)
        return Page(shown, total, query.page, query.page_size)

    def read(self, caller: Caller, register: str, record_id: str, reason: Reason, version: str) -> Record:
        """Return one record; RecordMissing also for records that the caller may not know of."""
        with asking(self._means, caller, reason) as look:
            through, everywhere = look.through(register, Service.READ, version)
            row = records.one(look.view, register, record_id)
            if row is None or not (everywhere or through.concerns(row)):
                raise RecordMissing
            return look.show(through, row)

    def exists(self, caller: Caller, register: str, example: Data, reason: Reason, version: str) -> bool:
        """Tell whether a record has all the values of `example`; a hit shows that much of its persons."""
        with asking(self._means, caller, reason) as look:
            through, everywhere = look.through(register, Service.EXISTS, version)
            if not example:
                raise QueryInvalid("the example is empty")
            person = None if everywhere else permits.person_of(caller)
            codes = _codes(through, everywhere=everywhere)
            asked = queries.matching(through.shape, example, codes, person=person)
            row = None if asked.impossible else records.first(look.view, asked)
            if row is not None:
                look.saw(through, row, example.keys())
        return row is not None

    def export(self, caller: Caller, register: str, query: Query, reason: Reason) -> Iterator[Record]:
        """Yield every record that matches, by id; each batch is recorded before any of it is yielded."""
        through, everywhere = self._lens(caller, register, Service.EXPORT, "")
        why = reason_to_record(through, reason, own=not everywhere)
        asked = self._criteria(through, query, everywhere=everywhere)
        return self._export(through, asked, why)

    def facts_about(self, caller: Caller, person: PersonCode, reason: Reason) -> tuple[Record, ...]:
        """Return every record that concerns `person`, for herself, by register and id."""
        if permits.person_of(caller) != person:
            raise NotPermitted("reading what concerns another person")
        with asking(self._means, caller, reason) as look:
            lenses = look.own(Service.READ)
            rows = records.of_person(look.view, sorted(lenses), person) if lenses else []
            return tuple(look.show(lenses[row["register"]], row) for row in rows)

    def _export(self, through: Lens, asked: Criteria, why: Reason) -> Iterator[Record]:
        """Yield records batch by batch."""
        last_id = ""
        while True:
            with looking(self._means, through.definition, through.caller, why) as look:
                rows = records.after(look.view, asked, last_id, EXPORT_BATCH)
                shown = [look.show(through, row) for row in rows]
            yield from shown
            if len(rows) < EXPORT_BATCH:
                return
            last_id = rows[-1]["id"]

    def _lens(self, caller: Caller, register: str, service: Service, version: str) -> tuple[Lens, bool]:
        """Return the caller's view of a register, and whether `service` is hers on every record."""
        lineage = self._means.catalogue.lineage(register)
        everywhere = permits.require(lineage.newest.definition, caller, service)
        return lens(self._means, lineage, caller, version), everywhere

    def _criteria(self, through: Lens, query: Query, *, everywhere: bool) -> Criteria:
        """Return `query` in terms of storage, within what the caller may see."""
        person = None if everywhere else permits.person_of(through.caller)
        return criteria(through.shape, query, _codes(through, everywhere=everywhere), person=person)


def _codes(through: Lens, *, everywhere: bool) -> frozenset[str]:
    """Return the fields that the caller may find records by."""
    return through.codes if everywhere else through.own_codes

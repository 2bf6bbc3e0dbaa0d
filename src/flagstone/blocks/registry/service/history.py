# SPDX-License-Identifier: EUPL-1.2
"""What a record was, and who read it (DRS-7, DRS-8, DRS-21); the journal is the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from flagstone.blocks.registry.contract.faults import NotPermitted, QueryInvalid, RecordMissing
from flagstone.blocks.registry.contract.record import READINGS_MAX, Reading, Record, Revision
from flagstone.blocks.registry.contract.register import Service
from flagstone.blocks.registry.model import permits
from flagstone.blocks.registry.service.looking import Lens, Look, Means, lens, looking, reason_to_record
from flagstone.blocks.registry.store import readings, records
from flagstone.blocks.registry.store.readings import Sought
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.entry import Entry

OFFSET_MAX = 2**53


class History:
    """The use cases that look back."""

    def __init__(self, means: Means) -> None:
        """Work with `means`."""
        self._means = means

    def history(self, caller: Caller, register: str, record_id: str, reason: Reason) -> tuple[Revision, ...]:
        """Return every revision of a record, the newest first, also of an archived one."""
        through, entries, own = self._entries(caller, register, record_id)
        why = reason_to_record(through, reason, own=own)
        with looking(self._means, through.definition, caller, why) as look:
            return tuple(_revision(look, through, entry) for entry in reversed(entries))

    def as_of(
        self,
        caller: Caller,
        at: tuple[str, str],
        reason: Reason,
        valid_on: date,
        recorded_by: datetime,
    ) -> Record:
        """Return the record `at` (register, id) as the highest revision then known and then in force."""
        through, entries, own = self._entries(caller, *at)
        why = reason_to_record(through, reason, own=own)
        known = [
            entry.document
            for entry in entries
            if rfc3339(entry.at) <= rfc3339(recorded_by)
            and entry.document["valid_from"] <= valid_on.isoformat()
        ]
        if not known or known[-1]["deleted_at"] is not None:
            raise RecordMissing
        with looking(self._means, through.definition, caller, why) as look:
            return look.show(through, known[-1])

    def read_log(self, caller: Caller, register: str, record_id: str) -> tuple[Reading, ...]:
        """Return who read a record, the newest first; to the person concerned, what was read of her."""
        through, everywhere = self._allowed(caller, register, Service.READ_LOG)
        with self._means.database.reading() as view:
            rows = records.by_ids(view, register, [record_id])
            if not rows or not (everywhere or through.concerns(rows[0])):
                raise RecordMissing
            found = readings.of_record(view, register, record_id)
        own, now = permits.person_of(caller), self._means.database.clock.now()
        told = tuple(one for one in found if one.person != own or not _is_hidden(one, now))
        return told if everywhere else tuple(_for_herself(one) for one in told if one.person == own)

    def readings_of(
        self, caller: Caller, sought: Sought, offset: int, limit: int | None
    ) -> tuple[Reading, ...]:
        """Return who read a person's data, for that person herself or an auditor, the newest first."""
        shown_at = self._shown_at(caller, sought.person)
        limit = READINGS_MAX if limit is None else limit
        if not 1 <= limit <= READINGS_MAX or not 0 <= offset <= OFFSET_MAX:
            raise QueryInvalid(f"at most {READINGS_MAX} readings from an offset of 0 or more")
        with self._means.database.reading() as view:
            found = readings.of_person(view, sought, shown_at, offset=offset, limit=limit)
        return tuple(map(_for_herself, found)) if shown_at else found

    def count_readings_of(self, caller: Caller, sought: Sought) -> int:
        """Return how many readings there are to show to the caller."""
        shown_at = self._shown_at(caller, sought.person)
        with self._means.database.reading() as view:
            return readings.count(view, sought, shown_at)

    def hidden_readings_of(self, caller: Caller, sought: Sought) -> int:
        """Return how many readings are hidden from the person as yet."""
        self._shown_at(caller, sought.person)
        with self._means.database.reading() as view:
            return readings.count_hidden(view, sought, self._means.database.clock.now())

    def readings_by_message(self, caller: Caller, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return how many readings each message made."""
        if not permits.audits(caller):
            raise NotPermitted("counting the readings of messages")
        with self._means.database.reading() as view:
            return readings.by_message(view, since, until)

    def _shown_at(self, caller: Caller, person: PersonCode) -> datetime | None:
        """Return now for the person herself, from whom some readings hide; None for who sees them all.

        NotPermitted to everybody else. An auditor sees what was read of herself as anybody does.
        """
        if permits.person_of(caller) == person:
            return self._means.database.clock.now()
        if not permits.audits(caller):
            raise NotPermitted("reading another person's log")
        return None

    def _allowed(self, caller: Caller, register: str, service: Service) -> tuple[Lens, bool]:
        """Return the caller's view of a register, and whether `service` is hers on every record."""
        lineage = self._means.catalogue.lineage(register)
        everywhere = permits.require(lineage.newest.definition, caller, service)
        return lens(self._means, lineage, caller), everywhere

    def _entries(self, caller: Caller, register: str, record_id: str) -> tuple[Lens, Sequence[Entry], bool]:
        """Return the caller's view, the record's journal entries, and whether it is but her own to see."""
        through, everywhere = self._allowed(caller, register, Service.HISTORY)
        key = records.key_of(register, record_id)
        entries = [one for one in self._means.database.journal.history("record", key) if one.document]
        if not entries or not (everywhere or through.concerns(entries[-1].document)):
            raise RecordMissing
        return through, entries, not everywhere


def _is_hidden(reading: Reading, now: datetime) -> bool:
    """Tell whether a reading is hidden as yet from the person concerned."""
    return reading.reason.hidden_until is not None and reading.reason.hidden_until > now


def _for_herself(reading: Reading) -> Reading:
    """Return a reading as the person concerned may see it."""
    return replace(reading, on_behalf="")


def _revision(look: Look, through: Lens, entry: Entry) -> Revision:
    """Return a journal entry as a revision of the record."""
    return Revision(
        record=look.show(through, entry.document),
        operation=_operation(entry.document),
        actor_name=entry.actor.name,
        organisation=entry.actor.organisation,
        reason=entry.reason,
        journal_sequence=entry.sequence,
    )


def _operation(document: Mapping[str, Any]) -> str:
    """Return what an entry did: `create`, `update` or `archive`."""
    if document["deleted_at"] is not None:
        return "archive"
    return "create" if document["revision"] == 1 else "update"

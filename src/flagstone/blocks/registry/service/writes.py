# SPDX-License-Identifier: EUPL-1.2
"""Registering, correcting and archiving records (DRS-5, DRS-17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from flagstone.blocks.registry.contract.events import RecordArchived, RecordCorrected, RecordRegistered
from flagstone.blocks.registry.contract.faults import (
    NotPermitted,
    RecordChangedMeanwhile,
    RecordExists,
    RecordInvalid,
    RecordMissing,
)
from flagstone.blocks.registry.contract.record import BULK_MAX, Record
from flagstone.blocks.registry.contract.register import Data, Service, Value
from flagstone.blocks.registry.model import permits
from flagstone.blocks.registry.model.persons import persons_of
from flagstone.blocks.registry.model.records import (
    apply_changes,
    checked,
    day_of_effect,
    differing,
    refuse_flaws,
)
from flagstone.blocks.registry.model.values import Inspection
from flagstone.blocks.registry.service.looking import Lens, Means, lens, looking, reason_to_record
from flagstone.blocks.registry.service.rows import broken_links, fresh_rows, stored_data
from flagstone.blocks.registry.store import records
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Flaw
from flagstone.platform.storage.faults import AlreadyThere, ChangedMeanwhile, NotThere
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing


@dataclass(frozen=True)
class Correction:
    """What is to be changed: the fields by code, the revision it was read at, and since when it is so."""

    changes: Data
    expected_revision: int | None
    valid_from: date | None


class NothingChangedError(Exception):
    """A correction changes nothing; it leaves the transaction without a trace."""


class Writes:
    """The writing use cases."""

    def __init__(self, means: Means) -> None:
        """Work with `means`."""
        self._means = means

    def create(
        self, caller: Caller, at: tuple[str, str], data: Data, reason: Reason, valid_from: date | None
    ) -> Record:
        """Register a record in the register and version `at`."""
        through, everywhere = self._lens(caller, at, Service.CREATE)
        inspection = Inspection(self._means.checks)
        read = checked(through.shape.definition, data, inspection)
        refuse_flaws(inspection.flaws)
        since = day_of_effect(valid_from, self._means.today())
        if not everywhere and permits.person_of(caller) not in persons_of(through.shape.definition, read):
            raise NotPermitted("registering what does not concern you")
        return self._insert(through, [read], reason, since)[0]

    def create_many(
        self, caller: Caller, at: tuple[str, str], rows: Iterator[Data], reason: Reason
    ) -> tuple[Record, ...]:
        """Register records, all or none; flaws name the row from 0 and the field."""
        through, everywhere = self._lens(caller, at, Service.BULK)
        given = list(islice(rows, BULK_MAX + 1))
        if len(given) > BULK_MAX:
            raise RecordInvalid("", flaws=(Flaw("", f"there are more than {BULK_MAX} records"),))
        if not everywhere:
            raise NotPermitted("registering many records")
        flaws: list[Flaw] = []
        read: list[dict[str, Value]] = []
        for number, data in enumerate(given):
            inspection = Inspection(self._means.checks)
            read.append(checked(through.shape.definition, data, inspection))
            flaws += [Flaw(f"/{number}{flaw.pointer}", flaw.message) for flaw in inspection.flaws]
        refuse_flaws(flaws)
        return self._insert(through, read, reason, self._means.today()) if read else ()

    def update(
        self, caller: Caller, at: tuple[str, str], record_id: str, correction: Correction, reason: Reason
    ) -> Record:
        """Change fields of one record and return it as it is then; equal values write nothing."""
        through, everywhere = self._lens(caller, at, Service.UPDATE)
        self._refuse_unseen(through, correction.changes, everywhere=everywhere)
        why = reason_to_record(through, reason, own=not everywhere)
        try:
            with _own_faults(), self._means.database.writing(caller.actor, reason) as write:
                before = records.one(write, at[0], record_id)
                if before is None or not (everywhere or through.concerns(before)):
                    raise RecordMissing
                row = self._correct(write, through, before, correction)
        except NothingChangedError:
            row = before  # type: ignore[assignment]  # set before it can be raised
        with looking(self._means, through.definition, caller, why) as look:
            return look.show(through, row)

    def archive(self, caller: Caller, register: str, record_id: str, reason: Reason) -> None:
        """Archive one record; its history stays."""
        through, everywhere = self._lens(caller, (register, ""), Service.ARCHIVE)
        with _own_faults(), self._means.database.writing(caller.actor, reason) as write:
            row = records.one(write, register, record_id)
            if row is None or not (everywhere or through.concerns(row)):
                raise RecordMissing
            after = records.retire(write, register, record_id, row["revision"])
            write.publish(RecordArchived(register, record_id, after["revision"]))

    def _insert(self, through: Lens, read: Sequence[Data], reason: Reason, since: date) -> tuple[Record, ...]:
        """Write new records with their links checked, and return them as the caller sees them."""
        register = through.definition.code
        with _own_faults(), self._means.database.writing(through.caller.actor, reason) as write:
            refuse_flaws(broken_links(write, through.shape, read))
            rows = fresh_rows(write, through, read, since)
            written = records.insert_many(write, through.newest, rows)
            for row in written:
                write.publish(RecordRegistered(register, row["id"], row["revision"]))
        return tuple(through.record(row) for row in written)

    def _correct(self, write: Writing, through: Lens, before: Row, correction: Correction) -> Row:
        """Change one stored record; NothingChangedError when it is already so."""
        shape, record_id = through.shape, before["id"]
        expected = correction.expected_revision
        if expected is not None and expected != before["revision"]:
            raise RecordChangedMeanwhile
        everything = frozenset(shape.fields)
        plain = self._means.secrets.opened(shape, record_id, shape.shown(before["data"]), everything)
        read = self._checked_change(through, plain, correction.changes)
        since = day_of_effect(correction.valid_from, self._means.today())
        moved = correction.valid_from is not None and since.isoformat() != before["valid_from"]
        if read == plain and not moved:
            raise NothingChangedError
        refuse_flaws(broken_links(write, shape, [read]))
        columns: Mapping[str, Any] = {
            "version": shape.definition.version,
            "data": stored_data(through, record_id, read, (plain, before["data"])),
            "valid_from": since.isoformat(),
            "recorded_at": rfc3339(write.at),
        }
        (row,) = records.update_many(write, through.newest, [(record_id, before["revision"], columns)])
        fields = differing(plain, read)
        write.publish(RecordCorrected(through.definition.code, record_id, row["revision"], fields))
        return row

    def _checked_change(self, through: Lens, plain: Data, changes: Data) -> dict[str, Value]:
        """Return the whole record after `changes`; RecordInvalid also when its key would change."""
        definition = through.shape.definition
        inspection = Inspection(self._means.checks)
        read = checked(definition, apply_changes(plain, changes), inspection)
        if definition.key and read.get(definition.key) != plain.get(definition.key):
            inspection.flaws.append(Flaw(f"/{definition.key}", "is the record's id and cannot change"))
        refuse_flaws(inspection.flaws)
        return read

    def _refuse_unseen(self, through: Lens, changes: Data, *, everywhere: bool) -> None:
        """Raise NotPermitted when the caller would change a field that she may not see."""
        codes = through.codes if everywhere else through.own_codes
        unseen = (through.shape.fields.keys() & changes.keys()) - codes
        if unseen and not permits.is_site(through.caller):
            raise NotPermitted(f"changing {', '.join(sorted(unseen))}")

    def _lens(self, caller: Caller, at: tuple[str, str], service: Service) -> tuple[Lens, bool]:
        """Return the caller's view of a version, and whether `service` is hers on every record."""
        lineage = self._means.catalogue.lineage(at[0])
        everywhere = permits.require(lineage.newest.definition, caller, service)
        return lens(self._means, lineage, caller, at[1]), everywhere


@contextmanager
def _own_faults() -> Iterator[None]:
    """Turn the storage door's conflicts into the registry's."""
    try:
        yield
    except AlreadyThere as error:
        raise RecordExists from error
    except ChangedMeanwhile as error:
        raise RecordChangedMeanwhile from error
    except NotThere as error:
        raise RecordMissing from error

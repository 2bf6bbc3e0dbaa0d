# SPDX-License-Identifier: EUPL-1.2
"""Imports: everything is checked before anything is written, and a repeated import changes nothing.

Rows are written in chunks, each in one transaction. An import that is killed between chunks leaves whole
chunks behind; when it is repeated, their rows are found unchanged and only the rest is written (DRS-24).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from flagstone.blocks.registry.contract.events import RecordsLoaded
from flagstone.blocks.registry.contract.faults import NotPermitted, RecordChangedMeanwhile, RecordExists
from flagstone.blocks.registry.contract.record import IMPORT_ROWS_MAX, ImportReport
from flagstone.blocks.registry.contract.register import Data, Service, Value
from flagstone.blocks.registry.model import permits
from flagstone.blocks.registry.model.findings import (
    ARCHIVED,
    DANGLING,
    TAKEN,
    TOO_MANY,
    UNKNOWN,
    Candidate,
    Findings,
    natural_key,
    note_repeats,
    portions,
    unique_codes,
)
from flagstone.blocks.registry.model.persons import texts_at
from flagstone.blocks.registry.model.queries import ID
from flagstone.blocks.registry.model.records import checked, number_of
from flagstone.blocks.registry.model.values import Inspection
from flagstone.blocks.registry.service.looking import Lens, Means, lens
from flagstone.blocks.registry.service.rows import fresh_rows, known_targets, stored_data
from flagstone.blocks.registry.store import derived, records
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.faults import AlreadyThere, ChangedMeanwhile
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.writing import Writing

CHUNK_ROWS = 1_000

Rows = Iterable[Mapping[str, Value]]


class Loading:
    """The import use case."""

    def __init__(self, means: Means) -> None:
        """Work with `means`."""
        self._means = means

    def load(
        self, caller: Caller, register: str, rows: Rows, reason: Reason, *, dry_run: bool
    ) -> ImportReport:
        """Check all rows; without findings, and unless `dry_run`, write those that are new or differ."""
        lineage = self._means.catalogue.lineage(register)
        if not permits.require(lineage.newest.definition, caller, Service.IMPORT):
            raise NotPermitted(f"import into {register}")
        through = lens(self._means, lineage, caller)
        findings = Findings()
        candidates = self._read(through, rows, findings)
        note_repeats(through.definition, candidates, findings)
        with self._means.database.reading() as view:
            self._compare(view, through, candidates, findings)
            _note_dangling(view, through, candidates, findings)
        if not dry_run and not findings.kept:
            self._write(through, [one for one in candidates if not one.unchanged], reason)
        return findings.report(register, candidates, dry_run=dry_run)

    def _read(self, through: Lens, rows: Rows, findings: Findings) -> list[Candidate]:
        """Return the rows in canonical form; what is wrong with their values goes to `findings`."""
        candidates = []
        inspection = Inspection(self._means.checks, from_table=True)
        for number, row in enumerate(islice(rows, IMPORT_ROWS_MAX + 1), 1):
            if number > IMPORT_ROWS_MAX:
                findings.add(number, "", TOO_MANY, f"at most {IMPORT_ROWS_MAX} rows can be taken at once")
                break
            candidates.append(_candidate(through, number, row, inspection))
            if inspection.flaws:
                findings.add_flaws(number, inspection.flaws)
                inspection.flaws.clear()
        return candidates

    def _compare(
        self, view: Reading, through: Lens, candidates: Sequence[Candidate], findings: Findings
    ) -> None:
        """Find for each row the record that it is about, and whether it changes it."""
        definition = through.definition
        if records.is_empty(view, definition.code):
            _note_foreign_ids(through, candidates, findings)
            return
        _match_by_id(view, through, candidates, findings)
        for code in unique_codes(definition):
            _match_by_value(view, through, code, candidates, findings)
        _note_foreign_ids(through, [one for one in candidates if one.before is None], findings)
        everything = frozenset(through.shape.fields)
        for one in candidates:
            if one.before is not None:
                shown = through.shape.shown(one.before["data"])
                plain = self._means.secrets.opened(through.shape, one.before["id"], shown, everything)
                one.plain, one.data = plain, _merged(plain, one)
                one.unchanged = one.data == plain

    def _write(self, through: Lens, candidates: Sequence[Candidate], reason: Reason) -> None:
        """Write new and changed records, a chunk a transaction."""
        for chunk in portions(candidates, CHUNK_ROWS):
            try:
                with self._means.database.writing(through.caller.actor, reason) as write:
                    created = self._create(write, through, [one for one in chunk if one.before is None])
                    changes = [_change(write, through, one) for one in chunk if one.before is not None]
                    if changes:
                        records.update_many(write, through.newest, changes)
                    corrected = tuple(change[0] for change in changes)
                    write.publish(RecordsLoaded(through.definition.code, created, corrected))
            except AlreadyThere as error:
                raise RecordExists("one of the rows was registered meanwhile; repeat the import") from error
            except ChangedMeanwhile as error:
                raise RecordChangedMeanwhile("repeat the import; it takes only what still differs") from error

    def _create(self, write: Writing, through: Lens, fresh: Sequence[Candidate]) -> tuple[str, ...]:
        """Write the new records of a chunk and return their ids."""
        definition, today = through.definition, self._means.today()
        named = [one for one in fresh if one.record_id]
        unnamed = [one for one in fresh if not one.record_id]
        ids = [one.record_id for one in named]
        rows = fresh_rows(write, through, [one.data for one in named], today, ids)
        numbers = [number_of(definition.id_prefix, one) or 0 for one in ids] if not definition.key else []
        if any(numbers):
            derived.raise_counter(write, definition.code, max(numbers))
        if unnamed:
            rows += fresh_rows(write, through, [one.data for one in unnamed], today)
        written = records.insert_many(write, through.newest, rows) if rows else []
        return tuple(row["id"] for row in written)


def _candidate(through: Lens, number: int, row: Mapping[str, Value], inspection: Inspection) -> Candidate:
    """Return one row checked, its id from the key or from a column `id` that is no field."""
    definition = through.definition
    record_id = ""
    if ID in row and ID not in through.shape.fields:
        record_id = str(row[ID] or "")
        row = {code: value for code, value in row.items() if code != ID}
    data = checked(definition, row, inspection)
    if definition.key:
        record_id = str(data.get(definition.key, ""))
    given = frozenset(data.keys() & row.keys())
    removed = tuple(code for code in row if code not in data)
    return Candidate(number, record_id, data, removed, given)


def _match_by_id(view: Reading, through: Lens, candidates: Sequence[Candidate], findings: Findings) -> None:
    """Join rows to the records that bear their ids; an archived record cannot be loaded again."""
    named = [one for one in candidates if one.record_id]
    rows = records.by_ids(view, through.definition.code, [one.record_id for one in named])
    found = {row["id"]: row for row in rows}
    for one in named:
        one.before = found.get(one.record_id)
        if one.before is not None and one.before["deleted_at"] is not None:
            column = through.definition.key or ID
            findings.add(one.number, column, ARCHIVED, "names a record that was archived")


def _match_by_value(
    view: Reading, through: Lens, code: str, candidates: Sequence[Candidate], findings: Findings
) -> None:
    """Join rows without an id by the natural key; note values that another record has already."""
    field = (through.shape.keys[code], through.shape.fields[code].type)
    having = [one for one in candidates if one.data.get(code) is not None]
    rows = records.by_values(view, through.definition.code, field, [one.data[code] for one in having])
    found = {row["data"][field[0]]: row for row in rows}
    joins = natural_key(through.definition) == code
    for one in having:
        holder = found.get(one.data[code])
        if holder is None:
            continue
        if one.before is None and not one.record_id and joins:
            one.before = holder
        elif one.before is None or one.before["id"] != holder["id"]:
            findings.add(one.number, code, TAKEN, "belongs to another record")


def _note_foreign_ids(through: Lens, fresh: Sequence[Candidate], findings: Findings) -> None:
    """Note new ids that are not of the form that this register generates."""
    definition = through.definition
    if definition.key:
        return
    for one in fresh:
        if one.record_id and number_of(definition.id_prefix, one.record_id) is None:
            findings.add(one.number, ID, UNKNOWN, "names no record of this register")


def _note_dangling(view: Reading, through: Lens, candidates: Sequence[Candidate], findings: Findings) -> None:
    """Note hard links that lead neither to a record nor to a row of the same file."""
    register = through.definition.code
    own = {one.record_id for one in candidates if one.record_id}
    for link in through.definition.links:
        if not link.hard:
            continue
        targets = {
            one.number: list(texts_at(one.data, link.field)) for one in candidates if not one.unchanged
        }
        wanted = {target for some in targets.values() for target in some}
        lost = wanted - (own if link.register == register else set())
        lost -= known_targets(view, link.register, lost)
        for number, some in targets.items():
            if not lost.isdisjoint(some):
                column = link.field.split(".", maxsplit=1)[0]
                findings.add(number, column, DANGLING, f"names no record of the register {link.register}")


def _merged(plain: Data, one: Candidate) -> dict[str, Value]:
    """Return a known record's content with the columns of the row; a default never replaces a value."""
    merged = {**one.data, **plain, **{code: one.data[code] for code in one.given}}
    return {code: value for code, value in merged.items() if code not in one.removed}


def _change(write: Writing, through: Lens, one: Candidate) -> tuple[str, int, dict[str, Any]]:
    """Return a changed record's id, the revision it was compared at, and its new columns."""
    assert one.before is not None
    return (
        one.before["id"],
        one.before["revision"],
        {
            "version": through.shape.definition.version,
            "data": stored_data(through, one.before["id"], one.data, (one.plain, one.before["data"])),
            "valid_from": write.at.date().isoformat(),
            "recorded_at": rfc3339(write.at),
        },
    )

# SPDX-License-Identifier: EUPL-1.2
"""Records in storage: by id, by criteria, by person; and their writes with all that is derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flagstone.blocks.registry.contract.register import FieldType, Value
from flagstone.blocks.registry.model.lineage import Shape
from flagstone.blocks.registry.model.queries import Criteria, Order
from flagstone.blocks.registry.store import derived
from flagstone.blocks.registry.store.expressions import field_column, is_live, stored_value
from flagstone.blocks.registry.store.tables import record, record_person, record_text, record_words
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import ColumnElement, Row, Select, func, select, text
from flagstone.platform.storage.writing import Writing, row_key

IDS_MAX = 500
"""How many ids or values one statement asks for."""

_matches_sqlite = "record_words MATCH :words"
_matches_postgresql = "array_to_tsvector(string_to_array(record_text.words, ' ')) @@ CAST(:words AS tsquery)"


def key_of(register: str, record_id: str) -> str:
    """Return the key of a record in the journal."""
    return row_key(record, {"register": register, "id": record_id})


def one(view: Reading, register: str, record_id: str) -> Row | None:
    """Return one live record."""
    return view.row(select(record).where(*is_live(register), record.c.id == record_id))


def first(view: Reading, asked: Criteria) -> Row | None:
    """Return the first record, by id, that meets `asked`."""
    return view.row(_ordered(_select(view, asked), asked, view).limit(1))


def page(view: Reading, asked: Criteria, limit: int, offset: int) -> tuple[list[Row], int]:
    """Return `limit` records after `offset`, and how many there are in all."""
    if asked.impossible:
        return [], 0
    rows = view.rows(_ordered(_select(view, asked), asked, view).limit(limit).offset(offset))
    if len(rows) < limit and (rows or offset == 0):
        return rows, offset + len(rows)
    return rows, _count(view, asked)


def after(view: Reading, asked: Criteria, last_id: str, limit: int) -> list[Row]:
    """Return the next `limit` records that meet `asked`, in the order of ids, after `last_id`."""
    if asked.impossible:
        return []
    query = _select(view, asked).where(record.c.id > last_id)
    return view.rows(query.order_by(record.c.id).limit(limit))


def by_ids(view: Reading, register: str, record_ids: Sequence[str]) -> list[Row]:
    """Return the records with these ids, archived ones too."""
    return [
        row
        for some in _portions(record_ids)
        for row in view.rows(select(record).where(record.c.register == register, record.c.id.in_(some)))
    ]


def by_values(
    view: Reading, register: str, field: tuple[str, FieldType], values: Sequence[Value]
) -> list[Row]:
    """Return the live records whose field (storage key and type) has one of `values`."""
    column = field_column(*field, sqlite=view.is_sqlite)
    wanted = [stored_value(value, field[1], sqlite=view.is_sqlite) for value in values]
    return [
        row
        for some in _portions(wanted)
        for row in view.rows(select(record).where(*is_live(register), column.in_(some)))
    ]


def existing(view: Reading, register: str, record_ids: Iterable[str]) -> set[str]:
    """Return which of the ids are those of live records."""
    return {
        row["id"]
        for some in _portions(sorted(set(record_ids)))
        for row in view.rows(select(record.c.id).where(*is_live(register), record.c.id.in_(some)))
    }


def is_empty(view: Reading, register: str) -> bool:
    """Tell whether the register never had a record."""
    return view.row(select(record.c.id).where(record.c.register == register).limit(1)) is None


def of_person(view: Reading, registers: Sequence[str], person: str) -> list[Row]:
    """Return the live records of `registers` that concern `person`, by register and id."""
    ours = (record_person.c.register == record.c.register) & (record_person.c.record_id == record.c.id)
    query = select(record).join(record_person, ours).where(record_person.c.person == person)
    live = query.where(record.c.register.in_(registers), record.c.deleted_at.is_(None))
    return view.rows(live.order_by(record.c.register, record.c.id))


def insert_many(write: Writing, newest: Shape, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Add records; AlreadyThere when an id or a unique value is taken."""
    written = write.insert_many(record, rows)
    derived.add(write, newest.definition.code, [derived.derive(newest, row) for row in written])
    return written


def update_many(
    write: Writing, newest: Shape, changes: Sequence[tuple[str, int | None, Mapping[str, Any]]]
) -> list[Row]:
    """Change records, each by its id, the revision it must be at, and its new columns."""
    register = newest.definition.code
    written = [
        write.update(record, {"register": register, "id": record_id}, columns, expected_revision=revision)
        for record_id, revision, columns in changes
    ]
    derived.change(write, register, [derived.derive(newest, row) for row in written])
    return written


def retire(write: Writing, register: str, record_id: str, revision: int) -> Row:
    """Archive one record."""
    row = write.retire(record, {"register": register, "id": record_id}, expected_revision=revision)
    derived.remove(write, register, [record_id])
    return row


def _select(view: Reading, asked: Criteria) -> Select[Any]:
    """Return the records that meet `asked`, in no order."""
    query = select(record).where(*_conditions(view, asked))
    if asked.words:
        query = query.join(record_text, _same_record(record_text))
        if view.is_sqlite:
            query = query.join(record_words, record_words.c.rowid == record_text.c.number)
    return query.join(record_person, _same_record(record_person)) if asked.person else query


def _same_record(table: Any) -> ColumnElement[bool]:
    """Return the condition that joins a derived table to its record."""
    joined: ColumnElement[bool] = (table.c.register == record.c.register) & (table.c.record_id == record.c.id)
    return joined


def _count(view: Reading, asked: Criteria) -> int:
    """Return how many records meet `asked`; words alone are counted without touching the records."""
    if asked.words and not (asked.matches or asked.ids is not None or asked.person):
        texts = record_words if view.is_sqlite else record_text
        query = select(func.count()).select_from(texts).where(_has_words(view, asked))
    else:
        query = _select(view, asked).with_only_columns(func.count(), maintain_column_froms=True)
    return int(view.scalar(query))


def _conditions(view: Reading, asked: Criteria) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions of `asked`."""
    indexed = not (asked.words and view.is_sqlite)
    yield from is_live(asked.register, indexed=indexed)
    if asked.ids is not None:
        yield record.c.id.in_(asked.ids)
    for match in asked.matches:
        column = field_column(match.key, match.type, sqlite=view.is_sqlite, indexed=indexed)
        yield column == stored_value(match.value, match.type, sqlite=view.is_sqlite)
    if asked.person:
        yield record_person.c.person == asked.person
    if asked.words:
        yield _has_words(view, asked)


def _has_words(view: Reading, asked: Criteria) -> Any:
    """Return the condition that every word begins some word of the record."""
    terms = [f"{asked.register}-{word}" for word in asked.words]
    if view.is_sqlite:
        return text(_matches_sqlite).bindparams(words=" AND ".join(f'"{term}"*' for term in terms))
    return text(_matches_postgresql).bindparams(words=" & ".join(f"'{term}':*" for term in terms))


def _ordered(query: Select[Any], asked: Criteria, view: Reading) -> Select[Any]:
    """Return `query` in the order asked for; without one, in that of ids, or of the full text."""
    if asked.order == Order() and asked.words:
        return query.order_by(record_words.c.rowid if view.is_sqlite else record_text.c.number)
    by_id = record.c.id.desc() if asked.order.descending else record.c.id.asc()
    if not asked.order.key:
        return query.order_by(by_id)
    column = field_column(asked.order.key, asked.order.type, sqlite=view.is_sqlite)
    if asked.order.descending:
        return query.order_by(column.desc().nulls_last(), by_id)
    return query.order_by(column.asc().nulls_last(), by_id)


def _portions(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Yield `values` in portions that one statement can carry."""
    for start in range(0, len(values), IDS_MAX):
        yield values[start : start + IDS_MAX]

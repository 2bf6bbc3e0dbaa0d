# SPDX-License-Identifier: EUPL-1.2
"""What is derived from records and can be rebuilt: whom they concern, their words, the running numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flagstone.blocks.registry.model.lineage import Shape
from flagstone.blocks.registry.model.persons import persons_of
from flagstone.blocks.registry.model.records import number_of, text_of
from flagstone.blocks.registry.store.expressions import is_live
from flagstone.blocks.registry.store.tables import record, record_counter, record_person, record_text
from flagstone.platform.storage.sql import Row, bindparam, delete, insert, select, update
from flagstone.platform.storage.writing import Writing

BATCH = 500

_set_words = (
    update(record_text)
    .where(record_text.c.register == bindparam("of"), record_text.c.record_id == bindparam("at"))
    .values(words=bindparam("to"))
)


@dataclass(frozen=True)
class Derived:
    """What one record gives: its id, the persons it concerns, and its words."""

    record_id: str
    persons: tuple[str, ...]
    words: str


def derive(shape: Shape, row: Row) -> Derived:
    """Return what the stored `row` gives, as the register's newest version sees it."""
    data = shape.shown(row["data"])
    register = shape.definition.code
    words = " ".join(f"{register}-{word}" for word in text_of(shape.searched, data))
    return Derived(row["id"], persons_of(shape.definition, data), words)


def add(write: Writing, register: str, fresh: Sequence[Derived]) -> None:
    """Add what new records give."""
    texts = [{"register": register, "record_id": one.record_id, "words": one.words} for one in fresh]
    write.derive(insert(record_text), [row for row in texts if row["words"]])
    write.derive(insert(record_person), list(_person_rows(register, fresh)))


def change(write: Writing, register: str, changed: Sequence[Derived]) -> None:
    """Replace what corrected records gave; their place in the order of the full text stays."""
    known = _with_words(write, register, [one.record_id for one in changed])
    kept = [one for one in changed if one.record_id in known]
    write.derive(_set_words, [{"of": register, "at": one.record_id, "to": one.words} for one in kept])
    _remove_persons(write, register, [one.record_id for one in changed])
    write.derive(insert(record_person), list(_person_rows(register, changed)))
    added = [one for one in changed if one.record_id not in known and one.words]
    rows = [{"register": register, "record_id": one.record_id, "words": one.words} for one in added]
    write.derive(insert(record_text), rows)


def remove(write: Writing, register: str, record_ids: Sequence[str]) -> None:
    """Remove what archived records gave."""
    of, at = record_text.c.register, record_text.c.record_id
    write.derive(delete(record_text).where(of == register, at.in_(record_ids)))
    _remove_persons(write, register, record_ids)


def rebuild(write: Writing, shape: Shape) -> None:
    """Derive everything of one register anew from its records."""
    register = shape.definition.code
    write.derive(delete(record_text).where(record_text.c.register == register))
    write.derive(delete(record_person).where(record_person.c.register == register))
    after = ""
    while rows := write.rows(
        select(record).where(*is_live(register), record.c.id > after).order_by(record.c.id).limit(BATCH)
    ):
        add(write, register, [derive(shape, row) for row in rows])
        after = rows[-1]["id"]
    _restart_counter(write, shape)


def next_numbers(write: Writing, register: str, count: int) -> int:
    """Take `count` running numbers and return the first; other writers of the register wait."""
    of = record_counter.c.register == register
    write.derive(update(record_counter).where(of).values(last=record_counter.c.last + count))
    return int(write.scalar(select(record_counter.c.last).where(of))) - count + 1


def raise_counter(write: Writing, register: str, number: int) -> None:
    """See to it that running numbers go on after `number`."""
    of = record_counter.c.register == register
    write.derive(update(record_counter).where(of, record_counter.c.last < number).values(last=number))


def _restart_counter(write: Writing, shape: Shape) -> None:
    """Set the counter to the highest running number that any record has, archived ones included."""
    register = shape.definition.code
    ids = write.stream(select(record.c.id).where(record.c.register == register))
    numbers = (number_of(shape.definition.id_prefix, row["id"]) or 0 for row in ids)
    last = max(numbers, default=0)
    write.derive(delete(record_counter).where(record_counter.c.register == register))
    write.derive(insert(record_counter).values(register=register, last=last))


def _with_words(write: Writing, register: str, record_ids: Sequence[str]) -> set[str]:
    """Return which of the records have words."""
    of, at = record_text.c.register, record_text.c.record_id
    return {row["record_id"] for row in write.rows(select(at).where(of == register, at.in_(record_ids)))}


def _remove_persons(write: Writing, register: str, record_ids: Sequence[str]) -> None:
    """Forget whom the records concern."""
    of, at = record_person.c.register, record_person.c.record_id
    write.derive(delete(record_person).where(of == register, at.in_(record_ids)))


def _person_rows(register: str, given: Iterable[Derived]) -> Iterable[dict[str, str]]:
    """Yield one row a record and person."""
    for one in given:
        for person in one.persons:
            yield {"person": person, "register": register, "record_id": one.record_id}

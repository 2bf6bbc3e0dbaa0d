# SPDX-License-Identifier: EUPL-1.2
"""Rows that are kept exactly as they should be: what differs is written, what is equal is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flagstone.blocks.exchange.store.tables import mark
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row, Table, and_, select
from flagstone.platform.storage.writing import Writing

CONFIGURATION = {"id": "configuration"}
USES = {"id": "uses"}


def keep(write: Writing, table: Table, row: Mapping[str, Any]) -> bool:
    """Make `row` (its key and all its values) be there; tell whether anything had to change."""
    key = key_of(table, row)
    there = one(write, table, key)
    if there is None:
        write.insert(table, row)
        return True
    changes = {name: value for name, value in row.items() if there[name] != value}
    if changes:
        write.update(table, key, changes)
    return bool(changes)


def keep_all(write: Writing, table: Table, there: Iterable[Row], rows: Iterable[Mapping[str, Any]]) -> bool:
    """Make the rows `there` be exactly `rows`; tell whether anything had to change."""
    before = {tuple(key_of(table, row).values()): row for row in there}
    changed, fresh = False, []
    for row in rows:
        key = key_of(table, row)
        old = before.pop(tuple(key.values()), None)
        if old is None:
            fresh.append(row)
            continue
        changes = {name: value for name, value in row.items() if old[name] != value}
        if changes:
            write.update(table, key, changes)
            changed = True
    for row in before.values():
        write.erase(table, key_of(table, row))
    write.insert_many(table, fresh)
    return changed or bool(fresh) or bool(before)


def one(view: Reading, table: Table, key: Mapping[str, Any]) -> Row | None:
    """Return the row with `key`."""
    return view.row(select(table).where(and_(*(table.c[name] == value for name, value in key.items()))))


def matching(view: Reading, table: Table, **values: str) -> list[Row]:
    """Return the rows that have `values`, by key."""
    query = select(table).where(and_(True, *(table.c[name] == value for name, value in values.items())))
    return view.rows(query.order_by(*table.primary_key))


def key_of(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the primary key of `row`."""
    return {str(column.name): row[str(column.name)] for column in table.primary_key}


def configuration_number(view: Reading) -> int:
    """Return the number that grows with each change of the configuration."""
    row = one(view, mark, CONFIGURATION)
    return 0 if row is None else int(row["number"])


def count_change(write: Writing) -> int:
    """Let every process of the site notice a change of the configuration; return its number."""
    number = configuration_number(write) + 1
    keep(write, mark, {**CONFIGURATION, "number": number})
    return number


def count_uses(write: Writing, number: int) -> None:
    """Put on record that `number` more messages were published to have used persons' data."""
    row = one(write, mark, USES)
    keep(write, mark, {**USES, "number": number + (0 if row is None else int(row["number"]))})

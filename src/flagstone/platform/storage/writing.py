# SPDX-License-Identifier: EUPL-1.2
"""What a block may do inside a write: change rows by key, each change with its journal entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from sqlalchemy import Connection, Dialect, Table, and_, insert, select, text, update
from sqlalchemy import delete as delete_from
from sqlalchemy.sql.dml import UpdateBase

from flagstone.kernel.clock import rfc3339
from flagstone.platform.crypto import canonical
from flagstone.platform.storage import driver
from flagstone.platform.storage.engine import translated
from flagstone.platform.storage.entry import Change
from flagstone.platform.storage.faults import ChangedMeanwhile, NotARead, NotThere
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.tables import outbox

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_needs_no_quotes = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
Bind = Callable[[Any], Any]
POSITIONAL = {"sqlite": "qmark", "postgresql": "format"}
INDEX_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@cache
def _names(table: Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of all columns, in the order of a document, and of those of the primary key."""
    columns = tuple(str(name) for name in table.columns.keys())  # noqa: SIM118 - not a dict
    return canonical.order(columns), tuple(str(column.name) for column in table.primary_key)


@cache
def _blank(table: Table) -> dict[str, str | None]:
    """Return a row without any value: null, or empty text in the columns that were added later."""
    return {str(column.name): "" if column.info.get("added") else None for column in table.columns}


@cache
def _added(table: Table) -> frozenset[str]:
    """Return the names of the columns that were added when the table had rows."""
    return frozenset(str(column.name) for column in table.columns if column.info.get("added"))


@lru_cache(maxsize=256)
def _insertion(table: Table, dialect: Dialect) -> tuple[str, tuple[tuple[str, Bind | None], ...]]:
    """Return the SQL that inserts a whole row, and for each of its columns what readies a value."""
    positional = cast("Any", type(dialect))(paramstyle=POSITIONAL[dialect.name])
    binds = [(str(one.name), one.type.dialect_impl(dialect).bind_processor(dialect)) for one in table.columns]
    return str(insert(table).compile(dialect=positional)), tuple(binds)


def row_key(table: Table, row: Mapping[str, Any]) -> str:
    """Return the row's primary key as text: its parts percent-encoded and joined by `/`."""
    parts = [str(row[name]) for name in _names(table)[1]]
    return "/".join([part if _needs_no_quotes(part) else quote(part, safe="") for part in parts])


def document(table: Table, row: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a row: all columns by name, absent ones as null.

    Columns that were added later are left out while they are empty.
    """
    added = _added(table)
    return canonical.encode(
        {name: row.get(name) for name in _names(table)[0] if name not in added or row.get(name)}
    )


class Writing(Reading):
    """One transaction that changes rows; it commits with its journal entries or not at all."""

    def __init__(self, connection: Connection, at: datetime, probe: Callable[[str], None]) -> None:
        """Write through `connection`; `at` is the time of every change; `probe` is told each step."""
        super().__init__(connection)
        self.at = at
        self._probe = probe
        self.changes: list[Change] = []

    def insert(self, table: Table, values: Mapping[str, Any]) -> Row:
        """Add a row at revision 1 and return it; AlreadyThere when its key or a unique value exists."""
        return self.insert_many(table, [values])[0]

    def insert_many(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Add rows at revision 1 and return them; AlreadyThere when one exists."""
        _require_journaled(table)
        blank = _blank(table)
        full = [{**blank, **row, "revision": 1, "deleted_at": None} for row in rows]
        if not full:
            return []
        if any(len(row) != len(blank) for row in full):
            raise ValueError(f"a row has a column that {table.name} has not")
        self.changes += [self._change(table, row, document(table, row)) for row in full]
        self._insert(table, full)
        self._probe("row-written")
        return cast("list[Row]", full)

    def update(
        self,
        table: Table,
        key: Mapping[str, Any],
        changes: Mapping[str, Any],
        *,
        expected_revision: int | None = None,
    ) -> Row:
        """Change columns of one row and return it, its revision one higher.

        NotThere when there is no such row; ChangedMeanwhile when it is not at `expected_revision`.
        """
        before = self._locked(table, key, expected_revision)
        after = {**before, **changes, "revision": before["revision"] + 1}
        statement = update(table).where(_at(table, key), table.c.revision == before["revision"])
        if self._execute(statement.values({**changes, "revision": after["revision"]})) != 1:
            raise ChangedMeanwhile
        self._note(table, after, document(table, after), before)
        return after

    def retire(self, table: Table, key: Mapping[str, Any], *, expected_revision: int | None = None) -> Row:
        """Delete softly: set `deleted_at`; the row and its history stay."""
        return self.update(table, key, {"deleted_at": rfc3339(self.at)}, expected_revision=expected_revision)

    def erase(self, table: Table, key: Mapping[str, Any]) -> None:
        """Remove a row; the journal keeps that it was and who removed it."""
        before = self._locked(table, key, None)
        self._execute(delete_from(table).where(_at(table, key)))
        self._note(table, {**before, "revision": before["revision"] + 1}, None, before)

    def derive(self, statement: UpdateBase, rows: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Change a derived table, with many `rows` of parameters where given; nothing is journaled."""
        table = getattr(statement, "table", None)
        if not isinstance(table, Table) or not table.info.get("derived"):
            raise NotARead("only derived tables can be changed without an entry")
        if rows is None or rows:
            self._execute(statement, rows)

    def ensure_index(self, name: str, table: Table, expression: str, *, where: str, unique: bool) -> None:
        """Create the partial index `name` on `expression` unless it is there.

        `expression` and `where` are SQL made of checked identifiers only, never of input.
        """
        if not INDEX_NAME.fullmatch(name):
            raise ValueError("an index name is lower-case letters, digits and underscores")
        kind = "UNIQUE INDEX" if unique else "INDEX"
        sql = f"CREATE {kind} IF NOT EXISTS {name} ON {table.name} ({expression}) WHERE {where}"
        with translated():
            self._connection.execute(text(sql.replace(":", r"\:")))

    def publish(self, event: DataclassInstance) -> None:
        """Put an event into the outbox; it is delivered at least once after the commit."""
        row = {
            "event": type(event).__name__,
            "payload": _plain(asdict(event)),
            "occurred_at": rfc3339(self.at),
        }
        self._execute(insert(outbox).values(row))
        self._probe("event-written")

    def _locked(self, table: Table, key: Mapping[str, Any], expected_revision: int | None) -> dict[str, Any]:
        """Return the row as it is, locked against other writers until the end."""
        _require_journaled(table)
        found = self.row(select(table).where(_at(table, key)).with_for_update())
        if found is None:
            raise NotThere
        if expected_revision is not None and found["revision"] != expected_revision:
            raise ChangedMeanwhile
        return dict(found)

    def _note(self, table: Table, row: Row, after: bytes | None, before: Row) -> None:
        """Keep the entry of a change for the end of the transaction."""
        previous = canonical.digest(document(table, before))
        self.changes.append(self._change(table, row, after, previous))
        self._probe("row-written")

    def _change(self, table: Table, row: Row, after: bytes | None, previous: bytes | None = None) -> Change:
        """Return the change that brings `table` to `row`."""
        column = table.info["register_column"]
        register = str(row[column]) if column else ""
        return Change(str(table.name), register, row_key(table, row), row["revision"], after, previous)

    def _insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert whole rows as the driver's own batch, in a fraction of a statement's time."""
        sql, columns = _insertion(table, self._connection.dialect)
        ready = [tuple([bind(row[name]) if bind else row[name] for name, bind in columns]) for row in rows]
        driver.put(self._connection, sql, ready)

    def _execute(self, statement: UpdateBase, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Run DML and return how many rows it touched."""
        with translated():
            result = self._connection.execute(statement, cast("Any", rows))
            return cast("int", getattr(result, "rowcount", 0))


def _at(table: Table, key: Mapping[str, Any]) -> Any:
    """Return the condition that picks the row with primary key `key`."""
    return and_(*(column == key[column.name] for column in table.primary_key))


def _plain(value: Any) -> Any:
    """Return `value` with tuples and sets as lists, for a Document column."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _require_journaled(table: Table) -> None:
    """Refuse tables that no entry would be written for."""
    if not table.info.get("journaled"):
        raise NotARead(f"{table.name} is not a journaled table")

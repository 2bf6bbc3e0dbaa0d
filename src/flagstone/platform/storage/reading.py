# SPDX-License-Identifier: EUPL-1.2
"""What a block may do inside a read: SELECT, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql import Select
from sqlalchemy.sql.selectable import CompoundSelect

from flagstone.platform.storage.engine import translated
from flagstone.platform.storage.faults import NotARead
from flagstone.platform.storage.sql import Row

Query = Select[Any] | CompoundSelect[Any]


class Reading:
    """One consistent view of the database for the length of a `with` block."""

    def __init__(self, connection: Connection) -> None:
        """Read through `connection`, whose transaction is open."""
        self._connection = connection

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the engine is SQLite; stores need it where SQL differs (full text)."""
        return self._connection.dialect.name == "sqlite"

    def rows(self, query: Query) -> list[Row]:
        """Return all rows; NotARead when `query` is not a SELECT."""
        with translated():
            return [dict(row) for row in self._connection.execute(_checked(query)).mappings()]

    def row(self, query: Query) -> Row | None:
        """Return the first row, or None."""
        with translated():
            row = self._connection.execute(_checked(query)).mappings().first()
            return None if row is None else dict(row)

    def scalar(self, query: Query) -> Any:
        """Return the first column of the first row, or None."""
        with translated():
            return self._connection.execute(_checked(query)).scalar()

    def stream(self, query: Query, *, batch: int = 500) -> Iterator[Row]:
        """Yield rows as they come, `batch` at a time."""
        options = {"yield_per": batch}
        with translated(), self._connection.execute(_checked(query), execution_options=options) as result:
            for row in result.mappings():
                yield dict(row)


def _checked(query: Query) -> Query:
    """Return `query` if it is a SELECT; NotARead otherwise."""
    if not isinstance(query, Select | CompoundSelect):
        raise NotARead(type(query).__name__)
    return query

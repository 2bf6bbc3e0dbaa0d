# SPDX-License-Identifier: EUPL-1.2
"""The driver beneath SQLAlchemy: what every transaction says, in a fraction of a statement's time.

A write of one row spends more time in SQLAlchemy than in SQLite. What is the same each time is therefore
said to the connection's own driver, within its transaction, and the driver's errors become our faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection

from flagstone.platform.storage.faults import AlreadyThere, Busy, DatabaseUnreachable, DiskFull

BUSY_SECONDS_MAX = 5


def run(connection: Connection, sql: str) -> None:
    """Run one statement without parameters; Busy, DiskFull or DatabaseUnreachable when it fails."""
    _cursor(connection, sql)


def first(connection: Connection, sql: str) -> tuple[Any, ...] | None:
    """Return the first row of a query without parameters."""
    return cast("tuple[Any, ...] | None", _cursor(connection, sql).fetchone())


def put(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert `rows` by `sql`, written in the driver's style of parameters; AlreadyThere when one exists."""
    _cursor(connection, sql, rows)


def fault_of(message: str) -> Exception:
    """Return the fault for what a driver says; it says what to do and carries none of the data."""
    if "locked" in message or "busy" in message:
        return Busy(retry_after_seconds=BUSY_SECONDS_MAX)
    if "is full" in message or "No space left" in message or "disk I/O error" in message:
        return DiskFull()
    return DatabaseUnreachable()


def _cursor(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]] | None = None) -> Any:
    """Return the cursor with which `sql` was run, once or with each of `rows`."""
    driver = cast("Any", connection.dialect.loaded_dbapi)
    try:
        cursor = connection.connection.cursor()
        if rows is None:
            cursor.execute(sql)
        else:
            cursor.executemany(sql, rows)
    except driver.IntegrityError as error:
        raise AlreadyThere from error
    except driver.Error as error:
        raise fault_of(str(error)) from error
    return cursor

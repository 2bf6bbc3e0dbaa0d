# SPDX-License-Identifier: EUPL-1.2
"""The journal: every change in commit order, chained by hash, in the transaction of the change itself.

Commit order. On SQLite there is one writer. On PostgreSQL a sequence would leave gaps that fill later;
so the entries of a transaction are kept back until its end and written under a lock on the journal that
is held until the commit: the order of sequence numbers *is* the order of commits, without gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, select, text

from flagstone.kernel.audit import Actor, Reason
from flagstone.platform.storage import driver
from flagstone.platform.storage.engine import translated
from flagstone.platform.storage.entry import (
    GENESIS,
    Change,
    Context,
    Entry,
    seal,
    shared_bytes,
    unseal,
)
from flagstone.platform.storage.tables import journal

LOCK = text("LOCK TABLE journal IN EXCLUSIVE MODE")
NEWEST = "SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1"
BATCH = 1_000
INSERT = {
    "sqlite": "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)",
    "postgresql": "INSERT INTO journal VALUES (%s, %s, %s, %s, %s, %s, %s)",
}
"""The hot path of every write: plain driver SQL, half the time of a compiled statement."""


class Journal:
    """Reads a block's journal."""

    def __init__(self, engine: Engine) -> None:
        """Read through `engine`, which cannot write."""
        self._engine = engine

    def head(self) -> tuple[int, bytes]:
        """Return the newest sequence number and hash, `(0, 32 zero bytes)` for an empty journal."""
        with translated(), self._engine.connect() as connection, connection.begin():
            return _head(connection)

    def history(self, table: str, key: str) -> list[Entry]:
        """Return all entries of one row, the oldest first."""
        query = select(journal.c.entry).where(journal.c.table_name == table, journal.c.key == key)
        with translated(), self._engine.connect() as connection, connection.begin():
            return [unseal(data) for data in connection.scalars(query.order_by(journal.c.sequence))]

    def entries(self, after: int = 0, limit: int = BATCH) -> list[Entry]:
        """Return at most `limit` entries whose sequence is greater than `after`, in order."""
        query = select(journal.c.entry).where(journal.c.sequence > after)
        with translated(), self._engine.connect() as connection, connection.begin():
            return [
                unseal(data) for data in connection.scalars(query.order_by(journal.c.sequence).limit(limit))
            ]

    def stream(self, after: int = 0) -> Iterator[Entry]:
        """Yield every entry whose sequence is greater than `after`, in order."""
        while batch := self.entries(after):
            yield from batch
            after = batch[-1].sequence


def append(
    connection: Connection, origin: str, changes: Sequence[Change], by: tuple[Actor, Reason], at: datetime
) -> int:
    """Write `changes` as one transaction at the end of the chain; return the last sequence number.

    Must be the last thing that a transaction does before it commits: the lock is held until then.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(LOCK)
    sequence, previous_hash = _head(connection)
    context = Context(origin, *by, at=at, first=sequence + 1, size=len(changes))
    shared = shared_bytes(context)
    rows = []
    for change in changes:
        sequence += 1
        data, previous_hash = seal(change, shared, sequence, previous_hash)
        rows.append(_row(change, sequence, data, previous_hash))
    driver.put(connection, INSERT[connection.dialect.name], rows)
    return sequence


def _head(connection: Connection) -> tuple[int, bytes]:
    """Return the newest sequence number and hash."""
    row = driver.first(connection, NEWEST)
    return (row[0], row[1]) if row else (0, GENESIS)


def _row(change: Change, sequence: int, data: bytes, entry_hash: bytes) -> tuple[object, ...]:
    """Return the stored form of an entry, in the order of the table's columns."""
    return (sequence, change.table, change.register, change.key, change.revision, data, entry_hash)

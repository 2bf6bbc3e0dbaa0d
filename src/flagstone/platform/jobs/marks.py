# SPDX-License-Identifier: EUPL-1.2
"""Marks of schedules: when each was first known, and which of its ticks was begun and ended last.

One small row a schedule, beside the runs of workflows, so that a site with schedules alone needs no engine.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.jobs.lease import AdvisoryLeases, FileLeases, Leases

if TYPE_CHECKING:
    from flagstone.platform.storage.session import Session

BUSY_SECONDS_MAX = 30
TABLE = (
    "CREATE TABLE IF NOT EXISTS schedule_mark (site TEXT NOT NULL, schedule TEXT NOT NULL, "
    "seen_at TEXT NOT NULL, begun TEXT NOT NULL, ended TEXT NOT NULL, error TEXT NOT NULL, "
    "PRIMARY KEY (site, schedule))"
)


@dataclass(frozen=True)
class Mark:
    """Where a schedule stands; `error` is the class of what ended the last run, empty when it went well."""

    seen_at: datetime
    begun: datetime | None = None
    ended: datetime | None = None
    error: str = ""

    @property
    def unfinished(self) -> datetime | None:
        """Return the tick whose run was begun and never ended."""
        return None if self.begun == self.ended else self.begun

    def is_new(self, tick: datetime | None) -> bool:
        """Tell whether `tick` has not run and is to run."""
        return tick is not None and tick > (self.ended or self.seen_at)


class Place(Protocol):
    """A database that keeps marks and leases."""

    def prepare(self) -> None:
        """Make what is missing."""
        ...

    def ask(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        """Do one statement with `?` for each value, on disk when it returns; return its rows."""
        ...

    def leases(self) -> Leases:
        """Return leases of this process."""
        ...


class FilePlace:
    """A SQLite file, opened for each statement: they are rare, and an idle site keeps nothing open."""

    def __init__(self, path: Path) -> None:
        """Use the file `path`."""
        self._path = path

    def prepare(self) -> None:
        """Make the file, readable by its owner only, with a write-ahead log, and the table."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self.ask("PRAGMA journal_mode=WAL")
        self.ask(TABLE)

    def ask(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        """Do one statement."""
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            return connection.execute(statement, values).fetchall()

    def leases(self) -> Leases:
        """Return leases as locked files beside the database."""
        return FileLeases(self._path)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=BUSY_SECONDS_MAX, isolation_level=None)


class ServerPlace:
    """The schema `jobs` of a PostgreSQL database, which sites may share."""

    def __init__(self, url: str, site: str) -> None:
        """Use the database at `url`, `postgresql://...`."""
        self._url = url
        self._site = site

    def prepare(self) -> None:
        """Make the schema and the table, one process at a time."""
        with self._connected() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('flagstone jobs'))")
            connection.execute("CREATE SCHEMA IF NOT EXISTS jobs")
            connection.execute(TABLE)

    def ask(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        """Do one statement."""
        with self._connected() as connection:
            cursor = connection.execute(statement.replace("?", "%s"), values)
            rows: list[tuple[str, ...]] = cursor.fetchall() if cursor.description else []
            return rows

    def leases(self) -> Leases:
        """Return leases as advisory locks of one session."""
        return AdvisoryLeases(lambda: _Session(self._connect()), self._site)

    @contextmanager
    def _connected(self) -> Iterator[Session]:
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()

    def _connect(self) -> Session:
        from flagstone.platform.storage.session import connect  # noqa: PLC0415 - only where a server is used

        return connect(self._url, name=f"flagstone jobs {self._site}", schema="jobs")


class _Session:
    """A connection as leases use it."""

    def __init__(self, connection: Session) -> None:
        self._connection = connection

    def exec_driver_sql(self, statement: str) -> _Session:
        """Do `statement` and keep its rows for `scalar`."""
        self._rows = self._connection.execute(statement).fetchall()
        return self

    def scalar(self) -> object:
        """Return the first value of the first row."""
        return self._rows[0][0]

    def invalidate(self) -> None:
        """Do nothing: no pool stands behind it."""

    def close(self) -> None:
        """End the session."""
        self._connection.close()


def place(url: str, site: str) -> FilePlace | ServerPlace:
    """Return the place that `url` names: `sqlite:///PATH` or `postgresql://...`."""
    if url.startswith("sqlite:///"):
        return FilePlace(Path(url.removeprefix("sqlite:///")))
    return ServerPlace(url, site)


class Marks:
    """The marks of one site."""

    def __init__(self, kept_in: FilePlace | ServerPlace, site: str) -> None:
        """Keep them in `kept_in`, whose table is there."""
        self._place = kept_in
        self._site = site

    def read(self, schedule: str) -> Mark | None:
        """Return the mark of a schedule, None before it was first seen."""
        found = self._place.ask(
            "SELECT seen_at, begun, ended, error FROM schedule_mark WHERE site = ? AND schedule = ?",
            *(self._site, schedule),
        )
        if not found:
            return None
        seen_at, begun, ended, error = found[0]
        return Mark(parse_rfc3339(seen_at), _instant(begun), _instant(ended), error)

    def see(self, schedule: str, at: datetime) -> None:
        """Keep when a schedule was first known; nothing changes when it is known."""
        self._place.ask(
            "INSERT INTO schedule_mark VALUES (?, ?, ?, '', '', '') ON CONFLICT DO NOTHING",
            *(self._site, schedule, rfc3339(at)),
        )

    def begin(self, schedule: str, tick: datetime) -> None:
        """Keep that the run of `tick` is begun."""
        self._place.ask(
            "UPDATE schedule_mark SET begun = ? WHERE site = ? AND schedule = ?",
            *(rfc3339(tick), self._site, schedule),
        )

    def end(self, schedule: str, tick: datetime, error: str) -> None:
        """Keep that the run of `tick` ended, well or with an error of the class `error`."""
        self._place.ask(
            "UPDATE schedule_mark SET ended = ?, error = ? WHERE site = ? AND schedule = ?",
            *(rfc3339(tick), error, self._site, schedule),
        )


def _instant(text: str) -> datetime | None:
    return parse_rfc3339(text) if text else None

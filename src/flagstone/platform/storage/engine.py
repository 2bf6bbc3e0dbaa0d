# SPDX-License-Identifier: EUPL-1.2
"""Connections: two pools a database, one that can only read and one that writes.

SQLite runs in WAL with synchronous=FULL, so that a commit is on disk when it returns; a writer takes
the write lock at once (BEGIN IMMEDIATE) and never upgrades half-way. PostgreSQL runs each block in a
schema and role of its own; readers are REPEATABLE READ and READ ONLY, writers READ COMMITTED.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError

from flagstone.platform.storage.driver import BUSY_SECONDS_MAX, fault_of, run
from flagstone.platform.storage.faults import AlreadyThere

_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Compact JSON text; floats that are not numbers are refused."""

BEGIN_WRITING = "BEGIN IMMEDIATE"
OWN_TURNS = "flagstone_own_turns"
"""Option of a connection to SQLite whose user begins and ends its transactions through the driver."""

READERS_MAX = 8
WRITERS_MAX = 2  # one that is kept for writes, one for migrations
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_SECONDS_MAX * 1000}",
    "trusted_schema=ON",  # SQLite 3.40 refuses json_extract in indexes and FTS5 in triggers otherwise
    "cell_size_check=ON",
    "temp_store=MEMORY",
    "cache_size=-8192",
)


@dataclass(frozen=True)
class Location:
    """Where a block's database is: a SQLite file, or a schema of a PostgreSQL database."""

    url: URL
    schema: str = ""

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path:
        """Return the SQLite file; ValueError for PostgreSQL."""
        if not self.is_sqlite or not self.url.database:
            raise ValueError("only a SQLite database has a path")
        return Path(self.url.database)

    def __str__(self) -> str:
        """Return the place without any secret."""
        return str(self.path) if self.is_sqlite else f"{self.url.render_as_string()}#{self.schema}"


def sqlite(path: Path) -> Location:
    """Return the location of a SQLite file."""
    return Location(URL.create("sqlite+pysqlite", database=str(path)))


def writing_engine(location: Location) -> Engine:
    """Return the pool of connections that may write; one of `OWN_TURNS` is told itself when to begin."""
    if not location.is_sqlite:
        return _postgresql_engine(location, {"isolation_level": "READ COMMITTED"})
    engine = _sqlite_engine(location, pool_size=WRITERS_MAX)
    event.listen(engine, "begin", _begin_writing)
    return engine


def _begin_writing(connection: Connection) -> None:
    if OWN_TURNS not in connection.get_execution_options():
        run(connection, BEGIN_WRITING)


def reading_engine(location: Location) -> Engine:
    """Return the pool of connections that cannot write."""
    if not location.is_sqlite:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return _postgresql_engine(location, options)
    engine = _sqlite_engine(location, pool_size=READERS_MAX, pragmas=("query_only=ON",))
    event.listen(engine, "begin", lambda connection: run(connection, "BEGIN"))
    return engine


@contextmanager
def translated() -> Iterator[None]:
    """Turn the drivers' errors into faults that say what to do and carry none of the data."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyThere from error
    except DBAPIError as error:
        raise fault_of(str(error.orig)) from error


def _sqlite_engine(location: Location, *, pool_size: int, pragmas: tuple[str, ...] = ()) -> Engine:
    """Return an engine whose transactions we begin ourselves."""
    engine = create_engine(
        location.url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS_MAX,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS_MAX},
        json_serializer=_json,
    )

    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in SQLITE_PRAGMAS + pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine


def _postgresql_engine(location: Location, options: dict[str, Any]) -> Engine:
    """Return an engine bound to one schema, in UTC, with bounded waits."""
    return create_engine(
        location.url,
        pool_size=READERS_MAX,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS_MAX,
        pool_pre_ping=True,
        execution_options=options,
        json_serializer=_json,
        connect_args={
            "connect_timeout": BUSY_SECONDS_MAX,
            "options": f"-csearch_path={location.schema} -ctimezone=UTC -clock_timeout={BUSY_SECONDS_MAX}s",
        },
    )


__all__ = [
    "BEGIN_WRITING",
    "OWN_TURNS",
    "Location",
    "reading_engine",
    "sqlite",
    "translated",
    "writing_engine",
]

# SPDX-License-Identifier: EUPL-1.2
"""What every test may ask for: a clock that stands still, databases on both engines."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import pytest

from flagstone.kernel.clock import SetClock
from flagstone.platform.storage import engine, migration, postgresql
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import BlockSchema


@pytest.fixture
def clock() -> SetClock:
    """A clock at eight in the morning of 22 November 2026, UTC."""
    return SetClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))


class OpenDatabase(Protocol):
    def __call__(self, schema: BlockSchema, *, probe: Callable[[str], None] = ...) -> Database: ...


@pytest.fixture(scope="session")
def empty_databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one migrated SQLite file for each block is kept, to be copied for each test."""
    return tmp_path_factory.mktemp("empty")


def empty(schema: BlockSchema, folder: Path, clock: SetClock) -> Path:
    """Return the migrated database of a block in which nothing was written, made the first time."""
    path = folder / f"{schema.block}-{sha256(str(schema.migrations).encode()).hexdigest()[:12]}.sqlite"
    if not path.exists():
        database = Database(schema, engine.sqlite(path), f"aralia/test/{schema.block}", clock=clock)
        migration.migrate(database)
        database.close()
        assert not path.with_name(f"{path.name}-wal").exists(), "the file alone is the whole database"
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def open_database(
    request: pytest.FixtureRequest, tmp_path: Path, empty_databases: Path, clock: SetClock
) -> Iterator[OpenDatabase]:
    """Open a block's fresh, migrated database on SQLite and, as a second run, on PostgreSQL."""
    opened: list[Database] = []

    def open_one(schema: BlockSchema, *, probe: Callable[[str], None] = lambda _step: None) -> Database:
        if request.param == "sqlite":
            location = engine.sqlite(tmp_path / f"{schema.block}.sqlite")
            if not location.path.exists():
                shutil.copyfile(empty(schema, empty_databases, clock), location.path)
        else:
            url = request.getfixturevalue("postgresql_database")
            location = postgresql.provision(url, "test", schema.block, postgresql.fresh_password())
        database = Database(schema, location, f"aralia/test/{schema.block}", clock=clock, probe=probe)
        migration.migrate(database)
        opened.append(database)
        return database

    yield open_one
    for database in opened:
        database.close()


def _postgresql_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a throw-away PostgreSQL server on a socket and return the URL of its superuser."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("component missing: PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="flagstone-pg-"))
    account = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, account, account)

    def run(*command: str) -> None:
        prefix = ["runuser", "-u", account, "--"] if os.geteuid() == 0 else []
        subprocess.run([*prefix, *command], check=True, capture_output=True, timeout=60, cwd="/")

    data, options = (
        str(folder / "data"),
        f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off",
    )
    run(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
    run(str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[str]:
    """Make a fresh PostgreSQL database for one test and return its URL."""
    import psycopg

    name = f"t{os.getpid()}_{os.urandom(4).hex()}"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgresql_url.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

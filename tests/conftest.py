# SPDX-License-Identifier: EUPL-1.2
"""What every test may ask for: a clock that stands still, databases on both engines."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from flagstone.kernel.clock import SetClock
from flagstone.platform.storage import migration, postgresql
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import Location
from flagstone.platform.storage.sql import BlockSchema
from tests.empty import placed
from tests.sharing import Sharing, longest_first


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests of a run that workers share."""
    if hasattr(config, "workerinput"):
        longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    """Share the run as `tests.sharing` says."""
    return Sharing(config, log)


@pytest.fixture
def clock() -> SetClock:
    """A clock at eight in the morning of 22 November 2026, UTC."""
    return SetClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))


class OpenDatabase(Protocol):
    def __call__(self, schema: BlockSchema, *, probe: Callable[[str], None] = ...) -> Database: ...


def steps_of(schema: BlockSchema) -> tuple[Path, Path]:
    """Return the folders of all steps that make a block's tables: the platform's own and the block's."""
    return migration.OWN_MIGRATIONS, schema.migrations


@dataclass
class EmptySchemas:
    """PostgreSQL databases with one block's empty tables each, made the first time and copied for tests."""

    server: PostgresqlServer
    clock: SetClock
    _kept: dict[tuple[str, tuple[Path, Path]], tuple[str, Location]] = field(default_factory=dict)

    def copied(self, schema: BlockSchema, name: str) -> Location:
        """Make the database `name` with the migrated, empty tables of `schema`, and return where they are."""
        key = (schema.block, steps_of(schema))
        if key not in self._kept:
            self._kept[key] = self._made(schema)
        template, location = self._kept[key]
        self.server.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return replace(location, url=location.url.set(database=name))

    def _made(self, schema: BlockSchema) -> tuple[str, Location]:
        name = f"empty{len(self._kept)}_{os.urandom(4).hex()}"
        self.server.run(f"CREATE DATABASE {name}")
        password = postgresql.fresh_password()
        location = postgresql.provision(self.server.url_of(name), "test", schema.block, password)
        database = Database(schema, location, f"aralia/test/{schema.block}", clock=self.clock)
        migration.migrate(database)
        database.close()
        return name, location


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def open_database(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[OpenDatabase]:
    """Open a block's fresh, migrated database on SQLite and, as a second run, on PostgreSQL.

    A block that is opened twice in one test finds what it wrote.
    """
    opened: list[Database] = []
    places: dict[str, Location] = {}
    drop: list[str] = []

    def fresh(schema: BlockSchema) -> Location:
        if request.param == "sqlite":
            return placed(schema, tmp_path / f"{schema.block}.sqlite")
        drop.append(f"t{os.getpid()}_{os.urandom(4).hex()}")
        schemas: EmptySchemas = request.getfixturevalue("empty_schemas")
        return schemas.copied(schema, drop[-1])

    def open_one(schema: BlockSchema, *, probe: Callable[[str], None] = lambda _step: None) -> Database:
        if schema.block not in places:
            places[schema.block] = fresh(schema)
        location = places[schema.block]
        database = Database(schema, location, f"aralia/test/{schema.block}", clock=clock, probe=probe)
        opened.append(database)
        return database

    yield open_one
    for database in opened:
        database.close()
    for name in drop:
        request.getfixturevalue("postgresql_server").run(f"DROP DATABASE {name} WITH (FORCE)")


def _postgresql_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


@dataclass(frozen=True)
class PostgresqlServer:
    """A PostgreSQL server that runs, and one session of its superuser."""

    url: str
    session: psycopg.Connection

    def run(self, statement: str) -> None:
        """Run one statement, made of names that these fixtures chose."""
        self.session.execute(statement)

    def url_of(self, database: str) -> str:
        """Return the superuser's URL of another database of the server."""
        return self.url.replace("/postgres?", f"/{database}?")


SERVER_OPTIONS = {  # what is lost when the machine stops is of no account, and nothing tidies up meanwhile
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "checkpoint_timeout": "1d",
    "max_wal_size": "2GB",
}


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start a throw-away PostgreSQL server on a socket."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("component missing: PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="flagstone-pg-"))
    account = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, account, account)

    def run(*command: str) -> None:
        prefix = ["runuser", "-u", account, "--"] if os.geteuid() == 0 else []
        subprocess.run([*prefix, *command], check=True, capture_output=True, timeout=240, cwd="/")

    data = str(folder / "data")
    chosen = {**SERVER_OPTIONS, "unix_socket_directories": str(folder)}
    options = " ".join(f"-c {name}={value}" for name, value in chosen.items())
    run(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
    run(str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    url = f"postgresql://postgres@/postgres?host={folder}"
    try:
        with psycopg.connect(url, autocommit=True) as session:
            yield PostgresqlServer(url, session)
    finally:
        run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_schemas(postgresql_server: PostgresqlServer) -> EmptySchemas:
    """The blocks' empty tables on PostgreSQL, to be copied for each test."""
    return EmptySchemas(postgresql_server, SetClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC)))


@pytest.fixture
def postgresql_database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """Make a fresh PostgreSQL database for one test and return its URL."""
    name = f"t{os.getpid()}_{os.urandom(4).hex()}"
    postgresql_server.run(f"CREATE DATABASE {name}")
    yield postgresql_server.url_of(name)
    postgresql_server.run(f"DROP DATABASE {name} WITH (FORCE)")

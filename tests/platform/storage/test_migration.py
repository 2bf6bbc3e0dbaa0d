# SPDX-License-Identifier: EUPL-1.2
"""Migrations show themselves, go forward only, and leave newer databases alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text

from flagstone.kernel.clock import SetClock
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import DatabaseNewer, MigrationsPending
from tests.platform.storage.toy import SCHEMA

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

SECOND = '''
"""Give stones a place."""
import sqlalchemy as sa
from alembic import op
revision = "0002"
down_revision = "0001"
def upgrade() -> None:
    op.add_column("stone", sa.Column("place", sa.Text))
    {more}
'''


def at(folder: Path, clock: SetClock, migrations: Path | None = None) -> Database:
    schema = replace(SCHEMA, migrations=migrations) if migrations else SCHEMA
    return Database(schema, engine.sqlite(folder / "toy.sqlite"), "a/b/toy", clock=clock)


def with_second_step(folder: Path, more: str = "") -> Path:
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    first = SCHEMA.migrations / "versions" / "0001_toy.py"
    (versions / "0001_toy.py").write_text(first.read_text())
    (versions / "0002_place.py").write_text(SECOND.format(more=more))
    return versions.parent


def columns(database: Database) -> set[str]:
    return {column["name"] for column in inspect(database.writers).get_columns("stone")}


def test_steps_are_shown_and_then_taken(tmp_path: Path, clock: SetClock) -> None:
    database = at(tmp_path, clock)
    steps = [(step.chain, step.revision) for step in migration.pending(database)]
    assert steps == [("storage", "0001"), ("storage", "0002"), ("storage", "0003"), ("toy", "0001")]
    assert inspect(database.writers).get_table_names() == []
    with pytest.raises(MigrationsPending):
        migration.require_current(database)
    assert len(migration.migrate(database)) == 4
    assert migration.pending(database) == []
    assert migration.migrate(database) == []
    migration.require_current(database)
    database.close()


def test_a_later_step_is_taken_alone(tmp_path: Path, clock: SetClock) -> None:
    migration.migrate(at(tmp_path, clock))
    database = at(tmp_path, clock, with_second_step(tmp_path))
    [step] = migration.pending(database)
    assert (step.revision, step.summary) == ("0002", "Give stones a place.")
    migration.migrate(database)
    assert "place" in columns(database)
    database.close()


def test_a_step_that_fails_leaves_everything_as_it_was(tmp_path: Path, clock: SetClock) -> None:
    migration.migrate(at(tmp_path, clock))
    database = at(tmp_path, clock, with_second_step(tmp_path, 'raise RuntimeError("no")'))
    with pytest.raises(RuntimeError):
        migration.migrate(database)
    assert "place" not in columns(database)
    assert len(migration.pending(database)) == 1
    database.close()


def test_a_database_from_a_newer_program_is_left_alone(tmp_path: Path, clock: SetClock) -> None:
    migration.migrate(at(tmp_path, clock, with_second_step(tmp_path)))
    database = at(tmp_path, clock)
    with pytest.raises(DatabaseNewer):
        migration.migrate(database)
    database.close()


def test_a_database_that_is_current_is_opened_without_loading_what_takes_steps(
    tmp_path: Path, clock: SetClock
) -> None:
    migration.migrate(at(tmp_path, clock))
    code = f"""
import sys
from pathlib import Path
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from tests.platform.storage.toy import SCHEMA
file = Path({str(tmp_path)!r}) / "toy.sqlite"
database = Database(SCHEMA, engine.sqlite(file), "a/b/toy", clock=SystemClock())
migration.require_current(database)
sys.exit("alembic" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_both_engines_come_to_the_same_tables(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    with database.readers.connect() as connection:
        names = set(inspect(connection).get_table_names())
        connection.execute(text("SELECT 1"))
    assert {"journal", "outbox", "delivery", "person_read", "stone", "colour"} <= names

# SPDX-License-Identifier: EUPL-1.2
"""What the driver refuses is told as a fault, and the connection that is kept for writes outlives it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.driver import fault_of, first, put, run
from flagstone.platform.storage.faults import AlreadyThere, Busy, DatabaseUnreachable, DiskFull
from flagstone.platform.storage.sql import select
from flagstone.platform.storage.verification import verify
from tests.platform.storage.toy import SCHEMA, stone

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

BY, WHY = job("test"), Reason("Test")


def lay(database: Database, *numbers: int) -> None:
    with database.writing(BY, WHY) as write:
        write.insert_many(
            stone, [{"quarry": "n", "number": each, "data": {}, "polished": False} for each in numbers]
        )


def numbers(database: Database) -> list[int]:
    with database.reading() as view:
        return [row["number"] for row in view.rows(select(stone).order_by(stone.c.number))]


def test_statements_run_in_the_connection_s_transaction(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    mark = "?" if database.location.is_sqlite else "%s"
    with database.writers.connect() as connection:
        with connection.begin():
            run(connection, "CREATE TABLE thing (id integer PRIMARY KEY, name text)")
        with connection.begin() as transaction:
            put(connection, f"INSERT INTO thing VALUES ({mark}, {mark})", [(1, "one"), (2, "two")])
            assert first(connection, "SELECT name FROM thing ORDER BY id DESC") == ("two",)
            transaction.rollback()
        with connection.begin():
            assert first(connection, "SELECT name FROM thing") is None


def test_what_the_driver_refuses_is_a_fault(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    with database.writers.connect() as connection:
        with pytest.raises(DatabaseUnreachable), connection.begin():
            run(connection, "SELECT nonsense FROM nowhere")
        with pytest.raises(DatabaseUnreachable), connection.begin():
            first(connection, "no statement")
    with pytest.raises(AlreadyThere):
        lay(database, 1, 1)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("database is locked", Busy),
        ("database or disk is full", DiskFull),
        ("disk I/O error", DiskFull),
        ("could not extend file: No space left on device", DiskFull),
        ("no such table: people", DatabaseUnreachable),
    ],
)
def test_each_fault_says_what_to_do_and_none_of_the_data(said: str, fault: type[Exception]) -> None:
    told = fault_of(said)
    assert type(told) is fault
    assert "people" not in str(told)


def test_a_failed_write_does_not_stop_the_next(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database, 1)
    for _ in range(3):
        with pytest.raises(AlreadyThere):
            lay(database, 2, 1)
    with pytest.raises(ZeroDivisionError), database.writing(BY, WHY) as write:
        write.insert(stone, {"quarry": "n", "number": 9, "data": {}, "polished": False})
        raise ZeroDivisionError
    lay(database, 3)
    assert numbers(database) == [1, 3]
    assert verify(database).sound


def test_migrations_find_a_connection_beside_the_one_that_is_kept(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database, 1)
    assert migration.pending(database) == []
    with database.writers.begin() as connection:
        run(connection, "SELECT 1")
    lay(database, 2)
    assert numbers(database) == [1, 2]


def test_a_database_that_was_closed_opens_again(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database, 1)
    database.close()
    lay(database, 2)
    assert numbers(database) == [1, 2]


@pytest.fixture
def impatient(tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Database:
    quick = tuple(each for each in engine.SQLITE_PRAGMAS if "busy" not in each)
    monkeypatch.setattr(engine, "SQLITE_PRAGMAS", (*quick, "busy_timeout=20"))
    database = Database(SCHEMA, engine.sqlite(tmp_path / "toy.sqlite"), "aralia/test/toy", clock=clock)
    migration.migrate(database)
    return database


def test_another_process_s_lock_makes_a_writer_wait_and_then_say_so(impatient: Database) -> None:
    lay(impatient, 1)
    other = sqlite3.connect(impatient.location.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(Busy):
            lay(impatient, 2)
    assert numbers(impatient) == [1]
    other.execute("COMMIT")
    other.close()
    lay(impatient, 2)
    assert numbers(impatient) == [1, 2]
    impatient.close()


def test_a_full_disk_is_named_and_what_was_kept_stays(impatient: Database) -> None:
    lay(impatient, 1)
    with impatient.writers.connect() as connection, connection.begin():
        pages = first(connection, "PRAGMA page_count")
    assert pages is not None
    with impatient._transaction() as connection:
        run(connection, f"PRAGMA max_page_count={pages[0]}")
    with pytest.raises(DiskFull):
        for start in range(10, 100_000, 500):
            lay(impatient, *range(start, start + 500))
    kept = numbers(impatient)
    lay(impatient, 2)  # one row has room where many had not
    assert numbers(impatient) == sorted([2, *kept])
    assert verify(impatient).sound
    impatient.close()

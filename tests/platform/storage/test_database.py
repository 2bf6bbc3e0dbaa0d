# SPDX-License-Identifier: EUPL-1.2
"""The storage door on both engines: audited writes, recorded readings, concurrency, refusals."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from flagstone.kernel.audit import Actor, ActorKind, Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import (
    AlreadyThere,
    ChangedMeanwhile,
    DatabaseUnreachable,
    EntryTooLarge,
    NotARead,
    NotThere,
    ReadingUnrecorded,
    WriteWithoutEntry,
)
from flagstone.platform.storage.sql import delete, insert, select, update
from flagstone.platform.storage.tables import journal, person_read
from flagstone.platform.storage.verification import Damage, verify
from tests.platform.storage.toy import SCHEMA, colour, stone

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

MASON = Actor(ActorKind.OFFICIAL, "m1", "Mason", "10000001", "XA/GOV/10000001/quarry")
WHY = Reason("Inventory of stones", "Stone Act § 1", "request-1")
ONE = {"quarry": "north", "number": 1}


def lay(database: Database, number: int = 1, **data: object) -> None:
    with database.writing(MASON, WHY) as write:
        write.insert(stone, {"quarry": "north", "number": number, "data": data, "polished": False})


def test_a_written_row_is_read_back_and_explained(open_database: OpenDatabase, clock: SetClock) -> None:
    database = open_database(SCHEMA)
    lay(database, weight_grams=1200, marks=["a", None, True])
    with database.reading() as reading:
        row = reading.row(select(stone))
    assert row is not None
    assert row["data"] == {"weight_grams": 1200, "marks": ["a", None, True]}
    [entry] = database.journal.history("stone", "north/1")
    assert (entry.register, entry.revision, entry.operation) == ("north", 1, "put")
    assert (entry.actor, entry.reason, entry.at) == (MASON, WHY, clock.now())
    assert entry.document["data"] == row["data"]
    assert verify(database).sound


def test_update_retire_and_erase_make_a_chain_for_the_row(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database)
    with database.writing(MASON, WHY) as write:
        assert write.update(stone, ONE, {"polished": True}, expected_revision=1)["revision"] == 2
    with database.writing(MASON, WHY) as write:
        write.retire(stone, ONE)
        write.erase(stone, ONE)
    history = database.journal.history("stone", "north/1")
    assert [(e.operation, e.revision) for e in history] == [("put", 1), ("put", 2), ("put", 3), ("del", 4)]
    assert history[2].document["deleted_at"] is not None
    assert (history[2].transaction, history[3].transaction_size) == (3, 2)
    lay(database)
    assert verify(database).sound


def test_a_stale_writer_is_refused_and_changes_nothing(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database)
    with pytest.raises(ChangedMeanwhile), database.writing(MASON, WHY) as write:
        write.update(stone, ONE, {"polished": True}, expected_revision=7)
    with pytest.raises(NotThere), database.writing(MASON, WHY) as write:
        write.update(stone, {"quarry": "north", "number": 2}, {"polished": True})
    with pytest.raises(AlreadyThere):
        lay(database)
    assert database.journal.head()[0] == 1
    assert verify(database).sound


def test_a_write_without_an_entry_is_undone(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    with pytest.raises(WriteWithoutEntry), database.writing(MASON, WHY) as write:
        write.derive(insert(colour).values(number=1, name="grey"))
    with database.reading() as reading:
        assert reading.rows(select(colour)) == []


@pytest.mark.parametrize(
    "statement",
    [insert(stone), update(stone), delete(stone), sa.text("DELETE FROM stone"), sa.text("SELECT 1")],
)
def test_the_door_takes_only_selects_and_derived_tables(
    open_database: OpenDatabase, statement: object
) -> None:
    database = open_database(SCHEMA)
    with pytest.raises(NotARead), database.reading() as reading:
        reading.rows(statement)  # type: ignore[arg-type]
    with pytest.raises(NotARead), database.writing(MASON, WHY) as write:
        write.derive(statement)  # type: ignore[arg-type]
    with pytest.raises(NotARead), database.writing(MASON, WHY) as write:
        write.insert(colour, {"number": 1})


def test_a_reading_connection_cannot_write(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    with database.readers.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(insert(colour).values(number=1))


def test_a_reading_of_a_person_is_recorded_before_the_data_leaves(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    with database.reading_person(MASON, WHY) as reading:
        reading.saw(PersonCode("p"), "north", "1", ("data", "polished"))
    with database.reading() as reading:
        row = reading.row(select(person_read))
    assert row is not None
    assert (row["person"], row["fields"], row["purpose"]) == ("p", ["data", "polished"], WHY.purpose)
    assert database.journal.head()[0] == 1
    with pytest.raises(ReadingUnrecorded), database.reading_person(MASON, WHY) as reading:
        pass
    with database.reading_person(MASON, WHY) as reading:
        reading.saw_nobody()


def test_an_entry_over_the_bound_is_refused(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    with pytest.raises(EntryTooLarge):
        lay(database, text="x" * 65_536)
    assert database.journal.head()[0] == 0


def test_sixteen_writers_leave_a_gapless_chain_and_rising_revisions(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database)
    failures: list[BaseException] = []

    def work(mine: int) -> None:
        try:
            for turn in range(6):
                lay(database, number=100 * mine + turn + 10)
                with database.writing(MASON, WHY) as write:
                    write.update(stone, ONE, {"data": {"by": mine, "turn": turn}})
        except BaseException as failure:  # noqa: BLE001 - told to the main thread
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    entries = list(database.journal.stream())
    assert [entry.sequence for entry in entries] == list(range(1, 1 + 1 + 16 * 6 * 2))
    assert [entry.revision for entry in entries if entry.key == "north/1"] == list(range(1, 98))
    assert verify(database).sound


def test_the_journal_refuses_update_and_delete(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database)
    for statement in (update(journal).values(revision=9), delete(journal)):
        with pytest.raises(sa.exc.DBAPIError), database.writers.begin() as connection:
            connection.execute(statement)


def test_times_come_from_the_clock(open_database: OpenDatabase, clock: SetClock) -> None:
    database = open_database(SCHEMA)
    lay(database, number=1)
    clock.advance(timedelta(hours=1))
    lay(database, number=2)
    first, second = database.journal.entries()
    assert second.at - first.at == timedelta(hours=1)


def test_a_change_round_the_door_is_named(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database, weight=1)
    with database.writers.begin() as connection:
        connection.execute(update(stone).values(data={"weight": 2}))
    discovery = verify(database).discovery
    assert discovery is not None
    assert (discovery.damage, discovery.place) == (Damage.BYPASSED, "stone north/1")


def test_a_missing_server_is_a_clear_fault(tmp_path: Path, clock: SetClock) -> None:
    from flagstone.platform.storage.postgresql import location

    where = location(f"postgresql://x@/x?host={tmp_path}", "a", "b", "p")
    database = Database(SCHEMA, where, "x/y/z", clock=clock)
    with pytest.raises(DatabaseUnreachable):
        database.journal.head()
    database.close()

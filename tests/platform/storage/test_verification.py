# SPDX-License-Identifier: EUPL-1.2
"""Whatever is done to a journal behind the door's back, the first damaged entry is named."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, text, update

from flagstone.kernel.audit import Reason, job
from flagstone.platform.crypto import canonical
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.tables import journal
from flagstone.platform.storage.verification import Damage, Discovery, verify
from tests.platform.storage.toy import SCHEMA, stone

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

WHY = Reason("Test")


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    """A journal of ten entries, its guards lifted as an attacker with the database's password would."""
    database = open_database(SCHEMA)
    for number in range(8):
        with database.writing(job("test"), WHY) as write:
            write.insert(stone, {"quarry": "n", "number": number, "data": {"w": number}, "polished": False})
    for weight in (50, 60):
        with database.writing(job("test"), WHY) as write:
            write.update(stone, {"quarry": "n", "number": 3}, {"data": {"w": weight}})
    with database.writers.begin() as connection:
        if database.location.is_sqlite:
            connection.execute(text("DROP TRIGGER journal_no_update"))
            connection.execute(text("DROP TRIGGER journal_no_delete"))
        else:
            connection.execute(text("DROP TRIGGER journal_append_only ON journal"))
    return database


def found(database: Database) -> Discovery:
    discovery = verify(database).discovery
    assert discovery is not None
    return discovery


def row(connection: Connection, sequence: int) -> dict[str, Any]:
    return dict(connection.execute(select(journal).where(journal.c.sequence == sequence)).mappings().one())


def put(connection: Connection, at: int, **columns: Any) -> None:
    connection.execute(update(journal).where(journal.c.sequence == at).values(**columns))


SHARED, KEY, OPERATION, DOCUMENT = 1, 7, 4, 10


def forged(entry: bytes, *, shared: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    fields = canonical.decode(entry)
    assert isinstance(fields, list)
    said = canonical.decode(fields[SHARED])
    assert isinstance(said, dict)
    fields[SHARED] = canonical.encode({**said, **(shared or {})})
    for name, value in parts.items():
        fields[{"key": KEY, "op": OPERATION, "doc": DOCUMENT}[name]] = value
    data = canonical.encode(fields)
    return {"entry": data, "hash": hashlib.sha256(b"\x00" + data).digest()}


def test_an_untouched_journal_is_sound(database: Database) -> None:
    verdict = verify(database)
    assert (verdict.sound, verdict.entries, verdict.rows) == (True, 10, 8)
    assert verdict.head == database.journal.head()[1]


def test_a_flipped_byte_is_an_edited_entry(database: Database) -> None:
    with database.writers.begin() as connection:
        entry = row(connection, 4)["entry"]
        put(connection, 4, entry=entry[:-1] + bytes([entry[-1] ^ 1]))
    assert (found(database).damage, found(database).sequence) == (Damage.EDITED, 4)


def test_an_edit_with_its_hash_made_right_is_still_named(database: Database) -> None:
    with database.writers.begin() as connection:
        put(connection, 4, **forged(row(connection, 4)["entry"], shared={"purpose": "something else"}))
    assert (found(database).damage, found(database).sequence) == (Damage.EDITED, 4)


def test_a_removed_entry_is_named(database: Database) -> None:
    with database.writers.begin() as connection:
        connection.execute(delete(journal).where(journal.c.sequence == 5))
    assert (found(database).damage, found(database).sequence) == (Damage.REMOVED, 5)


def test_a_removed_entry_with_the_rest_moved_up_is_named(database: Database) -> None:
    with database.writers.begin() as connection:
        connection.execute(delete(journal).where(journal.c.sequence == 5))
        for sequence in range(6, 11):
            put(connection, sequence, sequence=sequence - 1)
    assert (found(database).damage, found(database).sequence) == (Damage.REMOVED, 5)


def test_a_journal_cut_short_is_named_by_the_rows_it_explained(database: Database) -> None:
    with database.writers.begin() as connection:
        connection.execute(delete(journal).where(journal.c.sequence == 10))
    assert (found(database).damage, found(database).place) == (Damage.BYPASSED, "stone n/3")


def test_an_inserted_entry_is_named(database: Database) -> None:
    with database.writers.begin() as connection:
        for sequence in range(10, 4, -1):
            put(connection, sequence, sequence=sequence + 1)
        copy = row(connection, 2)
        connection.execute(insert(journal).values(**{**copy, "sequence": 5}))
    assert (found(database).damage, found(database).sequence) == (Damage.INSERTED, 5)


def test_an_entry_put_in_another_s_place_is_named(database: Database) -> None:
    with database.writers.begin() as connection:
        entry = row(connection, 5)["entry"]
        put(connection, 5, **forged(entry, key="n/99", doc=None, op="del"))
    assert found(database).sequence == 5


def test_two_entries_that_changed_places_are_named(database: Database) -> None:
    with database.writers.begin() as connection:
        second, third = row(connection, 2), row(connection, 3)
        put(connection, 2, **{key: third[key] for key in third if key != "sequence"})
        put(connection, 3, **{key: second[key] for key in second if key != "sequence"})
    assert (found(database).damage, found(database).sequence) == (Damage.REORDERED, 2)


def test_an_entry_of_another_journal_is_named(database: Database) -> None:
    with database.writers.begin() as connection:
        put(connection, 1, **forged(row(connection, 1)["entry"], shared={"origin": "elsewhere"}))
    assert (found(database).damage, found(database).sequence) == (Damage.INSERTED, 1)


def test_look_up_columns_cannot_lie(database: Database) -> None:
    with database.writers.begin() as connection:
        put(connection, 7, key="n/1")
    assert (found(database).damage, found(database).sequence) == (Damage.EDITED, 7)


@pytest.mark.parametrize(
    "statement",
    [
        update(stone).where(stone.c.number == 2).values(polished=True),
        delete(stone).where(stone.c.number == 2),
        insert(stone).values(quarry="n", number=2000, data={}, polished=False, revision=1),
    ],
)
def test_rows_changed_round_the_door_are_named(database: Database, statement: Any) -> None:
    with database.writers.begin() as connection:
        connection.execute(statement)
    assert found(database).damage is Damage.BYPASSED
    assert found(database).place.startswith("stone n/2")


@pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.integers(1, 10), place=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_no_mutation_of_stored_bytes_goes_unseen(
    database: Database, sequence: int, place: float, mask: int
) -> None:
    anchors = [database.journal.head()]
    with database.writers.begin() as connection:
        before = row(connection, sequence)["entry"]
        position = int(place * len(before))
        mutant = before[:position] + bytes([before[position] ^ mask]) + before[position + 1 :]
        put(connection, sequence, entry=mutant, hash=hashlib.sha256(b"\x00" + mutant).digest())
    discovery = verify(database, anchors).discovery
    with database.writers.begin() as connection:
        put(connection, sequence, entry=before, hash=hashlib.sha256(b"\x00" + before).digest())
    assert discovery is not None
    assert discovery.sequence in (sequence, sequence + 1, 0)


def test_the_newest_entry_edited_is_named_by_an_anchor(database: Database) -> None:
    anchors = [database.journal.head()]
    with database.writers.begin() as connection:
        put(connection, 10, **forged(row(connection, 10)["entry"], shared={"purpose": "something else"}))
    assert verify(database).sound
    discovery = verify(database, anchors).discovery
    assert discovery is not None
    assert (discovery.damage, discovery.sequence) == (Damage.EDITED, 10)


def test_a_journal_and_its_rows_cut_short_together_are_named_by_an_anchor(database: Database) -> None:
    anchors = [database.journal.head()]
    with database.writers.begin() as connection:
        connection.execute(delete(journal).where(journal.c.sequence == 10))
        connection.execute(update(stone).where(stone.c.number == 3).values(data={"w": 50}, revision=2))
    assert verify(database).sound
    discovery = verify(database, anchors).discovery
    assert discovery is not None
    assert (discovery.damage, discovery.sequence) == (Damage.REMOVED, 10)

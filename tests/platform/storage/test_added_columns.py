# SPDX-License-Identifier: EUPL-1.2
"""Columns that a journaled table gets later leave older rows and their entries as they were."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, MetaData, Table, select, text

from flagstone.kernel.audit import Actor, ActorKind, Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage import migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.tables import person_read
from flagstone.platform.storage.verification import Damage, verify
from tests.platform.storage.toy import SCHEMA

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

WHY = Reason("Test")
OLD = Table(
    "person_read",
    MetaData(),
    *(
        Column(one.name, one.type, primary_key=one.primary_key)
        for one in person_read.columns
        if not one.info.get("added")
    ),
    info=person_read.info,
)
"""The table as the program knew it before the second step."""


@pytest.fixture
def upgraded(open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    """A database with four readings of the older program, and then every step."""
    older = tmp_path / "older"
    (older / "versions").mkdir(parents=True)
    shutil.copy(migration.OWN_MIGRATIONS / "versions" / "0001_journal.py", older / "versions")
    with monkeypatch.context() as then:
        then.setattr(migration, "OWN_MIGRATIONS", older)
        database = open_database(SCHEMA)
    with database.writing(job("older"), WHY) as write:
        write.insert_many(OLD, [reading(number) for number in range(4)])
    assert [step.revision for step in migration.migrate(database)] == ["0002", "0003"]
    return database


def reading(number: int) -> dict[str, Any]:
    """Return a row as the older program wrote it."""
    words = {str(one.name): f"{one.name} {number}" for one in OLD.columns}
    return {**words, "fields": ["name"], "revision": 1, "deleted_at": None}


def look(database: Database) -> None:
    """Read personal data for a case, hidden, on behalf of somebody at another agency."""
    actor = Actor(ActorKind.SYSTEM, "XA/GOV/1/desk", on_behalf="desk-7")
    hidden = datetime(2027, 1, 1, tzinfo=UTC)
    with database.reading_person(actor, Reason("Test", case="C-1", hidden_until=hidden)) as view:
        view.saw(PersonCode("48001015712"), "people", "P-1", ["name"])


def test_the_journal_of_an_upgraded_database_holds(upgraded: Database) -> None:
    assert verify(upgraded).sound
    look(upgraded)
    with upgraded.writing(job("newer"), WHY) as write:
        write.update(person_read, {"id": "id 1"}, {"case_number": "C-2"})
        write.update(person_read, {"id": "id 2"}, {"actor_name": ""})
        write.erase(person_read, {"id": "id 3"})
    with upgraded.writing(job("newer"), WHY) as write:
        write.update(person_read, {"id": "id 1"}, {"case_number": ""})
    verdict = verify(upgraded)
    assert verdict.sound, verdict.discovery
    assert verdict.rows == 4


def test_what_is_read_now_is_kept_with_its_case_and_journaled(upgraded: Database) -> None:
    look(upgraded)
    with upgraded.reading() as view:
        row = view.row(select(person_read).where(person_read.c.register == "people"))
        older = view.row(select(person_read).where(person_read.c.id == "id 0"))
    assert row is not None
    assert older is not None
    said = {name: row[name] for name in ("case_number", "hidden_until", "on_behalf")}
    hidden = rfc3339(datetime(2027, 1, 1, tzinfo=UTC))
    assert said == {"case_number": "C-1", "hidden_until": hidden, "on_behalf": "desk-7"}
    assert {older[name] for name in said} == {""}
    entry = upgraded.journal.history("person_read", row["id"])[-1]
    assert said.items() <= entry.document.items()


@pytest.mark.parametrize("place", ["id 0", ""])
def test_a_case_put_in_behind_the_door_is_found(upgraded: Database, place: str) -> None:
    look(upgraded)
    where = f"id = '{place}'" if place else "case_number = 'C-1'"
    with upgraded.writers.begin() as connection:
        connection.execute(text(f"UPDATE person_read SET case_number = 'C-9' WHERE {where}"))
    discovery = verify(upgraded).discovery
    assert discovery is not None
    assert discovery.damage is Damage.BYPASSED


def test_a_case_taken_away_behind_the_door_is_found(upgraded: Database) -> None:
    look(upgraded)
    with upgraded.writers.begin() as connection:
        connection.execute(text("UPDATE person_read SET case_number = '' WHERE case_number = 'C-1'"))
    assert not verify(upgraded).sound

# SPDX-License-Identifier: EUPL-1.2
"""A record that is missing is named, the outcome is kept, and tampering with a row is found and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.blocks.tracker.agency import Agency, make_agency, official, system
from tests.contracts.registers import JAAN, MARI

from flagstone.blocks.tracker import jobs, store
from flagstone.blocks.tracker.contract import Period, PeriodInvalid, SignalKind
from flagstone.kernel.audit import Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import select
from flagstone.platform.storage.verification import Damage, verify

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

AUDITOR = official("auditor", code=JAAN)


@pytest.fixture
def agency(open_database: OpenDatabase, clock: SetClock) -> Agency:
    return make_agency(open_database, clock, (MARI, JAAN))


class ExchangeLog:
    """What the exchange's log tells, by the time of each message."""

    def __init__(self) -> None:
        self.messages: list[tuple[datetime, str, int | None]] = []

    def __call__(self, since: datetime, until: datetime) -> Iterable[tuple[str, int | None]]:
        return [(name, count) for at, name, count in self.messages if since <= at < until]


def busy(agency: Agency) -> ExchangeLog:
    """Read ten times through the exchange and record twice for a service, with the log of both."""
    log = ExchangeLog()
    for number in range(10):
        log.messages.append((agency.clock.now(), f"m-{number}", 1))
        agency.read(system(), MARI, message_reference=f"m-{number}")
        agency.clock.advance(timedelta(minutes=1))
    log.messages.append((agency.clock.now(), "m-own", 2))
    reason = Reason("Paying", message_reference="m-own")
    agency.tracker.record([agency.use(MARI, reason=reason), agency.use(JAAN, reason=reason)])
    agency.read(official("clerk"), MARI, message_reference="at the desk")
    agency.clock.advance(timedelta(minutes=5))
    return log


def test_two_logs_that_agree(agency: Agency) -> None:
    start, log = agency.clock.now(), busy(agency)
    found = agency.tracker.reconcile(log, start, agency.clock.now())
    assert (found.messages, found.records, found.missing, found.surplus) == (11, 13, (), ())
    assert found.complete
    assert agency.tracker.signals(AUDITOR) == ()
    with agency.database.reading() as view:
        row = view.row(select(store.reconciliations))
    assert row is not None
    assert row["messages"] == 11


def test_a_missing_and_a_surplus_record_are_named(agency: Agency) -> None:
    start, log = agency.clock.now(), busy(agency)
    log.messages += [(start, "m-lost", 1), (start, "m-failed", None)]
    log.messages = [one for one in log.messages if one[1] != "m-own"]
    agency.read(system(), MARI, message_reference="m-3")
    found = agency.tracker.reconcile(log, start, agency.clock.now() + timedelta(seconds=1))
    assert (found.missing, found.surplus, found.unsaid) == (("m-lost",), ("m-3", "m-own"), 1)
    signal = agency.tracker.signals(AUDITOR)[0]
    assert (signal.kind, signal.count) == (SignalKind.RECORD_MISSING, 1)
    agency.tracker.reconcile(log, start, agency.clock.now() + timedelta(seconds=1))
    assert len(agency.tracker.signals(AUDITOR)) == 1


def test_the_hourly_comparison_waits_for_the_last_minutes(agency: Agency) -> None:
    start = agency.clock.now()
    log = busy(agency)
    tick = start + timedelta(hours=1)
    found = jobs.reconcile(agency.tracker, log, tick)
    assert (found.since, found.until) == (tick - timedelta(minutes=65), tick - timedelta(minutes=5))
    assert found.complete
    with pytest.raises(PeriodInvalid):
        agency.tracker.reconcile(log, start, start)


def test_a_refused_asking_agrees_with_what_its_answer_told(agency: Agency) -> None:
    start, log = agency.clock.now(), ExchangeLog()
    log.messages.append((start, "message-9", 1))
    with pytest.raises(Exception, match="nothing here"):
        agency.over_http().find_usage(official("clerk", code=JAAN), PersonCode(MARI), Period())
    found = agency.tracker.reconcile(log, start, start + timedelta(seconds=1))
    assert (found.missing, found.surplus, found.records) == ((), (), 1)


SQLITE = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


@SQLITE
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("DELETE FROM {table} WHERE id = '{third}'", "gone without an entry"),
        ("UPDATE {table} SET purpose = 'Nothing' WHERE id = '{third}'", "not what revision 1 made it"),
        (
            "UPDATE {table} SET at = (SELECT at FROM {table} WHERE id = '{fifth}') WHERE id = '{third}'",
            "not what revision 1 made it",
        ),
    ],
)
@pytest.mark.parametrize("table", ["usage", "person_read"])
def test_tampering_with_one_row_is_found_and_named(
    agency: Agency, tmp_path: Path, table: str, harm: str, words: str
) -> None:
    busy(agency)
    for _ in range(8):
        agency.tracker.record([agency.use(MARI)])
        agency.clock.advance(timedelta(seconds=1))
    database, file = _of(agency, table, tmp_path)
    assert verify(database).sound
    ids = _ids(file, table)
    _execute(file, harm.format(table=table, third=ids[2], fifth=ids[4]))
    discovery = verify(database).discovery
    assert discovery is not None
    assert discovery.damage is Damage.BYPASSED
    assert discovery.place == f"{table} {ids[2]}"
    assert words in discovery.words


@SQLITE
@pytest.mark.parametrize("table", ["usage", "person_read"])
def test_a_row_taken_out_of_the_journal_too_is_found(agency: Agency, tmp_path: Path, table: str) -> None:
    busy(agency)
    agency.tracker.record([agency.use(MARI)])  # an end that was cut off is for signed checkpoints to show
    database, file = _of(agency, table, tmp_path)
    row = _ids(file, table)[0]
    for name in _names(file, "trigger"):
        _execute(file, f"DROP TRIGGER {name}")
    _execute(file, f"DELETE FROM {table} WHERE id = '{row}'")
    _execute(file, f"DELETE FROM journal WHERE key = '{row}'")
    discovery = verify(database).discovery
    assert discovery is not None
    assert discovery.damage is Damage.REMOVED
    assert discovery.place.startswith("entry ")


@SQLITE
def test_two_journal_entries_in_each_others_place_are_found(agency: Agency, tmp_path: Path) -> None:
    busy(agency)
    agency.tracker.record([agency.use(MARI)])
    database, file = _of(agency, "usage", tmp_path)
    for name in _names(file, "trigger"):
        _execute(file, f"DROP TRIGGER {name}")
    _execute(file, "UPDATE journal SET sequence = -1 WHERE sequence = 1")
    _execute(file, "UPDATE journal SET sequence = 1 WHERE sequence = 2")
    _execute(file, "UPDATE journal SET sequence = 2 WHERE sequence = -1")
    discovery = verify(database).discovery
    assert discovery is not None
    assert (discovery.damage, discovery.sequence) == (Damage.REORDERED, 1)


def _of(agency: Agency, table: str, folder: Path) -> tuple[Database, Path]:
    """Return the database that has a table, and its file."""
    if table == "usage":
        return agency.database, folder / "tracker.sqlite"
    return agency.registry_database, folder / "registry.sqlite"


def _ids(file: Path, table: str) -> list[str]:
    with sqlite3.connect(file) as connection:
        rows = [row[0] for row in connection.execute(f"SELECT id FROM {table} ORDER BY id")]
    connection.close()
    return rows


def _names(file: Path, kind: str) -> list[str]:
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = ?", (kind,)).fetchall()
    connection.close()
    return [row[0] for row in rows]


def _execute(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()

# SPDX-License-Identifier: EUPL-1.2
"""The message log's look-ups go by its indexes, also in a database that an older program made."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, inspect

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.log import LogQuery
from flagstone.blocks.exchange.store import messages
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage import migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.verification import verify

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BEGAN = int(AT.timestamp())
OLD_STEPS = ("0001_exchange.py", "0002_news.py", "0003_evidence.py", "0004_globalconf.py")
LOOKED_UP_BY = {
    "message_request_by_time": lambda view: list(messages.traffic(view, BEGAN, BEGAN + 60, 60)),
    "message_response_by_fault": lambda view: messages.search(view, LogQuery(fault="server.timeout")),
    "message_request_by_message": lambda view: messages.search(view, LogQuery(message_id="XA-1")),
    "message_request_by_client": lambda view: messages.search(
        view, LogQuery(client=ClientId("XA", "GOV", "1", "tax"))
    ),
}


def fill(database: Database, first: int, count: int) -> None:
    """Log `count` exchanges, one a second and every tenth failed."""
    numbers = range(first, first + count)
    times = {number: AT + timedelta(seconds=number) for number in numbers}
    requests = [
        {
            "exchange": f"e{number}",
            "side": "provider",
            "at": rfc3339(times[number]),
            "second": BEGAN + number,
            "message_id": f"XA-{number}",
            "client": f"XA/GOV/{number % 9}/tax",
            "service": "XA/GOV/2/registry/things",
            "sealed": b"sealed",
        }
        for number in numbers
    ]
    responses = [
        {
            "exchange": f"e{number}",
            "side": "provider",
            "at": rfc3339(times[number]),
            "status": 200,
            "fault": "" if number % 10 else "server.timeout",
            "milliseconds": 5,
            "usage_count": None,
            "sealed": b"sealed",
        }
        for number in numbers
    ]
    with database.writing(job("test"), Reason("Test")) as write:
        messages.add(write, requests, responses)


@pytest.fixture
def upgraded(open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    """A database with a hundred exchanges of the older program, and then every step."""
    older = {name: tmp_path / name / "versions" for name in ("storage", "exchange")}
    for folder in older.values():
        folder.mkdir(parents=True)
    for name in ("0001_journal.py", "0002_reasons.py"):
        shutil.copy(migration.OWN_MIGRATIONS / "versions" / name, older["storage"])
    for name in OLD_STEPS:
        shutil.copy(SCHEMA.migrations / "versions" / name, older["exchange"])
    with monkeypatch.context() as then:
        then.setattr(migration, "OWN_MIGRATIONS", older["storage"].parent)
        database = open_database(replace(SCHEMA, migrations=older["exchange"].parent))
        fill(database, 0, 100)
    database = open_database(SCHEMA)
    taken = [(step.chain, step.revision) for step in migration.migrate(database)]
    assert taken == [("storage", "0003"), ("exchange", "0005")]
    return database


def plan(database: Database, look: Callable[[Reading], object]) -> str:
    """Return how the database finds what `look` asks last."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(database.readers, "before_cursor_execute", note)
    with database.reading() as view:
        look(view)
    event.remove(database.readers, "before_cursor_execute", note)
    statement, parameters = asked[-1]
    with database.readers.connect() as connection, connection.begin():
        if database.location.is_sqlite:
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(row[3] for row in explained)
        for kind in ("seqscan", "hashjoin", "mergejoin"):  # right for a table as small as this one
            connection.exec_driver_sql(f"SET LOCAL enable_{kind} = off")
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))


@pytest.mark.parametrize("index", LOOKED_UP_BY)
def test_each_look_up_goes_by_an_index(open_database: OpenDatabase, index: str) -> None:
    database = open_database(SCHEMA)
    fill(database, 0, 300)
    if not database.location.is_sqlite:
        with database.writers.connect() as connection, connection.begin():
            connection.exec_driver_sql("ANALYZE message_request, message_response")
    assert index in plan(database, LOOKED_UP_BY[index])


def test_traffic_counts_from_the_first_second_up_to_the_last(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    fill(database, 0, 100)
    with database.reading() as view:
        (counted,) = messages.traffic(view, BEGAN + 10, BEGAN + 30, 20)
    assert (counted["span"], counted["count"], counted["failed"]) == (0, 20, 2)


def test_an_upgraded_database_keeps_all_and_is_looked_up_alike(upgraded: Database) -> None:
    fill(upgraded, 100, 100)
    assert verify(upgraded).sound
    with upgraded.reading() as view:
        found, total = messages.search(view, LogQuery(fault="server.timeout"))
        assert (len(found), total) == (20, 20)
        assert sum(row["count"] for row in messages.traffic(view, BEGAN, BEGAN + 200, 60)) == 200
    assert [entry.revision for entry in upgraded.journal.history("message_request", "e7/provider")] == [1]
    names = {index["name"] for index in inspect(upgraded.readers).get_indexes("message_request")}
    assert "message_request_by_second" not in names
    assert "message_response_by_fault" in plan(upgraded, LOOKED_UP_BY["message_response_by_fault"])


def test_what_was_answered_is_not_among_the_faults(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    (index,) = inspect(database.readers).get_indexes("message_response")
    where = index["dialect_options"]
    assert "fault" in str(where.get("sqlite_where", where.get("postgresql_where")))

# SPDX-License-Identifier: EUPL-1.2
"""Uses of persons' data wait sealed, are told as they were, and survive whatever kills the process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.exchanges import AT, PlainSealer, asked
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.log import LogFailed, PersonsUsed
from flagstone.blocks.exchange.service import message_log, uses
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.ids import PersonCode, fresh_uuid
from flagstone.platform.crypto.seal import SealBroken
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import DiskFull
from flagstone.platform.storage.verification import verify

SECONDS_MAX = 10


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database(SCHEMA)


@pytest.fixture
def log(database: Database) -> Iterator[Log]:
    made = Log(database, PlainSealer())
    made.start()
    yield made
    made.stop()


def use_of(number: int, *persons: str, hidden: bool = False, unread: str = "") -> PersonsUsed:
    """Return who was used by the answer to `asked(number)`."""
    request = asked(number)
    until = AT + timedelta(days=1) if hidden else None
    return PersonsUsed(
        request.exchange,
        request.at,
        request.message_id,
        request.client,
        request.service,
        {str(fresh_uuid(request.at)): PersonCode(each) for each in persons},
        Reason("Assessing", "Tax Act § 5", request.message_id, "C-1", until),
        "XA49002010976",
        unread,
    )


def heard(database: Database) -> list[PersonsUsed]:
    """Return what the outbox tells a listener."""
    database.outbox.subscribe("DataUsed", ("listener",))
    return [uses.told(PlainSealer(), each.payload) for each in database.outbox.pending(1_000)]


def test_a_use_is_told_as_it_was_and_waits_sealed(log: Log, database: Database) -> None:
    both = [use_of(1, "60001019906", "39912310174", hidden=True), use_of(2, unread="no place")]
    for each in both:
        log.used(each).result(SECONDS_MAX)
    assert heard(database) == both
    stored = repr([each.payload for each in database.outbox.pending(10)])
    assert "60001019906" not in stored
    assert "49002010976" not in stored
    assert "Assessing" not in stored
    assert verify(database).sound


def test_a_use_of_another_exchange_is_not_believed(log: Log, database: Database) -> None:
    log.used(use_of(1, "60001019906")).result(SECONDS_MAX)
    log.used(use_of(2, "39912310174")).result(SECONDS_MAX)
    database.outbox.subscribe("DataUsed", ("listener",))
    first, second = (each.payload for each in database.outbox.pending(10))
    with pytest.raises(SealBroken):
        uses.told(PlainSealer(), {**first, "sealed": second["sealed"]})


def test_a_use_that_cannot_be_written_is_refused(
    log: Log, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise DiskFull

    monkeypatch.setattr(message_log, "count_uses", no_room)
    with pytest.raises(LogFailed):
        log.used(use_of(1, "60001019906")).result(SECONDS_MAX)
    monkeypatch.undo()
    assert heard(database) == []
    log.stop()
    with pytest.raises(LogFailed):
        log.used(use_of(2, "60001019906")).result(SECONDS_MAX)


CRASH = """
import os, sys
from pathlib import Path
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage import engine
from flagstone.platform.storage.database import Database
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.store.tables import SCHEMA
from tests.blocks.exchange.service.exchanges import PlainSealer
from tests.blocks.exchange.service.test_uses import use_of
steps = 0
def probe(step):
    global steps
    steps += step == sys.argv[2]
    if steps == 5:
        os._exit(9)
where = engine.sqlite(Path(sys.argv[1]))
log = Log(Database(SCHEMA, where, "aralia/test/exchange", clock=SystemClock(), probe=probe), PlainSealer())
log.start()
for number in range(1000):
    log.used(use_of(number, "60001019906")).result(10)
    print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", ["event-written", "row-written", "before-commit", "after-commit"])
def test_a_killed_process_loses_no_use_that_it_let_pass(tmp_path: Path, step: str) -> None:
    file = tmp_path / "exchange.sqlite"
    database = Database(SCHEMA, engine.sqlite(file), "aralia/test/exchange", clock=SystemClock())
    migration.migrate(database)
    killed = subprocess.run(
        [sys.executable, "-c", CRASH, str(file), step],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == 9, killed.stderr
    passed = {f"XA-{line}" for line in killed.stdout.split()}
    told = [each.message_id for each in heard(database)]
    assert passed <= set(told)
    assert len(told) == len(set(told)) <= len(passed) + 1
    assert verify(database).sound
    database.close()

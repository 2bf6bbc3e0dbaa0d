# SPDX-License-Identifier: EUPL-1.2
"""The message log keeps what it acknowledged, refuses what it cannot keep, and shows nothing in clear."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.exchanges import (
    AT,
    AUDITOR,
    GOVERNOR,
    INDIVIDUALS,
    OPERATOR,
    TAX,
    PlainSealer,
    answered,
    asked,
    failed,
    interior,
    official,
)
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.faults import NotPermitted, QueryInvalid
from flagstone.blocks.exchange.contract.log import Exchanged, LogFailed, LogQuery, Side
from flagstone.blocks.exchange.service import message_log
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.log_search import retain
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage import engine
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import DiskFull
from flagstone.platform.storage.verification import verify

SECONDS_MAX = 10


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database(SCHEMA)


@pytest.fixture
def service(database: Database) -> Service:
    return interior(database)


@pytest.fixture
def log(database: Database) -> Iterator[Log]:
    made = Log(database, PlainSealer())
    made.start()
    yield made
    made.stop()


def test_a_message_is_found_with_how_it_ended(log: Log, service: Service) -> None:
    request = asked(1)
    log.request(request).result(SECONDS_MAX)
    response = answered(request)
    log.response(response)
    log.stop()
    page = service.search(OPERATOR, LogQuery(message_id="XA-1"))
    assert (page.exchanges, page.total) == ((Exchanged(request, response),), 1)
    (listed,) = service.search(AUDITOR, LogQuery()).exchanges
    assert listed.request == replace(request, head=b"")  # header blocks only of a message asked for


def test_a_request_is_on_disk_when_it_is_acknowledged(log: Log, service: Service) -> None:
    log.request(asked(1)).result(SECONDS_MAX)
    (found,) = service.search(OPERATOR, LogQuery()).exchanges
    assert found.response is None


@pytest.mark.parametrize("hurried", [False, True])
def test_a_request_is_written_soon_and_sooner_where_its_caller_hurries(
    log: Log, hurried: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.request(asked(1)).result(SECONDS_MAX)
    monkeypatch.setattr(message_log, "JOINING_SECONDS", 3_600.0 if hurried else 0.01)
    log.response(answered(asked(1)))  # from now on the writer waits so long for something urgent
    time.sleep(0.05)
    written = log.request(asked(2))
    if hurried:
        log.hurry()
    written.result(SECONDS_MAX)


@pytest.mark.parametrize("pause_seconds", [0.0, 0.05])
def test_a_response_is_written_soon_though_no_request_follows(
    log: Log, service: Service, pause_seconds: float
) -> None:
    request = asked(1)
    log.request(request).result(SECONDS_MAX)
    time.sleep(pause_seconds)  # the writer dozes, or sleeps until it is woken
    log.response(answered(request))
    until = time.monotonic() + SECONDS_MAX
    while log.status().written < 2 and time.monotonic() < until:
        time.sleep(0.01)
    (found,) = service.search(OPERATOR, LogQuery()).exchanges
    assert found.response is not None


def test_what_is_not_searched_for_is_sealed(log: Log, database: Database) -> None:
    log.request(asked(1)).result(SECONDS_MAX)
    for entry in database.journal.entries():
        stored = repr(entry.document)
        assert "60001019906" not in stored
        assert "records/" not in stored
        assert "address" not in stored
        assert "2026-17" not in stored


def test_many_at_once_go_in_few_transactions(log: Log, database: Database) -> None:
    with database.turn():  # the writer has to wait, and what comes meanwhile waits with it
        waiting = [log.request(asked(number)) for number in range(300)]
        time.sleep(0.05)
    for future in waiting:
        future.result(SECONDS_MAX)
    entries = database.journal.entries(limit=1_000)
    assert len(entries) == 300
    if database.location.is_sqlite:
        assert len({entry.transaction for entry in entries}) <= 3


def test_an_exchange_is_taken_once(log: Log, service: Service) -> None:
    first, consumer = asked(1), asked(1, side=Side.CONSUMER)
    log.request(first).result(SECONDS_MAX)
    log.request(consumer).result(SECONDS_MAX)  # the other end may be this very site
    again, fresh = log.request(replace(first, message_id="other")), log.request(asked(2))
    fresh.result(SECONDS_MAX)
    with pytest.raises(LogFailed):
        again.result(SECONDS_MAX)
    log.response(answered(first))
    log.response(failed(first, "server.x"))
    log.stop()
    found = service.search(OPERATOR, LogQuery(message_id="XA-1", side=Side.PROVIDER)).exchanges
    assert [each.response and each.response.fault for each in found] == [""]


@pytest.mark.parametrize(
    "broken",
    [
        replace(asked(9), head=b"x" * 70_000),
        replace(asked(9), message_id="\ud800"),
        replace(asked(9), message_id="a\x00b"),
        replace(asked(9), message_id="x" * 2_000),
        replace(asked(9), case="\ud800"),
    ],
)
def test_what_cannot_be_kept_is_refused_alone(log: Log, broken: object) -> None:
    good, bad, also = log.request(asked(1)), log.request(broken), log.request(asked(2))  # type: ignore[arg-type]
    good.result(SECONDS_MAX)
    also.result(SECONDS_MAX)
    with pytest.raises(LogFailed):
        bad.result(SECONDS_MAX)


def test_who_no_longer_waits_does_not_stop_the_writer(log: Log, database: Database, service: Service) -> None:
    with database.turn():
        left = log.request(asked(1))
        assert not left.cancel()
    log.request(asked(2)).result(SECONDS_MAX)
    assert left.result(SECONDS_MAX) is None
    assert service.search(OPERATOR, LogQuery()).total == 2


def test_large_heads_do_not_fill_the_memory(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_log, "WAITING_BYTES_MAX", 100_000)
    log = Log(database, PlainSealer())
    with database.turn() if database.location.is_sqlite else threading.Lock():
        log.start()
        futures = [log.request(replace(asked(n), head=b"x" * 50_000)) for n in range(1_500)]
        assert any(future.done() and future.exception() for future in futures)
    log.stop()
    assert all(future.done() for future in futures)


def test_what_was_written_makes_room(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_log, "WAITING_BYTES_MAX", 100_000)
    for number in range(10):
        request = replace(asked(number), head=b"x" * 50_000)
        log.request(request).result(SECONDS_MAX)
        log.response(answered(request))
    assert log.status().refused == 0


def test_an_overlong_answer_is_logged_without_its_head(log: Log, service: Service) -> None:
    request = asked(1)
    log.request(request).result(SECONDS_MAX)
    log.response(replace(answered(request), head=b"x" * 70_000))
    log.stop()
    (found,) = service.search(OPERATOR, LogQuery(message_id="XA-1")).exchanges
    assert found.response is not None
    assert (found.response.status, found.response.head) == (200, b"")


def test_without_room_and_without_a_writer_it_is_refused(database: Database) -> None:
    log = Log(database, PlainSealer(), waiting_max=2)
    with pytest.raises(LogFailed):
        log.request(asked(0)).result(SECONDS_MAX)  # not started
    with database.turn() if database.location.is_sqlite else threading.Lock():
        log.start()
        futures = [log.request(asked(number)) for number in range(1, 2_000)]
        refused = [future for future in futures if future.done() and future.exception()]
        assert refused
        assert isinstance(refused[-1].exception(), LogFailed)
    log.stop()
    assert all(future.done() for future in futures)
    assert log.status().refused == len([each for each in futures if each.exception()]) + 1
    with pytest.raises(LogFailed):
        log.request(asked(3_000)).result(SECONDS_MAX)


def test_while_the_disk_is_full_requests_are_refused_and_answers_wait(
    open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()

    def probe(step: str) -> None:
        if full.is_set() and step == "before-commit":
            raise DiskFull

    monkeypatch.setattr(message_log, "AGAIN_SECONDS", 0.05)
    database = open_database(SCHEMA, probe=probe)
    service, log = interior(database), Log(database, PlainSealer())
    log.start()
    request = asked(1)
    log.request(request).result(SECONDS_MAX)
    full.set()
    log.response(answered(request))
    with pytest.raises(LogFailed):
        log.request(asked(2)).result(SECONDS_MAX)
    full.clear()
    log.request(asked(2)).result(SECONDS_MAX)
    log.stop()
    (found,) = service.search(OPERATOR, LogQuery(message_id="XA-1")).exchanges
    assert found.response == answered(request)


def test_stopping_writes_what_waits(database: Database, service: Service) -> None:
    log = Log(database, PlainSealer())
    log.start()
    futures = [log.request(asked(number)) for number in range(1_200)]
    for number in range(1_200):
        log.response(answered(asked(number)))
    log.stop()
    assert all(future.done() and future.exception() is None for future in futures)
    page = service.search(OPERATOR, LogQuery(page_size=1))
    assert (page.total, page.exchanges[0].response is None) == (1_200, False)
    assert verify(database).sound


CRASH = """
import os, sys
from pathlib import Path
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage import engine
from flagstone.platform.storage.database import Database
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.store.tables import SCHEMA
from tests.blocks.exchange.service.exchanges import PlainSealer, asked
steps = 0
def probe(step):
    global steps
    steps += step == sys.argv[2]
    if steps == 5:
        os._exit(9)
where = engine.sqlite(Path(sys.argv[1]))
database = Database(SCHEMA, where, "aralia/test/exchange", clock=SystemClock(), probe=probe)
log = Log(database, PlainSealer())
log.start()
for number in range(1000):
    future = log.request(asked(number))
    future.result(10)
    print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", ["row-written", "entries-written", "before-commit", "after-commit"])
def test_a_killed_process_loses_only_what_was_not_acknowledged(
    tmp_path: Path, clock: SetClock, step: str
) -> None:
    from flagstone.platform.storage import migration

    file = tmp_path / "exchange.sqlite"
    database = Database(SCHEMA, engine.sqlite(file), "aralia/test/exchange", clock=clock)
    migration.migrate(database)
    service = interior(database)
    command = [sys.executable, "-c", CRASH, str(file), step]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode == 9, killed.stderr
    acknowledged = {f"XA-{line}" for line in killed.stdout.split()}
    kept = {each.request.message_id for each in service.search(OPERATOR, LogQuery(page_size=500)).exchanges}
    assert acknowledged <= kept
    assert len(kept) - len(acknowledged) <= 1
    assert verify(database).sound
    database.close()


def filled(log: Log) -> None:
    for number in range(20):
        request = asked(number, seconds=number * 10)
        log.request(request).result(SECONDS_MAX)
        if number % 5 == 4:
            log.response(failed(request, "server.serverproxy.access_denied"))
        elif number != 7:
            log.response(answered(request, milliseconds=number))
    log.stop()


def test_every_part_of_a_query_narrows_it(log: Log, service: Service) -> None:
    filled(log)
    for query, count in (
        (LogQuery(), 20),
        (LogQuery(failed_only=True), 4),
        (LogQuery(fault="server.serverproxy.access_denied"), 4),
        (LogQuery(fault="other"), 0),
        (LogQuery(client=TAX, service=INDIVIDUALS, side=Side.PROVIDER), 20),
        (LogQuery(client=INDIVIDUALS.provider), 0),
        (LogQuery(side=Side.CONSUMER), 0),
        (LogQuery(since=AT + timedelta(seconds=100)), 10),
        (LogQuery(until=AT + timedelta(seconds=100)), 10),
        (LogQuery(message_id="XA-7"), 1),
    ):
        page = service.search(OPERATOR, query)
        assert (page.total, len(page.exchanges)) == (count, count), query
    first, second = (service.search(OPERATOR, LogQuery(page=page, page_size=15)) for page in (1, 2))
    assert [len(each.exchanges) for each in (first, second)] == [15, 5]
    assert first.exchanges[0].request.message_id == "XA-19"  # the newest first


def test_looking_is_recorded_and_not_for_everybody(service: Service) -> None:
    service.search(AUDITOR, LogQuery(message_id="XA-1"))
    entry = service.configuration.database.journal.entries()[-1]
    assert (entry.table, entry.actor.id) == ("log_search", AUDITOR.actor.id)
    assert entry.document["query"] == {"message_id": "XA-1", "page": "1"}
    for caller in (official("registrar"), GOVERNOR):
        with pytest.raises(NotPermitted):
            service.search(caller, LogQuery())
        with pytest.raises(NotPermitted):
            service.traffic(caller, AT, AT + timedelta(hours=1), 1)
    with pytest.raises(QueryInvalid):
        service.search(OPERATOR, LogQuery(page_size=501))


def test_traffic_is_counted_by_equal_spans(log: Log, service: Service) -> None:
    filled(log)
    first, second = service.traffic(AUDITOR, AT, AT + timedelta(seconds=200), 2)
    assert (first.at, first.seconds, first.service, first.side) == (AT, 100, INDIVIDUALS, Side.PROVIDER)
    assert (first.count, first.failed) == (9, 2)  # one was not answered
    assert (second.count, second.failed) == (10, 2)
    durations = sorted([10, 11, 12, 13, 5, 15, 16, 17, 18, 5])
    assert (second.milliseconds_median, second.milliseconds_p95) == (durations[4], durations[9])
    assert second.at == AT + timedelta(seconds=100)
    assert service.traffic(AUDITOR, AT - timedelta(hours=2), AT - timedelta(hours=1), 500) == ()
    for since, until, spans in ((AT, AT, 1), (AT, AT + timedelta(1), 0), (AT, AT + timedelta(1), 501)):
        with pytest.raises(QueryInvalid):
            service.traffic(AUDITOR, since, until, spans)


def test_old_messages_go_on_record(log: Log, service: Service, clock: SetClock) -> None:
    filled(log)
    database = service.configuration.database
    clock.advance(timedelta(days=30, seconds=100))
    assert retain(database, 30) == 10
    assert service.search(OPERATOR, LogQuery()).total == 10
    assert retain(database, 30) == 0
    clock.advance(timedelta(days=1))
    assert retain(database, 30) == 10
    removed = [each for each in database.journal.entries(limit=1_000) if each.operation == "del"]
    assert len(removed) == 39
    assert removed[0].reason.purpose == "The message log is kept for 30 days"
    assert verify(database).sound

# SPDX-License-Identifier: EUPL-1.2
"""Records are stamped in batches, whatever breaks in between; messages stop when stamps fail too long."""

from __future__ import annotations

import tracemalloc
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.rig import TAX, TSA_URLS, Asking
from tests.blocks.exchange.service.exchanges import PlainSealer
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.evidence import (
    EvidenceTooLarge,
    Signed,
    StampingPolicy,
    StampingStopped,
    StampRefused,
    Stop,
)
from flagstone.blocks.exchange.contract.log import LogFailed
from flagstone.blocks.exchange.service.evidence import stamping as room
from flagstone.blocks.exchange.service.evidence.archiving import Archiver
from flagstone.blocks.exchange.service.evidence.assembling import container_of
from flagstone.blocks.exchange.service.evidence.authorities import Authorities
from flagstone.blocks.exchange.service.evidence.making import Draft
from flagstone.blocks.exchange.service.evidence.stamping import Stamping
from flagstone.blocks.exchange.store import evidence
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.verification import verify

SEALER = PlainSealer()
SECONDS_MAX = 10


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database(SCHEMA)


@pytest.fixture
def ask(clock: SetClock) -> Asking:
    return Asking(clock)


def verdicts(database: Database, first: int, last: int) -> list[bool]:
    """Return whether the container of each record is good."""
    with database.reading() as view:
        files = [container_of(view, SEALER, each) for each in evidence.records(view, first, last)]
    return [each.good for each in rig.verify(*(each.content for each in files))]


@pytest.mark.parametrize("number", [1, 2, 3, 33])
def test_a_batch_has_one_token_and_every_container_is_good(
    database: Database, ask: Asking, number: int
) -> None:
    rig.fill(database, SEALER, number, body=b"body")
    stamper = rig.stamping(database, SEALER, ask)
    assert stamper.standing().waiting == number
    assert stamper.work() == number
    assert (len(ask.asked), stamper.standing().waiting) == (1, 0)
    assert verdicts(database, 1, number) == [True] * number
    assert stamper.work() == 0
    assert verify(database).sound


def test_more_than_a_batch_takes_several_tokens(database: Database, ask: Asking) -> None:
    rig.fill(database, SEALER, 25)
    assert rig.stamping(database, SEALER, ask, batch_max=10).work() == 25
    assert len(ask.asked) == 3
    assert verdicts(database, 1, 25) == [True] * 25


@pytest.mark.parametrize("dies_at", range(1, 6))
def test_a_process_that_ends_at_any_step_loses_no_token(
    open_database: OpenDatabase, ask: Asking, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    monkeypatch.setattr(room, "LINKS_AT_ONCE", 10)
    seen = 0

    def probe(step: str) -> None:
        nonlocal seen
        seen += step == "entries-written" and armed
        if armed and seen == dies_at:
            raise SystemExit

    armed = False
    database = open_database(SCHEMA, probe=probe)
    rig.fill(database, SEALER, 35)
    armed = True
    with pytest.raises(SystemExit):
        rig.stamping(database, SEALER, ask).work()
    armed = False
    tokens = len(ask.asked)
    left = rig.stamping(database, SEALER, ask)
    left.work()
    assert len(ask.asked) == tokens + (dies_at == 1)
    assert verdicts(database, 1, 35) == [True] * 35
    assert verify(database).sound


def test_the_second_authority_steps_in_and_is_asked_first_from_then_on(
    database: Database, ask: Asking
) -> None:
    stamper = rig.stamping(database, SEALER, ask)
    ask.down = {TSA_URLS[0]}
    rig.fill(database, SEALER, 3)
    stamper.work()
    assert ask.asked == list(TSA_URLS)
    assert stamper.decision().passes
    assert stamper.standing().failing_since is None
    assert verdicts(database, 1, 3) == [True] * 3
    ask.asked.clear()
    stamper._authorities.stamp(b"more")
    assert ask.asked == [TSA_URLS[1]]


def test_an_authority_whose_tokens_do_not_verify_is_passed_over(clock: SetClock) -> None:
    ask = Asking(clock)
    wrong = Authorities(
        rig.authorities(ask)._approved,
        lambda url, query: ask.trust.granted(query, clock.now(), 1),  # both answer as the second does
    )
    assert wrong.stamp(b"data").url == TSA_URLS[1]
    with pytest.raises(StampRefused, match="timestamp"):
        Authorities(lambda: rig.authorities(ask)._approved()[:1], wrong._ask).stamp(b"data")
    with pytest.raises(StampRefused, match="no authority"):
        Authorities(list, ask).stamp(b"data")


def test_messages_stop_after_the_acceptable_period_and_pass_again_by_themselves(
    database: Database, ask: Asking, clock: SetClock
) -> None:
    stamper = rig.stamping(database, SEALER, ask, failure_seconds_max=3_600)
    rig.fill(database, SEALER, 2)
    ask.down = set(TSA_URLS)
    for seconds in (0, 1_800, 1_800):
        clock.advance(timedelta(seconds=seconds))
        with pytest.raises(StampRefused, match="connection refused"):
            stamper.work()
        stamper.require_passing()
    clock.advance(timedelta(seconds=1))
    assert stamper.decision().why is Stop.FAILING
    with pytest.raises(StampingStopped, match="failing"):
        stamper.require_passing()
    again = rig.stamping(database, SEALER, ask, failure_seconds_max=3_600)
    assert not again.decision().passes  # a restart forgets nothing
    assert again.standing().last_fault == "exchange.time-stamp-refused"
    ask.down = set()
    assert again.work() == 2
    again.require_passing()
    assert again.standing().last_good_at == clock.now()


def test_without_an_authority_nothing_passes(database: Database, ask: Asking) -> None:
    stamper = Stamping(database, SEALER, rig.authorities(ask, count_=0), StampingPolicy())
    assert stamper.decision().why is Stop.NO_AUTHORITY


def test_what_a_writer_gives_back_is_signed_and_on_disk(database: Database, ask: Asking) -> None:
    stamper = rig.stamping(database, SEALER, ask)
    writer = rig.writer(database, SEALER, stamper)
    waiting = [writer.submit(rig.about(n), each) for n, each in enumerate(rig.drafts(30, body=b"b"), 1)]
    assert all(isinstance(each.exception(SECONDS_MAX), LogFailed) for each in waiting)  # it does not run yet
    writer.start()
    try:
        waiting = [writer.submit(rig.about(n), each) for n, each in enumerate(rig.drafts(30, body=b"b"), 1)]
        signed = [each.result(SECONDS_MAX) for each in waiting]
        peer = writer.submit(rig.about(31, is_response=True), signed[0])
        assert peer.result(SECONDS_MAX) == signed[0]
        large = writer.submit(rig.about(32), Draft(b"x", (bytes(12 * 1024 * 1024),)))
        assert isinstance(large.exception(SECONDS_MAX), EvidenceTooLarge)
        assert writer.status().kept == 31
    finally:
        writer.stop()
    assert len({each.signature for each in signed}) < 30  # what waited was signed together
    stamper.work()
    assert verdicts(database, 1, 30) == [True] * 30
    with database.reading() as view:
        found = evidence.found(view, "XA-7", str(TAX))
    assert [each["is_response"] for each in found] == [False]


def test_nothing_is_signed_or_kept_while_messages_stop(
    database: Database, ask: Asking, clock: SetClock
) -> None:
    stamper = rig.stamping(database, SEALER, ask, failure_seconds_max=0)
    rig.fill(database, SEALER, 1)
    ask.down = set(TSA_URLS)
    with pytest.raises(StampRefused):
        stamper.work()
    clock.advance(timedelta(seconds=2))
    writer = rig.writer(database, SEALER, stamper)
    writer.start()
    try:
        refused = writer.submit(rig.about(2), Draft(rig.request_head(2)))
        assert isinstance(refused.exception(SECONDS_MAX), StampingStopped)
        assert stamper.standing().waiting == 1
        ask.down = set()
        stamper.work()
        assert isinstance(writer.submit(rig.about(2), Draft(rig.request_head(2))).result(SECONDS_MAX), Signed)
    finally:
        writer.stop()


def test_in_immediate_mode_each_batch_of_signatures_is_stamped_before_it_is_kept(
    database: Database, ask: Asking
) -> None:
    stamper = rig.stamping(database, SEALER, ask, immediate=True)
    writer = rig.writer(database, SEALER, stamper)
    writer.start()
    try:
        for number, draft in enumerate(rig.drafts(3), 1):
            writer.submit(rig.about(number), draft).result(SECONDS_MAX)
        assert stamper.standing().waiting == 0
        ask.down = set(TSA_URLS)
        writer.submit(rig.about(4), Draft(rig.request_head(4))).result(SECONDS_MAX)
        assert stamper.standing().waiting == 1  # within the period it may be stamped later
    finally:
        writer.stop()
    ask.down = set()
    stamper.work()
    assert verdicts(database, 1, 4) == [True] * 4


@pytest.mark.long
def test_ten_thousand_records_are_stamped_and_archived_in_flat_memory(
    open_database: OpenDatabase, ask: Asking, tmp_path: Path
) -> None:
    database = open_database(SCHEMA)
    rig.fill(database, SEALER, 10_000, at_once=500)
    stamper = rig.stamping(database, SEALER, ask)
    tracemalloc.start()
    assert stamper.work() == 10_000
    _, stamping_peak = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    (file,) = Archiver(database, SEALER, tmp_path / "archives").work()
    _, archiving_peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(ask.asked) == 1
    assert len(zipfile.ZipFile(file).namelist()) == 10_001
    assert stamping_peak < 96 * 1024 * 1024
    assert archiving_peak < 32 * 1024 * 1024

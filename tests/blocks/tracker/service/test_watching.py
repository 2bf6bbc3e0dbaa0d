# SPDX-License-Identifier: EUPL-1.2
"""Unusual reading is noticed once, settled once, and a pseudonym is uncovered on record only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.blocks.tracker.agency import (
    NAMES,
    OFFICIAL_CODE,
    OWNER,
    Agency,
    make_agency,
    official,
    person,
    system,
)
from tests.contracts.registers import JAAN, MARI

from flagstone.blocks.tracker import jobs, store
from flagstone.blocks.tracker.contract import (
    NotPermitted,
    OfficialUnknown,
    Period,
    QuestionInvalid,
    SignalKind,
    SignalUnknown,
    UsageUnknown,
)
from flagstone.blocks.tracker.model.signals import Thresholds
from flagstone.blocks.tracker.service.terms import Terms
from flagstone.kernel.audit import Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.sql import select

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

CODES = (MARI, JAAN, *(f"4{number:010}" for number in range(12)))
TERMS = Terms(OWNER, frozenset({"10000001"}), NAMES, thresholds=Thresholds(rate_min=10, same_person_min=5))
AUDITOR = official("auditor", code=JAAN)


@pytest.fixture
def agency(open_database: OpenDatabase, clock: SetClock) -> Agency:
    return make_agency(open_database, clock, CODES, TERMS)


def watched(agency: Agency) -> list[SignalKind]:
    """Return the kinds of the signals that looking now raises."""
    agency.clock.advance(timedelta(seconds=5))
    return [signal.kind for signal in agency.tracker.watch()]


def test_a_read_without_a_case_is_noticed_once_a_day(agency: Agency) -> None:
    agency.read(official("clerk"), MARI, case="C-1")
    assert watched(agency) == []
    agency.read(official("clerk"), MARI)
    agency.read(system(), MARI)
    agency.read(person(MARI), MARI)
    assert watched(agency) == [SignalKind.NO_CASE]
    agency.read(official("clerk"), JAAN)
    assert watched(agency) == []
    agency.clock.advance(timedelta(days=1))
    agency.read(official("clerk"), JAAN)
    assert watched(agency) == [SignalKind.NO_CASE]
    assert watched(agency) == []


def test_a_system_speaks_for_its_official(agency: Agency) -> None:
    agency.read(system(on_behalf="user-7"), MARI)
    assert watched(agency) == [SignalKind.NO_CASE]
    signal = agency.tracker.signals(AUDITOR)[0]
    assert signal.organisation == "10000009"
    found = agency.tracker.uncover(AUDITOR, signal.official, Reason("looking into a signal"))
    assert (found.id, found.organisation) == ("user-7", "10000009")


def test_a_person_in_a_matter_of_her_own_is_no_official(open_database: OpenDatabase, clock: SetClock) -> None:
    terms = replace(TERMS, own_matters=frozenset({"XA/GOV/10000009/assessments"}))
    agency = make_agency(open_database, clock, CODES, terms)
    for _ in range(12):
        agency.read(system("XA/GOV/10000009/assessments", on_behalf="mother"), MARI)
    assert watched(agency) == []
    agency.read(system(on_behalf="mother"), MARI)
    assert watched(agency) == [SignalKind.NO_CASE]


def test_a_sudden_rate_and_the_same_person_often(agency: Agency) -> None:
    for code in CODES[:11]:
        agency.read(official("clerk"), code, case="C-1")
    assert watched(agency) == [SignalKind.SUDDEN_RATE]
    for _ in range(5):
        agency.read(official("clerk", code=JAAN), MARI, case="C-2")
    assert watched(agency) == [SignalKind.SAME_PERSON_OFTEN]


def test_many_batches_are_counted_once(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagstone.blocks.tracker.service.watching.BATCH", 3)
    for _ in range(8):
        agency.read(official("clerk"), MARI, case="C-1")
    agency.clock.advance(timedelta(seconds=5))
    assert jobs.watch(agency.tracker) == 1
    with agency.database.reading() as view:
        assert [row["reads"] for row in view.rows(select(store.tallies))] == [8]


def test_looking_again_writes_nothing(agency: Agency) -> None:
    agency.read(official("clerk"), MARI)
    watched(agency)
    before = agency.database.journal.head()
    assert watched(agency) == []
    assert agency.database.journal.head() == before


def test_only_the_agencys_own_auditors_look(agency: Agency) -> None:
    agency.read(official("clerk"), MARI)
    watched(agency)
    assert [signal.kind for signal in agency.tracker.signals(AUDITOR)] == [SignalKind.NO_CASE]
    others = (official("clerk", "registrar"), official("auditor", organisation="10000009"), person(MARI))
    for caller in others:
        with pytest.raises(NotPermitted):
            agency.tracker.signals(caller)
        with pytest.raises(NotPermitted):
            agency.tracker.settle(caller, "x", "words")
        with pytest.raises(NotPermitted):
            agency.tracker.uncover(caller, "x", Reason("curiosity"))
    for caller in (official("clerk"), official("registrar", organisation="10000009"), person(MARI)):
        with pytest.raises(NotPermitted):
            agency.tracker.questions(caller)
        with pytest.raises(NotPermitted):
            agency.tracker.answer(caller, "x", "words")


def test_a_signal_is_settled_once_with_words(agency: Agency) -> None:
    agency.read(official("clerk"), MARI)
    watched(agency)
    number = agency.tracker.signals(AUDITOR)[0].id
    with pytest.raises(QuestionInvalid):
        agency.tracker.settle(AUDITOR, number, " ")
    settled = agency.tracker.settle(AUDITOR, number, "She had forgotten to write the case down.")
    assert (settled.settled_at, settled.settled_words[:7]) == (agency.clock.now(), "She had")
    for unknown in (number, "nothing"):
        with pytest.raises(SignalUnknown):
            agency.tracker.settle(AUDITOR, unknown, "Again.")


def test_uncovering_is_written_down_with_its_reason(agency: Agency) -> None:
    agency.read(official("clerk"), MARI)
    watched(agency)
    pseudonym = agency.tracker.signals(AUDITOR)[0].official
    found = agency.tracker.uncover(AUDITOR, f" {pseudonym.lower()} ", Reason("looking into a signal"))
    assert (found.id, found.name) == (OFFICIAL_CODE, "Olev Official")
    last = list(agency.database.journal.entries(0, 1_000))[-1]
    assert (last.table, last.reason.purpose) == ("uncovering", "looking into a signal")
    assert last.actor.id == JAAN
    with pytest.raises(OfficialUnknown):
        agency.tracker.uncover(AUDITOR, "222222", Reason("guessing"))
    assert OFFICIAL_CODE not in repr(found)


def test_whoever_asks_about_others_can_be_uncovered(agency: Agency) -> None:
    with pytest.raises(UsageUnknown):
        agency.tracker.find_usage(person(JAAN), PersonCode(MARI), Period())
    usage = agency.tracker.find_usage(person(MARI), PersonCode(MARI), Period()).usages[0]
    assert agency.tracker.uncover(AUDITOR, usage.official, Reason("a complaint")).id == JAAN


def test_somebody_with_a_mandate_is_let_in(open_database: OpenDatabase, clock: SetClock) -> None:
    terms = replace(TERMS, mandates=lambda delegate, of: (delegate, of) == (JAAN, MARI))
    agency = make_agency(open_database, clock, (MARI, JAAN), terms)
    agency.read(system(), MARI)
    assert agency.tracker.find_usage(person(JAAN), PersonCode(MARI), Period()).total == 1
    with pytest.raises(UsageUnknown):
        agency.tracker.find_usage(person(MARI), PersonCode(JAAN), Period())

# SPDX-License-Identifier: EUPL-1.2
"""What a tracker promises a person, on every form of it: who used her data, and why she may ask."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flagstone.blocks.tracker.contract import (
    Period,
    PeriodInvalid,
    QuestionInvalid,
    Tracker,
    UsageKind,
    UsageUnknown,
)
from flagstone.kernel.ids import PersonCode
from tests.blocks.tracker.agency import Agency, make_agency, official, person, system
from tests.contracts.registers import JAAN, MARI

if TYPE_CHECKING:
    from flagstone.kernel.clock import SetClock
    from tests.conftest import OpenDatabase

HER, HIM = PersonCode(MARI), PersonCode(JAAN)
EVER = Period()


@pytest.fixture
def agency(open_database: OpenDatabase, clock: SetClock) -> Agency:
    return make_agency(open_database, clock, (MARI, JAAN))


@pytest.fixture(params=["service", "http"])
def tracker(request: pytest.FixtureRequest, agency: Agency) -> Tracker:
    return agency.tracker if request.param == "service" else agency.over_http()


def test_tells_a_person_who_used_her_data(agency: Agency, tracker: Tracker) -> None:
    said = {"legal_basis": "Tax Act § 5", "message_reference": "m-1", "case": "T-7"}
    agency.read(system(), MARI, "Assessing a return", **said)
    page = tracker.find_usage(person(MARI), HER, EVER)
    assert (page.total, page.hidden) == (1, 0)
    usage = page.usages[0]
    assert usage.logtime == agency.clock.now()
    assert (usage.receiver_code, usage.receiver_name) == ("10000009", "Tax and Customs Board")
    assert usage.receiver_system == "XA/GOV/10000009/declarations"
    assert (usage.purpose, usage.legal_basis) == ("Assessing a return", "Tax Act § 5")
    assert (usage.message_id, usage.case, usage.register) == ("m-1", "T-7", "people")
    assert "given_name" in usage.fields
    assert usage.action == "Read Personal code, Given name in People"
    assert not usage.own
    assert not usage.official
    assert page.receivers["10000009"]["et"] == "Maksu- ja Tolliamet"
    assert page.registers["people"].fields["given_name"] == {"en": "Given name"}
    assert tracker.find_usage(person(JAAN), HIM, EVER).total == 0


def test_several_logs_are_one_the_newest_first(agency: Agency, tracker: Tracker) -> None:
    for number in range(9):
        agency.clock.advance(timedelta(seconds=1))
        if number % 3 == 0:
            agency.tracker.record([agency.use(MARI, action=f"use {number}")])
        else:
            agency.read(official("clerk"), MARI, f"purpose {number}")
    every = tracker.find_usage(person(MARI), HER, EVER)
    assert every.total == 9
    assert [one.logtime for one in every.usages] == sorted(
        (one.logtime for one in every.usages), reverse=True
    )
    pages = [
        tracker.find_usage(person(MARI), HER, EVER, offset=offset, limit=2) for offset in range(0, 12, 2)
    ]
    assert [one for page in pages for one in page.usages] == list(every.usages)
    assert {page.total for page in pages} == {9}
    kept = every.usages[2]
    assert (kept.action, kept.register, kept.fields) == ("use 6", "payments", ("sum",))


def test_a_period_ends_before_its_end(agency: Agency, tracker: Tracker) -> None:
    start = agency.clock.now()
    for _ in range(3):
        agency.read(system(), MARI)
        agency.tracker.record([agency.use(MARI)])
        agency.clock.advance(timedelta(hours=1))
    hour = timedelta(hours=1)
    assert tracker.find_usage(person(MARI), HER, Period(start + hour, start + 2 * hour)).total == 2
    assert tracker.find_usage(person(MARI), HER, Period(start + hour)).total == 4
    assert tracker.find_usage(person(MARI), HER, Period(None, start + hour)).total == 2
    with pytest.raises(PeriodInvalid):
        tracker.find_usage(person(MARI), HER, Period(start, start))
    with pytest.raises(PeriodInvalid):
        tracker.find_usage(person(MARI), HER, EVER, limit=1_001)


def test_officials_have_pseudonyms_and_no_names(agency: Agency, tracker: Tracker) -> None:
    agency.read(official("clerk"), MARI)
    agency.read(official("clerk"), MARI)
    agency.read(official("clerk", code=JAAN), MARI)
    usages = tracker.find_usage(person(MARI), HER, EVER).usages
    names = {usage.official for usage in usages}
    assert len(names) == 2
    assert all(len(name) == 6 for name in names)
    assert "Olev" not in repr(usages)
    assert usages[0].receiver_code == "10000001"


def test_her_own_looks_are_marked(agency: Agency, tracker: Tracker) -> None:
    agency.read(person(MARI), MARI)
    usage = tracker.find_usage(person(MARI), HER, EVER).usages[0]
    assert usage.own
    assert not usage.official
    assert agency.tracker.find_usage(official("clerk", code=MARI), HER, EVER).total == 1


def test_hidden_ones_are_counted_and_not_described_until_their_date(agency: Agency, tracker: Tracker) -> None:
    until = agency.clock.now() + timedelta(days=30)
    agency.read(system(), MARI, "Investigating a crime", hidden_until=until)
    use = agency.use(MARI)
    hidden = type(use.reason)("Investigating", hidden_until=until)
    agency.tracker.record([agency.use(MARI, reason=hidden), use])
    page = tracker.find_usage(person(MARI), HER, EVER)
    assert (page.total, len(page.usages), page.hidden) == (1, 1, 2)
    assert "Investigating" not in repr(page)
    narrow = Period(agency.clock.now() + timedelta(days=1), agency.clock.now() + timedelta(days=2))
    assert tracker.find_usage(person(MARI), HER, narrow).hidden == 2
    agency.clock.advance(timedelta(days=30))
    page = tracker.find_usage(person(MARI), HER, EVER)
    assert (page.total, page.hidden) == (3, 0)
    assert "Investigating a crime" in {usage.purpose for usage in page.usages}


def test_asking_about_another_is_refused_and_she_is_told(agency: Agency, tracker: Tracker) -> None:
    agency.read(system(), MARI)
    for caller in (person(JAAN), official("auditor", "registrar", "clerk")):
        with pytest.raises(UsageUnknown):
            tracker.find_usage(caller, HER, EVER)
    with pytest.raises(UsageUnknown):
        tracker.find_usage(person(JAAN), PersonCode("60001019906"), EVER)  # who is not known here at all
    page = tracker.find_usage(person(MARI), HER, EVER)
    asked = [usage for usage in page.usages if usage.kind is UsageKind.ASKED]
    assert (page.total, len(asked)) == (3, 2)
    assert len({usage.official for usage in asked}) == 2
    assert JAAN not in repr(asked)


def test_she_asks_why_and_reads_the_answer(agency: Agency, tracker: Tracker) -> None:
    agency.read(official("clerk"), MARI)
    agency.tracker.record([agency.use(MARI)])
    usages = tracker.find_usage(person(MARI), HER, EVER).usages
    for usage in usages:
        asked = tracker.ask_why(person(MARI), HER, usage.id, f" Why\r\n{usage.action}? ")
        assert asked.text == f"Why\n{usage.action}?"
        agency.clock.advance(timedelta(seconds=1))
    mine = tracker.questions_of(person(MARI), HER)
    assert [question.usage.id for question in mine] == [usage.id for usage in reversed(usages)]
    agency.tracker.answer(official("registrar"), mine[0].id, "It was a mistake.")
    answered = tracker.questions_of(person(MARI), HER)[0]
    assert (answered.answer, answered.answered_at) == ("It was a mistake.", agency.clock.now())
    assert tracker.questions_of(person(JAAN), HIM) == ()


def test_only_ones_own_and_visible_usages_can_be_asked_about(agency: Agency, tracker: Tracker) -> None:
    agency.read(system(), MARI)
    agency.read(system(), MARI, hidden_until=agency.clock.now() + timedelta(days=1))
    usage = tracker.find_usage(person(MARI), HER, EVER).usages[0]
    readings = agency.registry_database.journal.entries(0, 1_000)
    hidden = next(one.key for one in readings if one.document.get("hidden_until"))
    with pytest.raises(UsageUnknown):
        tracker.ask_why(person(MARI), HER, hidden, "Why?")
    with pytest.raises(UsageUnknown):
        tracker.ask_why(person(JAAN), HIM, usage.id, "Why?")
    with pytest.raises(UsageUnknown):
        tracker.ask_why(person(MARI), HER, "no-such-usage", "Why?")
    for text in ("", "  \n ", "a" * 2_001, "a\0b"):
        with pytest.raises(QuestionInvalid):
            tracker.ask_why(person(MARI), HER, usage.id, text)


def test_tells_from_when_on_and_that_it_is_well(tracker: Tracker) -> None:
    assert tracker.usage_period().start is not None
    assert tracker.usage_period().end is None
    tracker.heartbeat()

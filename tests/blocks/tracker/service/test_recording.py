# SPDX-License-Identifier: EUPL-1.2
"""Uses that the exchange tells of are recorded once, and messages that name nobody raise a signal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.blocks.tracker.agency import Agency, make_agency, official, person
from tests.contracts.registers import JAAN, MARI

from flagstone.blocks.tracker.contract import Period, RegisterWords, SignalKind, Unread
from flagstone.blocks.tracker.service.terms import Terms
from flagstone.kernel.ids import PersonCode, fresh_uuid

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

HER = PersonCode(MARI)
WORDS = {"payments": RegisterWords({"en": "Payments", "et": "Maksed"})}
AUDITOR = official("auditor")


@pytest.fixture
def agency(open_database: OpenDatabase, clock: SetClock) -> Agency:
    terms = Terms("XA/GOV/10000001", frozenset({"10000001"}), services=lambda: WORDS)
    return make_agency(open_database, clock, (MARI, JAAN), terms)


def test_a_use_that_is_told_again_is_one_use(agency: Agency) -> None:
    at = agency.clock.now() - timedelta(seconds=4)
    use = agency.use(MARI, id=str(fresh_uuid(at)), at=at)
    other = agency.use(MARI, id=str(fresh_uuid(at)), at=at)
    assert agency.tracker.record([use]) == 1
    assert agency.tracker.record([use, other]) == 1
    assert agency.tracker.record([use, other]) == 0
    page = agency.tracker.find_usage(person(MARI), HER, Period())
    assert {(usage.id, usage.logtime) for usage in page.usages} == {(use.id, at), (other.id, at)}


def test_a_use_can_be_asked_about_by_its_own_id(agency: Agency) -> None:
    at = agency.clock.now() - timedelta(hours=4)
    use = agency.use(MARI, id=str(fresh_uuid(at)), at=at)
    agency.tracker.record([use])
    assert agency.tracker.ask_why(person(MARI), HER, use.id, "Why?").usage.id == use.id


def test_a_service_is_told_of_by_its_own_name(agency: Agency) -> None:
    agency.tracker.record([agency.use(MARI)])
    page = agency.tracker.find_usage(person(MARI), HER, Period())
    assert page.registers == {"payments": RegisterWords({"en": "Payments", "et": "Maksed"})}


def unread(agency: Agency, number: int, service: str = "XA/GOV/1/a/b") -> Unread:
    return Unread(f"exchange-{number}", "10000009", service, agency.clock.now())


def test_a_message_that_names_nobody_raises_a_signal(agency: Agency) -> None:
    for number in range(3):
        agency.tracker.unread(unread(agency, number))
    agency.tracker.unread(unread(agency, 3, "XA/GOV/1/a/c"))
    signals = agency.tracker.signals(AUDITOR)
    assert {(one.kind, one.organisation, one.register, one.count) for one in signals} == {
        (SignalKind.PERSON_UNREAD, "10000009", "XA/GOV/1/a/b", 3),
        (SignalKind.PERSON_UNREAD, "10000009", "XA/GOV/1/a/c", 1),
    }


def test_after_a_signal_is_settled_the_next_message_raises_another(agency: Agency) -> None:
    agency.tracker.unread(unread(agency, 1))
    agency.tracker.settle(AUDITOR, agency.tracker.signals(AUDITOR)[0].id, "They were told.")
    agency.tracker.unread(unread(agency, 1))  # told again
    assert [one.settled_at is None for one in agency.tracker.signals(AUDITOR)] == [False]
    agency.tracker.unread(unread(agency, 2))
    assert [one.settled_at is None for one in agency.tracker.signals(AUDITOR)] == [True, False]

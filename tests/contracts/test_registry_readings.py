# SPDX-License-Identifier: EUPL-1.2
"""What the registry promises of readings: pages, spans of time, hiding and counting, on every form of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flagstone.blocks.registry.contract.faults import NotPermitted, QueryInvalid
from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import ActorKind, Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from tests.contracts.registers import (
    CLERK,
    JAAN,
    MARI,
    REGISTRAR,
    SITE,
    WHY,
    definition,
    official,
    person,
    someone,
    system,
)
from tests.contracts.registers import PEOPLE as PEOPLE_OF_OLD

HERS = PersonCode(MARI)
AUDITOR, TRACKER = official("auditor"), system("tracker")
ASKER = system("exchange", on_behalf="XA36003030003")
PEOPLE = {**PEOPLE_OF_OLD, "version": "1.1"}
PEOPLE["permits"] = {**PEOPLE_OF_OLD["permits"], "exchange": ["read", "list"]}
AFAR = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def asked(registry: Registry) -> Registry:
    """A registry whose people may be read through the exchange, with Mari and Jaan in it."""
    registry.publish(SITE, definition(PEOPLE), WHY)
    someone(registry, given_name="Mari")
    someone(registry, JAAN)
    return registry


def read(registry: Registry, reason: Reason = WHY) -> None:
    registry.read(ASKER, "people", "P-000001", reason)


def test_a_reading_tells_of_its_case_and_its_end_user(asked: Registry) -> None:
    why = Reason("Handling a case", "Tax Act § 3", "message-1", "C-1")
    read(asked, why)
    (hers,) = asked.readings_of(person(MARI), HERS)
    assert hers.reason == why
    assert (hers.actor_kind, hers.on_behalf) == (ActorKind.SYSTEM, "")
    (seen,) = asked.readings_of(TRACKER, HERS)
    assert seen.on_behalf == "XA36003030003"
    assert replace(seen, on_behalf="") == hers


def test_readings_come_in_pages_within_a_span(asked: Registry, clock: SetClock) -> None:
    start = clock.now()
    for number in range(5):
        read(asked, replace(WHY, message_reference=f"message-{number}"))
        clock.advance(timedelta(hours=1))

    def references(**sought: object) -> list[str]:
        found = asked.readings_of(person(MARI), HERS, **sought)  # type: ignore[arg-type]
        return [one.reason.message_reference[-1] for one in found]

    assert references() == ["4", "3", "2", "1", "0"]
    assert references(offset=1, limit=2) == ["3", "2"]
    assert references(offset=5) == []
    second, fourth = start + timedelta(hours=1), start + timedelta(hours=3)
    assert references(since=second, until=fourth) == ["2", "1"]
    assert references(since=second, offset=1, limit=1) == ["3"]
    assert asked.count_readings_of(person(MARI), HERS, since=second) == 4
    assert asked.count_readings_of(person(MARI), HERS, "people", until=fourth) == 3
    assert asked.count_readings_of(person(MARI), HERS, "places") == 0
    assert references(since=fourth, until=second) == []


@pytest.mark.parametrize("bound", [{"limit": 0}, {"limit": 1001}, {"offset": -1}, {"offset": 2**64}])
def test_a_page_past_its_bounds_is_refused(registry: Registry, bound: dict[str, int]) -> None:
    with pytest.raises(QueryInvalid):
        registry.readings_of(person(MARI), HERS, **bound)  # type: ignore[arg-type]


def test_a_hidden_reading_is_counted_and_not_shown_until_its_day(asked: Registry, clock: SetClock) -> None:
    ends = clock.now() + timedelta(days=30)
    read(asked, replace(WHY, hidden_until=ends, case="C-9"))
    clock.advance(timedelta(seconds=-1))
    read(asked)
    clock.advance(timedelta(seconds=1))
    herself = person(MARI)
    assert len(asked.readings_of(herself, HERS)) == asked.count_readings_of(herself, HERS) == 1
    assert len(asked.read_log(herself, "people", "P-000001")) == 1
    assert asked.hidden_readings_of(herself, HERS) == 1
    assert asked.hidden_readings_of(herself, HERS, since=clock.now() + timedelta(seconds=1)) == 0
    assert asked.hidden_readings_of(herself, HERS, until=clock.now()) == 0
    for caller in (AUDITOR, TRACKER):
        assert asked.count_readings_of(caller, HERS) == len(asked.readings_of(caller, HERS)) == 2
        assert asked.hidden_readings_of(caller, HERS) == 1
    assert len(asked.read_log(REGISTRAR, "people", "P-000001")) == 2
    clock.advance(timedelta(days=30))
    newest = asked.readings_of(herself, HERS)[0]
    assert (newest.reason.hidden_until, newest.reason.case) == (ends, "C-9")
    assert asked.hidden_readings_of(herself, HERS) == 0


def test_no_role_shows_a_human_what_is_hidden_from_herself(asked: Registry) -> None:
    read(asked, replace(WHY, hidden_until=AFAR))
    herself = person(MARI)
    with_roles = replace(herself, roles=herself.roles | {"auditor", "tracker", "registrar"})
    assert asked.readings_of(with_roles, HERS) == ()
    assert asked.count_readings_of(with_roles, HERS) == 0
    assert asked.read_log(with_roles, "people", "P-000001") == ()


def test_only_through_the_exchange_can_a_reading_be_hidden(asked: Registry) -> None:
    hidden = replace(WHY, hidden_until=AFAR)
    for refused in (
        lambda: asked.read(CLERK, "people", "P-000001", hidden),
        lambda: asked.find(REGISTRAR, "people", Query(), hidden),
        lambda: asked.read(official("clerk", "exchange"), "people", "P-000001", hidden),
        lambda: asked.update(REGISTRAR, "people", "P-000001", {"given_name": "Eve"}, hidden),
    ):
        with pytest.raises(NotPermitted):
            refused()
    asked.read(person(MARI), "people", "P-000001", hidden)
    (own,) = asked.readings_of(person(MARI), HERS)
    assert own.reason.hidden_until is None
    assert asked.read(REGISTRAR, "people", "P-000001", WHY).data["given_name"] == "Mari"


def test_nobody_else_learns_of_readings(asked: Registry) -> None:
    read(asked)
    for caller in (person(JAAN), CLERK, system("exchange"), official("tracker")):
        for refused in (asked.readings_of, asked.count_readings_of, asked.hidden_readings_of):
            with pytest.raises(NotPermitted):
                refused(caller, HERS)
        with pytest.raises(NotPermitted):
            asked.readings_by_message(caller, AFAR, AFAR)


def test_readings_are_counted_by_message(asked: Registry, clock: SetClock) -> None:
    start = clock.now()
    asked.find(ASKER, "people", Query(), replace(WHY, message_reference="both"))
    read(asked, replace(WHY, message_reference="one", hidden_until=AFAR))
    read(asked, replace(WHY, message_reference=""))
    clock.advance(timedelta(hours=1))
    read(asked, replace(WHY, message_reference="later"))
    for caller in (AUDITOR, TRACKER):
        assert asked.readings_by_message(caller, start, clock.now()) == {"both": 2, "one": 1}
    assert asked.readings_by_message(TRACKER, clock.now(), AFAR) == {"later": 1}

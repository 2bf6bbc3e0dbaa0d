# SPDX-License-Identifier: EUPL-1.2
"""Facts from many agencies at once: who is silent, slow or talks nonsense is named, and nobody else waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any, cast

import pytest
from tests.blocks.identity.site import MARI
from tests.blocks.portal.site import INDIVIDUALS, MARIS, PERMITS, made_field, record, words

from flagstone.blocks.portal.contract import PersonNeeded
from flagstone.blocks.portal.service.facts import Facts, Patience, PersonFacts
from flagstone.blocks.portal.service.sources import KEPT_SECONDS, Source
from flagstone.blocks.registry.contract.faults import DefinitionInvalid, NotPermitted, RecordMissing
from flagstone.blocks.registry.contract.record import OWN_ACCESS, Page, Query, Record
from flagstone.blocks.registry.contract.register import Link, RegisterDefinition, RegisterKind
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.asking import Asking, AskingBounds, Outcome
from flagstone.platform.http.client import AnswerRefused, SiteUnreachable
from flagstone.platform.http.principal import Principal

WHO = Principal(
    Caller(Actor(ActorKind.PERSON, MARI, "Mari"), frozenset({"signed-in"})), person=MARI, name="Mari"
)

PLACES = RegisterDefinition(
    "locations",
    "1.0",
    words("Places"),
    RegisterKind.LOCATIONS,
    "XA/GOV/3",
    (made_field("code"), made_field("name")),
    key="code",
    display=("name",),
)
FIRMS = RegisterDefinition(
    "organisations",
    "1.0",
    words("Organisations"),
    RegisterKind.ORGANISATIONS,
    "XA/GOV/4",
    (made_field("code"), made_field("name"), made_field("address"), made_field("owner", personal=True)),
    key="code",
    persons=("owner",),
    display=("name",),
    links=(Link("address", "locations", hard=False),),
)
FIRM = record("organisations", "F1", code="F1", name="Mari's mill", address="A7", owner=MARI)


class Agency:
    """A registry far away: what it holds, what it was asked, and what goes wrong with it."""

    def __init__(self, definitions: tuple[RegisterDefinition, ...], *records: Record) -> None:
        self.known, self.records = definitions, records
        self.public: dict[tuple[str, str], Record] = {}
        self.asked: list[str] = []
        self.reasons: list[Reason] = []
        self.before: Callable[[], object] = lambda: None
        self.before_names: Callable[[], object] = lambda: None

    def definitions(self, caller: Caller) -> tuple[RegisterDefinition, ...]:
        self.asked.append("definitions")
        return self.known

    def facts_about(self, caller: Caller, person: PersonCode, reason: Reason) -> tuple[Record, ...]:
        self.asked.append("facts")
        self.reasons.append(reason)
        self.before()
        assert (caller.actor.kind, caller.actor.id) == (ActorKind.PERSON, str(person))
        assert caller.roles == {"signed-in"}
        return self.records

    def find(self, caller: Caller, register: str, query: Query, reason: Reason) -> Page:
        self.asked.append("find")
        self.before_names()
        [(_, value)] = query.filters.items()
        assert query.fields == {"name"}
        found = self.public.get((register, value))
        return Page((found,) if found else (), int(found is not None), 1, 1)

    def read(self, caller: Caller, register: str, record_id: str, reason: Reason) -> Record:
        self.asked.append("read")
        if (register, record_id) not in self.public:
            raise RecordMissing
        return self.public[register, record_id]


class Passing:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def interior() -> Agency:
    made = Agency((INDIVIDUALS, PLACES), MARIS[1])
    made.public["locations", "A7"] = record("locations", "A7", code="A7", name="Long street 7")
    return made


@pytest.fixture
def justice() -> Agency:
    return Agency((FIRMS,), FIRM)


@pytest.fixture
def transport() -> Agency:
    return Agency((PERMITS,), MARIS[0])


@pytest.fixture
def passing() -> Passing:
    return Passing()


@pytest.fixture
def asking() -> Iterator[Asking]:
    made = Asking(AskingBounds(failures_max=3, pause_seconds=10))
    yield made
    made.close()


Gather = Callable[[], Facts]


@pytest.fixture
def gather(interior: Agency, justice: Agency, transport: Agency, asking: Asking, passing: Passing) -> Gather:
    """Ask the three agencies, each of which may take a fifth of a second."""
    named = {"justice": justice, "transport": transport, "interior": interior}
    sources = [
        Source.here(code, words(code.capitalize()), cast("Registry", agency))
        for code, agency in named.items()
    ]
    patience = Patience(source_seconds_max=0.2, page_seconds_max=0.3)
    facts = PersonFacts(sources, asking, patience=patience, clock=passing)
    return lambda: facts.about(WHO, "message-1")


def missing(facts: Facts) -> dict[str, Outcome]:
    return {each.name["en"]: each.outcome for each in facts.missing}


def raising(error: Exception) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


def test_every_agency_says_what_it_knows_the_person_first(gather: Gather) -> None:
    found = gather()
    assert [held.definition.code for held in found.registers] == ["individuals", "organisations", "driving"]
    assert [held.source.name["en"] for held in found.registers] == ["Interior", "Justice", "Transport"]
    assert found.missing == ()


def test_a_name_is_found_at_another_agency_without_seeing_anybody(gather: Gather, interior: Agency) -> None:
    [firm] = gather().registers[1].records
    assert firm.linked == {"address": "Long street 7"}
    assert interior.asked.count("find") == 1


def test_a_second_page_costs_one_call_for_each_agency(
    gather: Gather, interior: Agency, justice: Agency, passing: Passing
) -> None:
    gather()
    interior.asked.clear()
    justice.asked.clear()
    again = gather()
    assert again.registers[1].records[0].linked == {"address": "Long street 7"}
    assert interior.asked == justice.asked == ["facts"]
    passing.seconds += KEPT_SECONDS + 1
    interior.asked.clear()
    gather()
    assert sorted(interior.asked) == ["definitions", "facts", "find"]


def test_a_changed_register_is_learned_at_once(gather: Gather, transport: Agency) -> None:
    gather()
    transport.known = (replace(PERMITS, version="2.0", title=words("Licences")),)
    transport.records = (replace(MARIS[0], version="2.0"),)
    shown = gather().registers[-1]
    assert shown.definition.title["en"] == "Licences"


def test_who_is_silent_slow_or_talks_nonsense_is_named_with_which_of_the_three(
    gather: Gather, interior: Agency, justice: Agency, transport: Agency
) -> None:
    release = threading.Event()
    interior.before = raising(SiteUnreachable())
    justice.before = lambda: release.wait(5)
    transport.before = raising(AnswerRefused())
    begun = monotonic()
    found = gather()
    assert monotonic() - begun < 2
    release.set()
    assert found.registers == ()
    assert missing(found) == {
        "Justice": Outcome.LATE,
        "Transport": Outcome.BROKEN,
        "Interior": Outcome.SILENT,
    }


def test_one_that_refuses_is_named_too(gather: Gather, justice: Agency) -> None:
    justice.before = raising(NotPermitted())
    assert missing(gather()) == {"Justice": Outcome.REFUSED}


@pytest.mark.parametrize(
    "nonsense",
    [
        record("dragons", "D-1", personal_code=MARI),
        record("driving", "D-1", points="many"),
        record("driving", "D-1", points=True),
        replace(MARIS[0], data=cast("Mapping[str, Any]", ["points"])),
        record("driving", "D-1", personal_code={"x": 1}),
    ],
)
def test_a_record_that_makes_no_sense_is_not_shown_and_not_kept_silent(
    gather: Gather, transport: Agency, nonsense: Record
) -> None:
    transport.records = (nonsense,)
    found = gather()
    assert missing(found) == {"Transport": Outcome.BROKEN}
    assert [held.definition.code for held in found.registers] == ["individuals", "organisations"]


def test_definitions_that_cannot_be_read_are_nonsense(gather: Gather, transport: Agency) -> None:
    def broken(caller: Caller) -> tuple[RegisterDefinition, ...]:
        raise DefinitionInvalid

    transport.definitions = broken  # type: ignore[method-assign]
    assert missing(gather()) == {"Transport": Outcome.BROKEN}


def test_an_agency_that_keeps_failing_is_not_asked_for_a_while_but_still_named(
    gather: Gather, transport: Agency
) -> None:
    transport.before = raising(SiteUnreachable())
    for _ in range(5):
        assert missing(gather()) == {"Transport": Outcome.SILENT}
    assert transport.asked.count("facts") == 3


def test_names_that_come_late_are_left_out_and_there_the_next_time(
    gather: Gather, interior: Agency, passing: Passing
) -> None:
    release, told = threading.Event(), threading.Event()

    def slowly() -> None:
        release.wait(5)
        told.set()

    interior.before_names = slowly
    found = gather()
    assert found.registers[1].records[0].linked == {}
    assert found.missing == ()
    release.set()
    assert told.wait(5)
    for _ in range(100):
        if gather().registers[1].records[0].linked:
            break
    assert gather().registers[1].records[0].linked == {"address": "Long street 7"}


def test_no_time_is_taken_for_names_when_the_page_has_waited_enough(
    gather: Gather, interior: Agency, transport: Agency, passing: Passing
) -> None:
    def linger() -> None:
        passing.seconds += 0.31

    transport.before = linger
    gather()
    assert "find" not in interior.asked


def test_a_record_that_is_not_there_has_no_name_and_is_not_asked_for_again(
    gather: Gather, interior: Agency
) -> None:
    interior.public.clear()
    assert gather().registers[1].records[0].linked == {}
    gather()
    assert interior.asked.count("find") == 1


def test_nothing_personal_is_looked_up_for_a_name(gather: Gather, interior: Agency) -> None:
    private = replace(PLACES, fields=(made_field("code"), made_field("name", personal=True)))
    interior.known = (INDIVIDUALS, private)
    assert gather().registers[1].records[0].linked == {}
    assert "find" not in interior.asked


def test_the_reason_is_her_own_access_and_carries_the_message(gather: Gather, justice: Agency) -> None:
    gather()
    assert justice.reasons == [Reason(OWN_ACCESS, message_reference="message-1")]


def test_a_machine_has_no_facts(asking: Asking) -> None:
    machine = Principal(Caller(Actor(ActorKind.SYSTEM, "m")), person=None, name="")
    with pytest.raises(PersonNeeded):
        PersonFacts([], asking).about(machine, "")

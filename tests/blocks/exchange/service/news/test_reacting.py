# SPDX-License-Identifier: EUPL-1.2
"""From one register to another: a change makes an event, the event is taken once and changes records once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.blocks.exchange.service.news.rig import (
    BIRTH,
    CENTRE,
    DEATH,
    INTERIOR,
    JAAN,
    MARI,
    NATURE,
    SITE,
    STRANGER,
    WHY,
    Rig,
    official,
    rig,
    system,
)

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import DeliveryQuery, Event, State, TypeId
from flagstone.blocks.exchange.contract.news_faults import EventInvalid, EventUnexpected, NewsNotPermitted
from flagstone.blocks.exchange.contract.news_plan import Reaction
from flagstone.blocks.exchange.model.news import ATTEMPTS_MAX
from flagstone.blocks.registry.contract.record import Query
from flagstone.kernel.clock import SetClock

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@pytest.fixture
def at(open_database: OpenDatabase, clock: SetClock) -> Rig:
    return rig(open_database, clock)


def register(at: Rig, code: str = MARI, name: str = "Mari") -> str:
    data = {"personal_code": code, "given_name": name, "born": "1980-01-01"}
    return at.registry.create(SITE, "people", data, WHY).id


def permits(at: Rig) -> list[dict[str, object]]:
    page = at.registry.find(SITE, "permits", Query(page_size=100), WHY)
    return [dict(each.data) for each in page.records]


def test_a_registered_person_gets_a_permit_once(at: Rig) -> None:
    register(at)
    assert at.hear() == 1
    assert at.courier.deliver_due() == 1
    assert at.inbox.react_due() == 1
    assert at.inbox.react_due() == 0
    assert [(one["holder"], one["status"], one["note"]) for one in permits(at)] == [(MARI, "valid", "Mari")]
    (taken,) = at.inbox.taken(official("auditor"))
    assert (taken.reaction, taken.state, taken.records) == ("open-permit", State.ACKNOWLEDGED, 1)


def test_a_correction_ends_permits_and_says_why(at: Rig) -> None:
    person = register(at)
    kept, ended, gone = at.permit(JAAN), at.permit(MARI), at.permit(MARI, "revoked")
    at.hear()
    at.registry.update(SITE, "people", person, {"note": "died"}, WHY)
    assert at.hear() == 1
    at.courier.deliver_due()
    at.inbox.react_due()
    found = {each.id: each for each in at.registry.find(SITE, "permits", Query(), WHY).records}
    assert [found[one].data["status"] for one in (kept, ended, gone)] == ["valid", "ended", "revoked"]
    assert found[ended].data["ended_on"] == "1980-01-01"
    newest = at.registry.history(SITE, "permits", ended, WHY)[0]
    assert newest.reason.legal_basis == "Use of Nature Act § 20"
    assert newest.reason.purpose == f"Ending permits of the deceased ({DEATH})"
    events = at.news.deliveries(SITE, DeliveryQuery(type=DEATH)).deliveries
    assert newest.reason.message_reference == events[0].event


def test_only_what_the_rule_names_makes_an_event(at: Rig) -> None:
    person = register(at)
    stranger = register(at, JAAN, "Jüri")
    at.hear()
    at.registry.update(SITE, "people", person, {"born": "1980-01-02"}, WHY)
    at.registry.update(SITE, "people", stranger, {"note": "is not named"}, WHY)
    at.permit(MARI)
    at.registry.load(SITE, "people", [{"personal_code": "1" * 11, "given_name": "Mari"}], WHY, dry_run=False)
    assert at.hear() == 0
    assert at.news.deliveries(SITE, DeliveryQuery(type=DEATH)).total == 0


def test_news_heard_twice_is_one_event_and_the_reading_is_recorded(at: Rig) -> None:
    person = register(at)
    news = {"register": "people", "record_id": person, "revision": 1}
    assert at.heard.heard("RecordRegistered", news) == at.heard.heard("RecordRegistered", news) == 1
    assert at.news.deliveries(SITE, DeliveryQuery(type=BIRTH)).total == 1
    assert {one.actor_name for one in at.registry.read_log(SITE, "people", person)} == {
        "publishing of events"
    }
    assert at.heard.heard("RecordArchived", news) == 0


def test_an_event_tells_of_the_revision_that_made_it(at: Rig) -> None:
    person = register(at)
    at.registry.update(SITE, "people", person, {"given_name": "Maria"}, WHY)
    at.heard.heard("RecordRegistered", {"register": "people", "record_id": person, "revision": 1})
    (one,) = at.news.deliveries(SITE, DeliveryQuery(type=BIRTH)).deliveries
    assert at.news.event(SITE, BIRTH, one.event)[0].payload == {"person": MARI, "name": "Mari"}


def test_a_push_that_comes_twice_is_taken_once(at: Rig) -> None:
    event = at.news.publish(SITE, BIRTH, {"person": MARI})
    assert at.inbox.take(system(INTERIOR), event)
    assert not at.inbox.take(system(INTERIOR), event)
    at.courier.deliver_due()
    assert at.inbox.react_due() == 1
    assert len(permits(at)) == 1


def test_the_inbox_takes_only_what_is_awaited_from_its_own_room(at: Rig) -> None:
    event = at.news.publish(SITE, BIRTH, {"person": MARI})
    for caller in (system(STRANGER), system(ClientId("XA", "GOV", "10000001", "portal")), SITE, official()):
        with pytest.raises(NewsNotPermitted):
            at.inbox.take(caller, event)
    other = replace(event, type=TypeId(STRANGER, "birth-registered"))
    with pytest.raises(EventUnexpected):
        at.inbox.take(system(STRANGER), other)
    with pytest.raises(EventInvalid):
        at.inbox.take(system(INTERIOR), replace(event, payload={"who": MARI}))
    assert at.inbox.taken(SITE) == ()


def test_a_failing_reaction_is_tried_again_shown_and_retried(at: Rig, clock: SetClock) -> None:
    wrong = Event(
        "00000000-0000-7000-8000-000000000001", BIRTH, INTERIOR, 1, clock.now(), {"person": "x" * 2000}
    )
    assert at.inbox.take(system(INTERIOR), wrong)
    good = replace(wrong, id="00000000-0000-7000-8000-000000000002", payload={"person": MARI})
    at.inbox.take(system(INTERIOR), good)
    assert at.inbox.react_due() == 2
    assert len(permits(at)) == 1
    for _ in range(ATTEMPTS_MAX):
        clock.advance(timedelta(hours=2))
        at.inbox.react_due()
    (failed,) = at.inbox.taken(SITE, state=State.ABANDONED)
    assert (failed.attempts, failed.last_fault) == (ATTEMPTS_MAX, "registry.record-invalid")
    with pytest.raises(NewsNotPermitted):
        at.inbox.retry(official("auditor"), WHY)
    assert at.inbox.retry(official("operator"), WHY) == 1
    assert at.inbox.react_due() == 1
    with pytest.raises(NewsNotPermitted):
        at.inbox.taken(system(CENTRE))


def test_a_mistake_of_the_program_stops_no_other_reaction(at: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for person in (MARI, JAAN):
        at.inbox.take(system(INTERIOR), at.news.publish(SITE, BIRTH, {"person": person}))
    whole = at.inbox._reactor.react

    def react(reaction: Reaction, event: Event) -> int:
        if event.payload["person"] == MARI:
            raise KeyError(MARI)
        return whole(reaction, event)

    monkeypatch.setattr(at.inbox._reactor, "react", react)
    assert at.inbox.react_due() == 2
    assert sorted(each.last_fault for each in at.inbox.taken(SITE)) == ["", "KeyError"]


def test_a_reaction_repeated_after_somebody_elses_change_does_nothing(at: Rig) -> None:
    """It died before its mark was set; an official has set the permit valid again meanwhile."""
    permit = at.permit(MARI)
    event = at.news.publish(SITE, DEATH, {"person": MARI})
    at.inbox.take(system(INTERIOR), event)

    def die(step: str) -> None:
        if step == "reaction.done":
            raise KeyboardInterrupt

    at.probe = die
    with pytest.raises(KeyboardInterrupt):
        at.inbox.react_due()
    at.probe = lambda _step: None
    assert at.registry.read(SITE, "permits", permit, WHY).data["status"] == "ended"
    at.registry.update(SITE, "permits", permit, {"status": "valid"}, WHY)
    assert at.inbox.react_due() == 1
    assert at.registry.read(SITE, "permits", permit, WHY).data["status"] == "valid"
    (taken,) = at.inbox.taken(SITE)
    assert (taken.state, taken.records) == (State.ACKNOWLEDGED, 0)


def test_a_reaction_may_archive(at: Rig) -> None:
    permit = at.permit(MARI)
    event = at.news.publish(SITE, DEATH, {"person": MARI})
    (reaction,) = (one for one in at.plan.reactions if one.code == "end-permits")
    archiving = replace(reaction, set={}, archive=True)
    assert at.inbox._reactor.react(archiving, event) == 1
    assert at.inbox._reactor.react(archiving, event) == 0
    assert at.registry.find(SITE, "permits", Query(), WHY).total == 0
    assert at.registry.history(SITE, "permits", permit, WHY)[0].reason.message_reference == event.id
    assert NATURE.member_code == "10000047"

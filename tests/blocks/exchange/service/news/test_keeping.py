# SPDX-License-Identifier: EUPL-1.2
"""Types, events, subscriptions, pulling and the delivery log, on both engines."""

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

from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId
from flagstone.blocks.exchange.contract.news import (
    DeliveryQuery,
    EventType,
    Mode,
    Replay,
    State,
    Subscription,
    TypeId,
)
from flagstone.blocks.exchange.contract.news_faults import (
    EventInvalid,
    EventTypeExists,
    EventTypeInvalid,
    EventTypeUnknown,
    EventUnknown,
    NewsNotPermitted,
    NoEvent,
    NotPulled,
    SubscriptionExists,
    SubscriptionInvalid,
    SubscriptionUnknown,
)
from flagstone.kernel.audit import Caller
from flagstone.kernel.clock import SetClock

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

ALL = DeliveryQuery(page_size=200)


@pytest.fixture
def at(open_database: OpenDatabase, clock: SetClock) -> Rig:
    return rig(open_database, clock)


def pulled(at: Rig, ttl_seconds: int = 0) -> Subscription:
    """Subscribe the centre to births, by pull."""
    wanted = Subscription(BIRTH, CENTRE, Mode.PULL, ttl_seconds=ttl_seconds)
    return at.news.subscribe(system(CENTRE), wanted, WHY)


def test_a_type_is_made_once_and_shown_with_its_schema(at: Rig) -> None:
    fresh = EventType(TypeId(INTERIOR, "moved"), {"type": "object"}, subscribers=frozenset({CENTRE}))
    at.news.declare(system(INTERIOR), fresh, WHY)
    assert at.news.type(system(STRANGER), fresh.id) == fresh
    with pytest.raises(EventTypeExists):
        at.news.declare(SITE, fresh, WHY)
    codes = [each.id.code for each in at.news.types(system(STRANGER), INTERIOR)]
    assert codes == ["birth-registered", "death-registered", "moved"]
    with pytest.raises(EventTypeUnknown):
        at.news.type(SITE, TypeId(INTERIOR, "other"))


@pytest.mark.parametrize(
    ("code", "schema", "subject"),
    [
        ("1st", {}, ""),
        ("a b", {}, ""),
        ("a" * 65, {}, ""),
        ("ok", {"type": "nonsense"}, ""),
        ("ok", {"$ref": "https://elsewhere.example/schema"}, ""),
        ("ok", {"properties": {"person": {}}}, "somebody"),
    ],
)
def test_a_type_that_cannot_be_is_refused(
    at: Rig, code: str, schema: dict[str, object], subject: str
) -> None:
    wrong = EventType(TypeId(INTERIOR, code), schema, subject=subject)  # type: ignore[arg-type]
    with pytest.raises(EventTypeInvalid) as caught:
        at.news.declare(SITE, wrong, WHY)
    assert caught.value.flaws


def test_only_the_rooms_member_keeps_it(at: Rig) -> None:
    other = ClientId("XA", "GOV", "10000001", "portal")
    event = at.news.publish(system(other), BIRTH, {"person": MARI})
    assert (event.publisher, event.type.room) == (other, INTERIOR)
    for caller in (system(NATURE), system(STRANGER, "operator-of-nothing"), official("auditor")):
        with pytest.raises(NewsNotPermitted):
            at.news.publish(caller, BIRTH, {"person": MARI})
        with pytest.raises(NewsNotPermitted):
            at.news.event(caller, BIRTH, event.id)
        with pytest.raises(NewsNotPermitted):
            at.news.stop(caller, BIRTH, event.id, WHY)
        with pytest.raises(NewsNotPermitted):
            at.news.withdraw(caller, BIRTH, WHY)


def test_payloads_keep_to_the_schema(at: Rig) -> None:
    for wrong in ({}, {"person": 4}, {"person": MARI, "name": None}):
        with pytest.raises(EventInvalid) as caught:
            at.news.publish(SITE, BIRTH, wrong)
        assert all(MARI not in flaw.pointer + flaw.message for flaw in caught.value.flaws)
    assert at.news.publish(SITE, BIRTH, {"person": MARI, "weight": 3.2}).payload["weight"] == 3.2


def test_the_same_source_is_the_same_event(at: Rig) -> None:
    first = at.news.publish(SITE, BIRTH, {"person": MARI}, source="people/P-1/1")
    again = at.news.publish(SITE, BIRTH, {"person": MARI}, source="people/P-1/1")
    assert (again.id, again.sequence) == (first.id, first.sequence) == (first.id, 1)
    assert at.news.publish(SITE, BIRTH, {"person": MARI}, source="people/P-1/2").sequence == 2
    assert at.news.deliveries(SITE, ALL).total == 2


def test_who_is_named_subscribes_and_nobody_else(at: Rig) -> None:
    assert pulled(at).since is not None
    with pytest.raises(SubscriptionExists):
        pulled(at)
    with pytest.raises(NewsNotPermitted):
        at.news.subscribe(system(STRANGER), Subscription(BIRTH, STRANGER), WHY)
    with pytest.raises(NewsNotPermitted):
        at.news.subscribe(system(STRANGER), Subscription(BIRTH, CENTRE), WHY)
    with pytest.raises(EventTypeUnknown):
        at.news.subscribe(system(CENTRE), Subscription(TypeId(INTERIOR, "none"), CENTRE), WHY)
    with pytest.raises(SubscriptionInvalid):
        at.news.change(system(CENTRE), Subscription(BIRTH, CENTRE, ttl_seconds=-1), WHY)


def test_a_group_may_subscribe(open_database: OpenDatabase, clock: SetClock) -> None:
    tax = ClientId("XA", "GOV", "10000107", "registry")
    group = GroupId("agencies")
    at = rig(open_database, clock, in_group=lambda client, one: (client, one) == (tax, group))
    moved = EventType(TypeId(INTERIOR, "moved"), {}, subscribers=frozenset({group}))
    at.news.declare(SITE, moved, WHY)
    at.news.subscribe(system(tax), Subscription(moved.id, tax), WHY)
    with pytest.raises(NewsNotPermitted):
        at.news.subscribe(system(STRANGER), Subscription(moved.id, STRANGER), WHY)


def test_pulled_events_come_in_order_until_they_are_acknowledged(at: Rig) -> None:
    pulled(at)
    sent = [at.news.publish(SITE, BIRTH, {"person": f"{n:011}"}) for n in range(3)]
    me = system(CENTRE)
    for event in sent:
        assert at.news.pull(me, BIRTH) == at.news.pull(me, BIRTH) == event
        at.news.acknowledge(me, BIRTH, event.id)
        at.news.acknowledge(me, BIRTH, event.id)
    with pytest.raises(NoEvent):
        at.news.pull(me, BIRTH)
    with pytest.raises(EventUnknown):
        at.news.acknowledge(me, BIRTH, "00000000-0000-7000-8000-000000000000")
    with pytest.raises(SubscriptionUnknown):
        at.news.pull(system(STRANGER), BIRTH)
    with pytest.raises(NotPulled):
        at.news.pull(system(NATURE), BIRTH)
    states = [each.state for each in at.news.deliveries(me, ALL).deliveries]
    assert states == [State.ACKNOWLEDGED] * 3


def test_what_was_pulled_and_not_acknowledged_is_pushed_after_a_change(at: Rig) -> None:
    pulled(at)
    event = at.news.publish(SITE, BIRTH, {"person": MARI})
    at.news.pull(system(CENTRE), BIRTH)
    at.wire.answer = lambda _to, _item: 200
    at.courier.deliver_due()
    assert (str(CENTRE), event.id) not in at.wire.sent
    at.news.change(system(CENTRE), Subscription(BIRTH, CENTRE, Mode.PUSH), WHY)
    at.courier.deliver_due()
    assert (str(CENTRE), event.id) in at.wire.sent


def test_an_event_that_is_not_pulled_in_time_is_given_up(at: Rig, clock: SetClock) -> None:
    pulled(at, ttl_seconds=60)
    at.news.publish(SITE, BIRTH, {"person": MARI})
    clock.advance(timedelta(seconds=61))
    fresh = at.news.publish(SITE, BIRTH, {"person": MARI})
    assert at.news.pull(system(CENTRE), BIRTH).id == fresh.id
    assert at.news.upkeep.give_up_late() == 1
    late = at.news.deliveries(SITE, DeliveryQuery(state=State.ABANDONED)).deliveries
    assert [each.last_fault for each in late] == ["exchange.event-expired"]
    assert at.news.retry(official("operator"), DeliveryQuery(subscriber=CENTRE), WHY) == 1
    assert at.news.upkeep.give_up_late() == 0


def test_a_full_queue_names_itself_and_stops_nobody(open_database: OpenDatabase, clock: SetClock) -> None:
    at = rig(open_database, clock, queue_max=2)
    pulled(at)
    for n in range(4):
        at.news.publish(SITE, BIRTH, {"person": f"{n:011}"})
        at.courier.deliver_due()
    mine = at.news.deliveries(system(CENTRE), ALL)
    assert [each.last_fault for each in mine.deliveries] == ["exchange.queue-full"] * 2 + [""] * 2
    theirs = at.news.deliveries(SITE, DeliveryQuery(subscriber=NATURE))
    assert [each.state for each in theirs.deliveries] == [State.ACKNOWLEDGED] * 4


def test_stopped_and_withdrawn_events_go_to_nobody(at: Rig) -> None:
    pulled(at)
    first = at.news.publish(SITE, BIRTH, {"person": MARI})
    assert at.news.stop(SITE, BIRTH, first.id, WHY) == 2
    assert at.news.stop(SITE, BIRTH, first.id, WHY) == 0
    at.news.publish(SITE, BIRTH, {"person": MARI})
    at.news.withdraw(system(INTERIOR), BIRTH, WHY)
    assert {each.state for each in at.news.deliveries(SITE, ALL).deliveries} == {State.CANCELLED}
    assert at.courier.deliver_due() == 0
    assert not at.wire.sent
    with pytest.raises(SubscriptionUnknown):
        at.news.pull(system(CENTRE), BIRTH)


def test_a_type_made_again_counts_on(at: Rig) -> None:
    before = at.news.type(SITE, BIRTH)
    at.news.publish(SITE, BIRTH, {"person": MARI})
    at.news.withdraw(SITE, BIRTH, WHY)
    at.news.declare(SITE, before, WHY)
    assert at.news.publish(SITE, BIRTH, {"person": MARI}).sequence == 2


def test_an_ended_subscription_gets_nothing_and_a_new_one_replays(at: Rig, clock: SetClock) -> None:
    pulled(at)
    old = at.news.publish(SITE, BIRTH, {"person": MARI})
    with pytest.raises(NewsNotPermitted):
        at.news.unsubscribe(system(STRANGER), BIRTH, CENTRE, WHY)
    at.news.unsubscribe(system(CENTRE), BIRTH, CENTRE, WHY)
    clock.advance(timedelta(minutes=1))
    missed = at.news.publish(SITE, BIRTH, {"person": MARI})
    pulled(at)
    with pytest.raises(NoEvent):
        at.news.pull(system(CENTRE), BIRTH)
    assert at.news.replay(SITE, Replay(BIRTH, CENTRE, since=missed.at), WHY) == 1
    assert at.news.pull(system(CENTRE), BIRTH).id == missed.id
    assert at.news.replay(system(INTERIOR), Replay(BIRTH, CENTRE, (old.id,)), WHY) == 1
    assert at.news.pull(system(CENTRE), BIRTH).id == old.id
    with pytest.raises(EventUnknown):
        at.news.replay(SITE, Replay(BIRTH, CENTRE, ("nothing",)), WHY)
    with pytest.raises(SubscriptionUnknown):
        at.news.replay(SITE, Replay(BIRTH, STRANGER), WHY)
    with pytest.raises(NewsNotPermitted):
        at.news.replay(system(CENTRE), Replay(BIRTH, CENTRE), WHY)


def test_the_log_is_searched_and_shows_each_system_its_own(at: Rig, clock: SetClock) -> None:
    pulled(at)
    for n in range(3):
        at.news.publish(SITE, BIRTH, {"person": f"{n:011}"})
        clock.advance(timedelta(minutes=1))
    at.news.publish(SITE, DEATH, {"person": MARI})
    assert at.news.deliveries(official("auditor"), ALL).total == 7
    assert at.news.deliveries(system(CENTRE), ALL).total == 3
    assert at.news.deliveries(system(INTERIOR), ALL).total == 7
    assert at.news.deliveries(system(STRANGER), ALL).total == 0
    page = at.news.deliveries(SITE, DeliveryQuery(type=BIRTH, subscriber=NATURE, page=2, page_size=2))
    assert (page.total, [each.sequence for each in page.deliveries]) == (3, [1])
    some = at.news.deliveries(SITE, DeliveryQuery(until=clock.now() - timedelta(minutes=2)))
    assert [each.sequence for each in some.deliveries] == [1, 1]
    elsewhere = Caller(
        replace(official("x").actor, organisation="10000047"), frozenset({"operator", "auditor"})
    )
    for caller in (official("clerk"), elsewhere):
        with pytest.raises(NewsNotPermitted):
            at.news.deliveries(caller, ALL)
    with pytest.raises(NewsNotPermitted):
        at.news.retry(system(CENTRE), DeliveryQuery(), WHY)


def test_what_is_done_and_old_is_erased(at: Rig, clock: SetClock) -> None:
    pulled(at)
    done = at.news.publish(SITE, DEATH, {"person": MARI})
    waits = at.news.publish(SITE, BIRTH, {"person": MARI})
    at.courier.deliver_due()
    clock.advance(timedelta(days=91))
    assert at.news.upkeep.erase_old() == 1
    with pytest.raises(EventUnknown):
        at.news.event(SITE, DEATH, done.id)
    assert at.news.event(SITE, BIRTH, waits.id)[0] == waits
    at.inbox.react_due()
    assert at.inbox.erase_old() == 2

# SPDX-License-Identifier: EUPL-1.2
"""The plan of events: read strictly, and its rules as pure functions."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.exchange.service.news.rig import (
    BIRTH,
    CENTRE,
    DEATH,
    INTERIOR,
    NATURE,
    PLAN,
    STRANGER,
    plan,
)

from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.news import Event, Json, Subscription
from flagstone.blocks.exchange.contract.news_faults import EventInvalid, NewsPlanInvalid
from flagstone.blocks.exchange.contract.news_plan import Cause, FromEvent
from flagstone.blocks.exchange.contract.service import Endpoint
from flagstone.blocks.exchange.model.news import about
from flagstone.blocks.exchange.model.news_reader import parse_news
from flagstone.blocks.exchange.model.news_rules import (
    at_clients,
    filters_of,
    holds,
    needed,
    part_of,
    payload_of,
    rights_needed,
    subscriptions_to,
    touched_by,
    written,
)
from flagstone.blocks.exchange.model.news_wire import event_from, event_item
from flagstone.kernel.clock import parse_rfc3339

ROOM = str(INTERIOR)
NOON = parse_rfc3339("2026-11-22T12:00:00Z")
LETTERS = st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=12,
)


def changed(path: str, value: Any) -> Any:
    """The plan with the value at a dotted path replaced, or removed by None."""
    found = deepcopy(PLAN)
    at: Any = found[ROOM]
    *steps, last = path.split("/")
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return found


def test_a_plan_is_read_whole() -> None:
    found = plan()
    death, birth = found.types
    assert (death.id, birth.id) == (DEATH, BIRTH)
    assert death.subject == "person"
    assert death.subscribers == {NATURE}
    assert birth.subscribers == {CENTRE, NATURE}
    assert [each.cause for each in found.rules] == [Cause.CORRECTED, Cause.REGISTERED]
    assert found.reactions[0].set["ended_on"] == FromEvent("died_on", "2026-01-01")


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("death-registered/schema", {"type": "thing"}, "/death-registered/schema"),
        ("death-registered/schema", "text", "/death-registered"),
        ("death-registered/subject", "somebody", "/death-registered/subject"),
        ("death-registered/title", None, "/death-registered/title"),
        ("death-registered/unknown", 1, "/death-registered/unknown"),
        ("death-registered/publish/0/upon", "archived", "/death-registered/publish/0/upon"),
        ("death-registered/publish/0/payload", {"person": "a", "x": "b"}, "/publish/0/payload/x"),
        ("death-registered/publish/0/payload", {"died_on": "b"}, "/publish/0/payload/person"),
        ("death-registered/reactions/end-permits/match", {}, "/end-permits"),
        ("death-registered/reactions/end-permits/match", {"holder": "who"}, "/end-permits/who"),
        ("death-registered/reactions/end-permits/set", None, "/end-permits"),
        ("death-registered/reactions/end-permits/archive", True, "/end-permits"),
        ("death-registered/reactions/end-permits/archive", "yes", "/end-permits/archive"),
        ("death-registered/reactions/end-permits/purpose", None, "/end-permits/purpose"),
        ("death-registered/reactions/end-permits/at", "XA/GOV", "/end-permits/at"),
        ("death-registered/reactions/end-permits/set", {"a": {"from": "none"}}, "/end-permits/none"),
        ("death-registered/reactions/end-permits/set", {"a": {"of": "x"}}, "/end-permits/set/a/of"),
        ("death-registered/reactions/end-permits/set", {"a": 1.5}, "/end-permits/set/a"),
        ("birth-registered/subscribers", ["nobody"], "/birth-registered/subscribers/0"),
        ("1st", {"title": {"en": "x"}, "schema": {}}, "/1st/eventType"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused_by_place(path: str, value: Any, pointer: str) -> None:
    with pytest.raises(NewsPlanInvalid) as caught:
        parse_news(changed(path, value))
    assert any(pointer in flaw.pointer for flaw in caught.value.flaws), caught.value.flaws


@pytest.mark.parametrize("data", [[], "text", {"XA/GOV": {}}, {ROOM: []}, {ROOM: {"a": None}}])
def test_other_data_is_refused(data: Any) -> None:
    with pytest.raises(NewsPlanInvalid):
        parse_news(data)


def test_a_reaction_has_one_name() -> None:
    twice = deepcopy(PLAN)
    birth, death = twice[ROOM]["birth-registered"], twice[ROOM]["death-registered"]
    birth["reactions"]["end-permits"] = death["reactions"]["end-permits"]
    with pytest.raises(NewsPlanInvalid):
        parse_news(twice)


def test_each_site_gets_its_part() -> None:
    interior, nature = at_clients(plan(), [INTERIOR]), at_clients(plan(), [NATURE])
    assert (len(interior.types), len(interior.rules), interior.reactions) == (2, 2, ())
    assert (len(nature.types), nature.rules, len(nature.reactions)) == (2, (), 2)
    assert at_clients(plan(), [STRANGER]).types == ()
    assert subscriptions_to(plan(), [INTERIOR]) == (Subscription(BIRTH, NATURE), Subscription(DEATH, NATURE))
    assert subscriptions_to(plan(), [NATURE]) == ()


def test_rights_follow_the_plan() -> None:
    rights = rights_needed(plan())
    inbox, events = ServiceId(NATURE, "events"), ServiceId(INTERIOR, "events")
    pushes = {(one.subject, one.endpoint) for one in rights if one.service == inbox}
    assert pushes == {
        (INTERIOR, Endpoint("POST", "/inbox/birth-registered")),
        (INTERIOR, Endpoint("POST", "/inbox/death-registered")),
    }
    assert {one.purpose.legal_basis for one in rights if one.service == inbox} == {
        "",
        "Population Register Act § 40",
    }
    assert sorted(str(one.subject) for one in rights if one.service == events) == sorted(
        [str(CENTRE), str(NATURE), str(NATURE)][:2]
    )


def test_a_rule_is_touched_by_its_own_register_cause_and_fields() -> None:
    death, birth = plan().rules
    assert touched_by(death, "people", Cause.CORRECTED, ["born", "note"])
    assert not touched_by(death, "people", Cause.CORRECTED, ["born"])
    assert not touched_by(death, "people", Cause.REGISTERED)
    assert not touched_by(death, "permits", Cause.CORRECTED, ["note"])
    assert touched_by(birth, "people", Cause.REGISTERED)
    assert needed(death) == {"personal_code", "born", "given_name"}


def test_conditions_compare_values_and_types() -> None:
    data: dict[str, Json] = {"status": "alive", "count": 1, "names": ["a", {"b": True}]}
    assert holds({"status": "alive", "names.0": "a", "names.1.b": True}, data)
    assert holds({"status": ["dead", "alive"]}, data)
    assert not holds({"count": True}, data)
    assert not holds({"status": "dead"}, data)
    assert holds({"none": None}, data)
    assert part_of(data, "names.7") is None
    assert part_of(data, "names.-1") is None
    assert part_of(data, "status.x") is None
    assert part_of(data, "names.²") is None


@given(VALUES, LETTERS)
def test_any_part_of_anything_can_be_asked_for(data: Any, path: str) -> None:
    part_of(data, path)
    part_of({"a": data}, f"a.{path}")


def test_what_a_reaction_writes_comes_from_the_event() -> None:
    end, make = plan().reactions
    assert written(end.set, {"person": "1"}) == {"status": "ended", "ended_on": "2026-01-01"}
    assert written(end.set, {"died_on": "2026-02-02"})["ended_on"] == "2026-02-02"
    assert written(make.create, {"person": "1"}) == {"holder": "1", "status": "valid", "note": None}
    assert filters_of(end, {"person": "1"}) == {"holder": "1"}
    for unusable in ({}, {"person": ""}, {"person": 5}, {"person": ["1"]}):
        assert filters_of(end, unusable) is None
    assert payload_of(plan().rules[1], {"personal_code": "1", "other": 2}) == {"person": "1"}


def test_events_about_the_same_one_belong_together_without_naming_her() -> None:
    death, birth = plan().types
    digest = about(death, {"person": "48001010001"})
    assert digest == about(death, {"person": "48001010001", "died_on": "2026-01-01"})
    assert digest != about(death, {"person": "37502020002"})
    assert "48001010001" not in digest
    assert about(birth, {"person": "48001010001"}) == about(death, {}) == ""


def event() -> Event:
    return Event("0190a000-0000-7000-8000-000000000001", DEATH, INTERIOR, 3, NOON, {"person": "48001010001"})


def test_an_event_travels_as_govstacks_item() -> None:
    item = event_item(event())
    assert item["publisherId"] == {
        "instanceId": "XA",
        "memberClass": "GOV",
        "memberCode": "10000001",
        "applicationCode": "registry",
    }
    assert event_from(item, "death-registered") == event()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"id": "1"}, "/id"),
        ({"id": "0190A000-0000-7000-8000-00000000000G"}, "/id"),
        ({"sequence": 0}, "/sequence"),
        ({"sequence": True}, "/sequence"),
        ({"sequence": 2**31}, "/sequence"),
        ({"eventType": "other"}, "/eventType"),
        ({"event": []}, "/event"),
        ({"event": None}, "/event"),
        ({"at": "now"}, "/at"),
        ({"at": 5}, "/at"),
        ({"publisherId": {"instanceId": "XA"}}, "/publisherId"),
        ({"publisherId": "XA/GOV/10000001/registry"}, "/publisherId"),
        (
            {
                "publisherId": {
                    "instanceId": "XA", "memberClass": "GOV", "memberCode": "1/2", "applicationCode": "x",
                }
            },
            "/publisherId",
        ),
        ({"more": "x" * 20_000}, ""),
    ],
)  # fmt: skip
def test_an_item_that_is_not_as_published_is_refused(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(EventInvalid) as caught:
        event_from(event_item(event()) | changes, "death-registered")
    assert [flaw.pointer for flaw in caught.value.flaws] == [place]


@given(
    st.dictionaries(st.sampled_from(["id", "sequence", "publisherId", "eventType", "event", "at"]), VALUES)
)
def test_any_item_is_an_event_or_refused(item: dict[str, Any]) -> None:
    try:
        found = event_from(item, "death-registered")
    except EventInvalid:
        return
    assert found.type.code == "death-registered"

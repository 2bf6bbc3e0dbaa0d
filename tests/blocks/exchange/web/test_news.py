# SPDX-License-Identifier: EUPL-1.2
"""GovStack's pub/sub paths as published: statuses, shapes, who may call, and the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from tests.blocks.exchange.service.news.rig import (
    CENTRE,
    INTERIOR,
    MARI,
    NATURE,
    SITE,
    STRANGER,
    Rig,
    rig,
    system,
)

from flagstone.blocks.exchange.contract.news import DeliveryQuery, State
from flagstone.blocks.exchange.model.news_wire import event_item
from flagstone.blocks.exchange.web.news import NewsApi
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.kernel.clock import SetClock
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.principal import Principal
from flagstone.platform.http.routes import CLIENT

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

OWN = "/exchange/news"
PUBLISHED = "/r1/XA/GOV/10000001/registry"
SCHEMA = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]}
SYSTEMS = {"interior": INTERIOR, "centre": CENTRE, "nature": NATURE, "stranger": STRANGER}
PUBSUB_OPERATIONS = {
    "createEventType", "getEventTypeList", "getEventType", "deleteEventType", "publishEvent", "getStatus",
    "deleteEvent", "listSub", "addSub", "getSub", "patchSub", "deleteSub", "pullEvent", "confirmEvent",
}  # fmt: skip


class Bearers:
    """Tokens `exchange:NAME` as tickets, and `machine:NAME` as tokens of the identity provider."""

    def find(self, token: str) -> Principal | None:
        kind, _, name = token.partition(".")
        if kind == "exchange":
            return Principal(system(SYSTEMS[name]))
        if kind == "machine":
            actor = Actor(ActorKind.SYSTEM, name, system=str(SYSTEMS[name]) if name in SYSTEMS else "")
            return Principal(Caller(actor, frozenset({"registrar"})))
        if kind == "official":
            return Principal(Caller(Actor(ActorKind.OFFICIAL, "1"), frozenset({"operator"})))
        return None


@pytest.fixture
def at(open_database: OpenDatabase, clock: SetClock) -> Rig:
    return rig(open_database, clock)


@pytest.fixture
def door(at: Rig) -> Iterator[TestClient]:
    routes = NewsApi(at.news, at.inbox, INTERIOR).routes()
    edge = Edge("Aralia", "0.1", frozenset({"testserver"}))
    with TestClient(assemble(routes, edge=edge, keepers=Keepers(bearers=Bearers()))) as client:
        yield client


class As:
    """A system that calls under one of the two prefixes."""

    def __init__(self, door: TestClient, name: str, base: str = OWN) -> None:
        self.door, self.base = door, base
        self.headers = {"Authorization": f"Bearer exchange.{name}"}
        if base == PUBLISHED:
            self.headers["X-GovStack-Client"] = str(SYSTEMS[name])

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self.door.request(method, self.base + path, json=body, headers=self.headers)


@pytest.mark.parametrize("base", [OWN, PUBLISHED])
def test_the_published_story(at: Rig, door: TestClient, base: str) -> None:
    room, centre = As(door, "interior", base), As(door, "centre", base)
    made = {"eventType": "newBirth", "schema": SCHEMA, "subscribers": [str(CENTRE)]}
    assert room("POST", "/api/v1/eventType", made).status_code == 200
    assert room("POST", "/api/v1/eventType", made).status_code == 409
    assert centre("GET", "/api/v1/eventType").json() == ["birth-registered", "death-registered", "newBirth"]
    shown = centre("GET", "/api/v1/eventType/newBirth")
    assert (shown.json()["eventType"], shown.json()["schema"]) == ("newBirth", SCHEMA)
    assert centre("GET", "/api/v1/eventType/none").status_code == 204
    assert centre("GET", "/api/v1/subs").status_code == 404
    assert centre("GET", "/api/v1/subs/newBirth").status_code == 404

    item = {"eventType": "newBirth", "delivery": "PULL"}
    assert centre("POST", "/api/v1/subs/newBirth", item).status_code == 200
    assert centre("POST", "/api/v1/subs/newBirth", item).status_code == 409
    mine = centre("GET", "/api/v1/subs/newBirth").json()
    assert (mine["delivery"], mine["options"]) == ("PULL", {"TTL": 3600, "FIFO": False})
    assert mine["subscriberId"]["applicationCode"] == "registry"
    patched = centre("PATCH", "/api/v1/subs/newBirth", {"eventType": "newBirth", "options": {"TTL": 60}})
    assert (patched.status_code, patched.json()["delivery"], patched.json()["options"]["TTL"]) == (
        201,
        "PULL",
        60,
    )
    assert [each["eventType"] for each in centre("GET", "/api/v1/subs").json()] == ["newBirth"]

    assert centre("GET", "/pull/v1/newBirth").status_code == 404
    sent = room("POST", "/pub/v1/newBirth", {"eventType": "newBirth", "event": {"who": MARI}})
    assert sent.status_code == 201
    event = sent.json()["id"]
    pulled = centre("GET", "/pull/v1/newBirth").json()
    assert (pulled["id"], pulled["sequence"], pulled["event"]) == (event, 1, {"who": MARI})
    assert pulled["publisherId"]["memberCode"] == "10000001"
    assert centre("DELETE", f"/pull/v1/newBirth/{event}").status_code == 204
    assert centre("DELETE", f"/pull/v1/newBirth/{event}").status_code == 204
    assert centre("DELETE", "/pull/v1/newBirth/none").status_code == 404
    assert centre("GET", "/pull/v1/newBirth").status_code == 404
    status = room("GET", f"/pub/v1/newBirth/{event}").json()
    assert [each["state"] for each in status["deliveries"]] == ["acknowledged"]
    assert room("GET", "/pub/v1/newBirth/none").status_code == 404

    second = room("POST", "/pub/v1/newBirth", {"eventType": "newBirth", "event": {"who": MARI}}).json()["id"]
    assert room("DELETE", f"/pub/v1/newBirth/{second}").status_code == 204
    assert room("DELETE", "/pub/v1/newBirth/none").status_code == 404
    assert centre("GET", "/pull/v1/newBirth").status_code == 404
    assert centre("DELETE", "/api/v1/subs/newBirth").status_code == 204
    assert centre("DELETE", "/api/v1/subs/newBirth").status_code == 404
    assert room("DELETE", "/api/v1/eventType/newBirth").status_code == 204
    assert room("DELETE", "/api/v1/eventType/newBirth").status_code == 404


def test_no_types_is_204(door: TestClient) -> None:
    headers = {"Authorization": "Bearer exchange.centre", "X-GovStack-Client": str(CENTRE)}
    empty = door.get("/r1/XA/GOV/10000047/registry/api/v1/eventType", headers=headers)
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/eventType", {}),
        ("POST", "/api/v1/eventType", None),
        ("POST", "/api/v1/eventType", {"eventType": "a b", "schema": {}}),
        ("POST", "/api/v1/eventType", {"eventType": "a", "schema": []}),
        ("POST", "/api/v1/eventType", {"eventType": "a", "schema": {"type": "thing"}}),
        ("POST", "/api/v1/eventType", {"eventType": "a", "schema": {}, "subscribers": ["who"]}),
        ("POST", "/pub/v1/birth-registered", {"eventType": "birth-registered"}),
        ("POST", "/pub/v1/birth-registered", {"eventType": "other", "event": {"person": MARI}}),
        ("POST", "/pub/v1/birth-registered", {"eventType": "birth-registered", "event": {}}),
        ("POST", "/pub/v1/birth-registered", {"eventType": "birth-registered", "event": []}),
        ("POST", "/api/v1/subs/birth-registered", {}),
        ("POST", "/api/v1/subs/birth-registered", {"eventType": "death-registered"}),
        ("POST", "/api/v1/subs/birth-registered", {"eventType": "birth-registered", "delivery": "MAYBE"}),
        ("POST", "/api/v1/subs/birth-registered", {"eventType": "birth-registered", "options": {"TTL": -1}}),
        (
            "POST",
            "/api/v1/subs/birth-registered",
            {"eventType": "birth-registered", "options": {"TTL": 10**9}},
        ),
        (
            "POST",
            "/api/v1/subs/birth-registered",
            {"eventType": "birth-registered", "subscriberId": {"instanceId": "XA"}},
        ),
    ],
)
def test_invalid_requests_are_400(door: TestClient, method: str, path: str, body: Any) -> None:
    assert As(door, "interior")(method, path, body).status_code == 400


def test_unknown_types_are_404(door: TestClient) -> None:
    room = As(door, "interior")
    assert room("POST", "/pub/v1/none", {"eventType": "none", "event": {}}).status_code == 404
    assert room("POST", "/api/v1/subs/none", {"eventType": "none"}).status_code == 404
    assert room("PATCH", "/api/v1/subs/none", {"eventType": "none"}).status_code == 404
    assert room("DELETE", "/api/v1/eventType/none").status_code == 404


def test_pushed_events_are_not_pulled(at: Rig, door: TestClient) -> None:
    event = at.news.publish(SITE, at.plan.types[0].id, {"person": MARI})
    nature = As(door, "nature")
    assert nature("GET", "/pull/v1/death-registered").status_code == 409
    assert nature("DELETE", f"/pull/v1/death-registered/{event.id}").status_code == 409


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer nobody"}, 401),
        ({"Authorization": "Bearer official.x"}, 403),
        ({"Authorization": "Bearer machine.centre"}, 403),  # whom it is, the header must say too
        ({"Authorization": "Bearer machine.nobody", "X-GovStack-Client": str(CENTRE)}, 403),
        ({"Authorization": "Bearer machine.nature", "X-GovStack-Client": str(CENTRE)}, 403),
        ({"Authorization": "Bearer exchange.nature", "X-GovStack-Client": str(CENTRE)}, 403),
        ({"Authorization": "Bearer machine.centre", "X-GovStack-Client": str(CENTRE)}, 200),
        ({"Authorization": "Bearer exchange.centre"}, 200),
    ],
)
def test_who_calls_is_known(door: TestClient, headers: dict[str, str], status: int) -> None:
    assert door.get(OWN + "/api/v1/eventType", headers=headers).status_code == status


def test_the_header_is_compulsory_as_published(door: TestClient) -> None:
    headers = {"Authorization": "Bearer exchange.centre"}
    assert door.get(PUBLISHED + "/api/v1/eventType", headers=headers).status_code == 400
    twice = [("Authorization", "Bearer exchange.centre"), *[("X-GovStack-Client", str(CENTRE))] * 2]
    assert door.get(PUBLISHED + "/api/v1/eventType", headers=twice).status_code == 403
    odd = headers | {"X-GovStack-Client": str(CENTRE)}
    assert door.get("/r1/XA/GOV/%20/registry/api/v1/eventType", headers=odd).status_code == 400


def test_another_members_system_keeps_nothing(at: Rig, door: TestClient) -> None:
    centre = As(door, "centre")
    assert centre("POST", "/api/v1/eventType", {"eventType": "mine", "schema": {}}).status_code == 403
    body = {"eventType": "birth-registered", "event": {"person": MARI}}
    assert centre("POST", "/pub/v1/birth-registered", body).status_code == 403
    assert centre("DELETE", "/api/v1/eventType/birth-registered").status_code == 403
    stranger = As(door, "stranger")
    item = {"eventType": "birth-registered"}
    assert stranger("POST", "/api/v1/subs/birth-registered", item).status_code == 403
    assert at.news.deliveries(SITE, DeliveryQuery()).total == 0


def test_the_inbox_takes_an_event_once(at: Rig, door: TestClient) -> None:
    event = at.news.publish(SITE, at.plan.types[1].id, {"person": MARI})
    room = As(door, "interior")
    first = room("POST", "/inbox/birth-registered", event_item(event))
    again = room("POST", "/inbox/birth-registered", event_item(event))
    assert [(each.status_code, each.json()["taken"]) for each in (first, again)] == [
        (202, "now"),
        (202, "before"),
    ]
    assert at.inbox.react_due() == 1
    assert [each.state for each in at.inbox.taken(SITE)] == [State.ACKNOWLEDGED]
    assert As(door, "stranger")("POST", "/inbox/birth-registered", event_item(event)).status_code == 403
    assert room("POST", "/inbox/death-registered", event_item(event)).status_code == 400
    forged = event_item(event) | {"publisherId": {
        "instanceId": "XA", "memberClass": "COM", "memberCode": "20000001", "applicationCode": "shop",
    }}  # fmt: skip
    assert room("POST", "/inbox/birth-registered", forged).status_code == 403
    assert As(door, "stranger")("POST", "/inbox/birth-registered", forged).status_code == 404


def test_an_answer_never_repeats_the_content(door: TestClient) -> None:
    body = {"eventType": "birth-registered", "event": {"person": [MARI]}}
    refused = As(door, "interior")("POST", "/pub/v1/birth-registered", body)
    assert (refused.status_code, MARI in refused.text) == (400, False)
    assert refused.json()["flaws"] == [
        {"pointer": "/schema/properties/person/type", "message": "is not kept"}
    ]


def test_every_published_operation_is_there_under_its_path_and_method(at: Rig) -> None:
    published = NewsApi(at.news, at.inbox, INTERIOR).routes()[1]
    found = {
        (door.path.removeprefix(published.prefix), *sorted(door.methods or ())) for door in published.doors
    }
    assert len(found) == len(PUBSUB_OPERATIONS) == 14
    assert {str(door.operation_id).removesuffix("Published") for door in published.doors} == PUBSUB_OPERATIONS
    assert all(door.access == CLIENT for door in published.doors)


def test_the_document_is_valid(door: TestClient) -> None:
    from openapi_spec_validator import validate

    document = door.get("/openapi/exchange-news.json")
    assert document.status_code == 200, document.text
    validate(document.json())

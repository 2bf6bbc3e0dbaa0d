# SPDX-License-Identifier: EUPL-1.2
"""A configuration by document: what it adds, changes and removes, and what it refuses untouched."""

from __future__ import annotations

import copy
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.exchange.web.memory import PEOPLE, PLACES, PORTAL, REGISTRY, TAXES, MemoryExchange
from tests.interop.mediator import mediator

from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServiceId
from flagstone.blocks.exchange.contract.service import Connection, Endpoint
from flagstone.blocks.exchange.web.govstack.wanted import ConfigurationInvalid, read_wanted

CONFIG = "/mediator/api/v1/config"
HARBOUR = ClientId("XA", "COM", "777", "ships")
BERTHS = ServiceId(HARBOUR, "berths")
NEW: dict[str, Any] = {
    "domain": "aralia.example",
    "instance": "XA",
    "members": [
        {
            "name": "Harbour",
            "class": "COM",
            "code": 777,
            "applications": [
                {
                    "id": "ships",
                    "connection": "http",
                    "services": [
                        {
                            "id": "berths",
                            "service_url": "http://127.0.0.1:9/berths",
                            "rights": [
                                {"member": "Tax Board", "application": "declarations"},
                                {"member": "Harbour", "application": "ships"},
                                {"member": "global:agencies", "application": ""},
                            ],
                        }
                    ],
                }
            ],
        }
    ],
}


@pytest.fixture
def exchange() -> MemoryExchange:
    return MemoryExchange(is_centre=True)


@pytest.fixture
def operator(exchange: MemoryExchange) -> TestClient:
    return TestClient(mediator(exchange), headers={"Authorization": "Bearer operator"})


def changes(exchange: MemoryExchange) -> list[str]:
    return [what for what, _of, _reason in exchange.done]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("as_yaml", [False, True], ids=["json", "yaml"])
def test_what_is_described_is_added_and_the_rest_stays(
    operator: TestClient, exchange: MemoryExchange, method: str, *, as_yaml: bool
) -> None:
    body = {"content": yaml.safe_dump(NEW), "headers": {"Content-Type": "text/yaml"}}
    answer = operator.request(method, CONFIG, **(body if as_yaml else {"json": NEW}))
    assert answer.status_code == 201
    assert isinstance(answer.json(), str)
    assert {HARBOUR, REGISTRY, PORTAL} == set(exchange.clients)
    assert exchange.clients[HARBOUR].connection is Connection.NOSSL
    assert exchange.known.servers_of(HARBOUR)
    assert {right.subject for right in exchange.held if right.service == BERTHS} == {
        TAXES,
        HARBOUR,
        GroupId("agencies"),
    }
    done = len(exchange.done)
    assert operator.request(method, CONFIG, json=NEW).json() == "no change was needed"
    assert len(exchange.done) == done
    reasons = {reason.purpose for _what, _of, reason in exchange.done if reason}
    assert reasons == {"Configuration of the information mediator by its API"}


def test_what_is_told_can_be_put_back_without_a_change(
    operator: TestClient, exchange: MemoryExchange
) -> None:
    told = operator.get(CONFIG).json()
    assert operator.put(CONFIG, json=told).json() == "no change was needed"
    assert not exchange.done


def test_replacing_removes_what_is_not_described_by_audited_deeds(
    operator: TestClient, exchange: MemoryExchange
) -> None:
    told = operator.get(CONFIG).json()
    interior = next(each for each in told["members"] if each["code"] == "10000001")
    registry = next(each for each in interior["applications"] if each["id"] == "registry")
    interior["applications"] = [registry]
    people = next(each for each in registry["services"] if each["id"] == "people")
    registry["services"], people["rights"] = [people], []
    told["members"] = [each for each in told["members"] if each["name"] != "Tax Board"]
    assert operator.put(CONFIG, json=told).status_code == 201
    assert set(exchange.clients) == {REGISTRY}
    assert set(exchange.services) == {PEOPLE}
    assert exchange.held == []
    assert not exchange.known.knows(TAXES)
    assert not exchange.known.knows(PORTAL)
    assert changes(exchange) == ["take", "withdraw", "remove_client", "dismiss", "dismiss"]


def test_a_member_that_owns_a_server_is_never_removed(operator: TestClient, exchange: MemoryExchange) -> None:
    bare = {"domain": "x", "instance": "XA", "members": []}
    assert operator.put(CONFIG, json=bare).status_code == 201
    assert {str(each.id) for each in exchange.known.members} == {"XA/GOV/10000001", "XA/GOV/10000099"}
    assert exchange.clients == {}


def test_a_right_to_single_endpoints_stays_as_narrow_as_it_is(
    operator: TestClient, exchange: MemoryExchange
) -> None:
    operator.put(CONFIG, json=operator.get(CONFIG).json())
    held = [right.endpoint for right in exchange.held if right.service == PEOPLE]
    assert held == [Endpoint("GET", "/persons/*")]


def test_adding_refuses_what_is_there_and_different(operator: TestClient, exchange: MemoryExchange) -> None:
    told = operator.get(CONFIG).json()
    interior = next(each for each in told["members"] if each["code"] == "10000001")
    interior["applications"][1]["services"][1]["serviceUrl"] = "http://127.0.0.1:9/elsewhere"
    answer = operator.post(CONFIG, json=told)
    assert answer.status_code == 400
    assert answer.json()["code"] == "exchange.configuration-invalid"
    assert not exchange.done
    assert operator.patch(CONFIG, json=told).status_code == 201
    assert exchange.services[PLACES].url == "http://127.0.0.1:9/elsewhere"


def test_away_from_the_centre_nobody_is_admitted() -> None:
    exchange = MemoryExchange()
    operator = TestClient(mediator(exchange), headers={"Authorization": "Bearer operator"})
    answer = operator.patch(CONFIG, json=NEW)
    assert answer.status_code == 400
    assert {flaw["pointer"] for flaw in answer.json()["flaws"]} == {
        "/members/0",
        "/members/0/applications/0",
    }
    assert operator.post(f"{CONFIG}?init=true", json=NEW).status_code == 403
    assert not exchange.done


@pytest.mark.parametrize(
    ("pointer", "broken"),
    [
        ("/instance", {"instance": "YY"}),
        ("/instance", {"instance": "a/b"}),
        ("/members", {"members": {}}),
        ("/members/0", {"members": [7]}),
        ("/members/0/name", {"members": [{"class": "GOV", "code": "1"}]}),
        ("/members/0/code", {"members": [{"name": "x", "class": "GOV", "code": "1/2"}]}),
    ],
)
def test_every_flaw_is_named_and_nothing_is_done(
    operator: TestClient, exchange: MemoryExchange, pointer: str, broken: dict[str, object]
) -> None:
    answer = operator.put(CONFIG, json={"domain": "x", "instance": "XA", **broken})
    assert answer.status_code == 400
    assert pointer in {flaw["pointer"] for flaw in answer.json()["flaws"]}
    assert not exchange.done


def test_unknown_holders_and_applications_of_others_are_refused(
    operator: TestClient, exchange: MemoryExchange
) -> None:
    unknown = copy.deepcopy(NEW)
    rights = unknown["members"][0]["applications"][0]["services"][0]["rights"]
    rights += [{"member": "Nobody", "application": "x"}, {"member": "global:none", "application": ""}]
    rights += [{"member": "Tax Board", "application": "unknown"}]
    elsewhere = {"id": "registry", "services": [{"id": "x", "serviceUrl": "http://127.0.0.1:9/x"}]}
    unknown["members"].append(
        {"name": "Digital Agency", "class": "GOV", "code": "10000099", "applications": [elsewhere]}
    )
    answer = operator.patch(CONFIG, json=unknown)
    place = "/members/0/applications/0/services/0/rights"
    assert {flaw["pointer"] for flaw in answer.json()["flaws"]} == {
        *(f"{place}/{number}" for number in (3, 4, 5)),
        "/members/1/applications/0/services",
    }
    assert not exchange.done


def test_only_operators_write_and_only_they_and_auditors_read(exchange: MemoryExchange) -> None:
    app = mediator(exchange)
    for role, status in (("operator", 200), ("auditor", 200), ("clerk", 401)):
        caller = TestClient(
            app, headers={"Authorization": f"Bearer {role}" if role != "clerk" else "Bearer x"}
        )
        assert caller.get(CONFIG).status_code == status
    auditor = TestClient(app, headers={"Authorization": "Bearer auditor"})
    assert auditor.put(CONFIG, json=NEW).status_code == 403
    assert auditor.patch("/mediator/api/v1/rights/allow", json=[]).status_code == 403
    assert TestClient(app).get("/mediator/api/v1/status").status_code == 401


def test_the_status_tells_whether_messages_are_carried(operator: TestClient) -> None:
    answer = operator.get("/mediator/api/v1/status")
    assert (answer.status_code, answer.json()["status"]) == (200, "running")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(ConfigurationInvalid):
        assert read_wanted(body).instance


def test_anchors_that_multiply_are_refused() -> None:
    with pytest.raises(ConfigurationInvalid):
        read_wanted(b"a: &a [x, x]\nb: *a\n")


def test_renaming_needs_a_change(operator: TestClient, exchange: MemoryExchange) -> None:
    told = operator.get(CONFIG).json()
    taxes = next(each for each in told["members"] if each["name"] == "Tax Board")
    taxes["name"] = "Tax and Customs Board"
    told["members"] = [taxes]
    assert operator.post(CONFIG, json=told).status_code == 400
    assert operator.patch(CONFIG, json=told).status_code == 201
    names = {each.id: each.name for each in exchange.known.members}
    assert names[replace(TAXES, subsystem="")] == {"en": "Tax and Customs Board"}

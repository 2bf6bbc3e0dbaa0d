# SPDX-License-Identifier: EUPL-1.2
"""GovStack's Directory API: clients, services and descriptions in its own words."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient
from tests.blocks.exchange.web.memory import PEOPLE, TAXES, MemoryExchange
from tests.interop.mediator import mediator

from flagstone.blocks.exchange.contract.service import ServiceKind

ONE = "/mediator/r1/XA/GOV/10000001/registry"


@pytest.fixture
def anybody() -> TestClient:
    return TestClient(mediator(MemoryExchange()), headers={"X-GovStack-Client": str(TAXES)})


def test_members_and_applications_are_listed(anybody: TestClient) -> None:
    found = anybody.get("/mediator/listClients").json()["member"]
    assert len(found) == 3 + 4
    assert found[0] == {
        "name": "Ministry of the Interior",
        "id": {
            "objectType": "MEMBER",
            "instanceId": "XA",
            "memberClass": "GOV",
            "memberCode": "10000001",
        },
    }
    assert found[2]["id"]["applicationCode"] == "registry"
    assert anybody.get("/mediator/listClients?instanceId=YY").json() == {"member": []}


def test_methods_are_listed_and_the_allowed_ones_apart(anybody: TestClient) -> None:
    people, places = anybody.get(f"{ONE}/listMethods").json()["member"]
    assert (people["serviceCode"], people["serviceType"], places["serviceCode"]) == (
        "people",
        "OPENAPI",
        "places",
    )
    assert len(people["endpointList"]["member"]) == 2
    allowed = anybody.get(f"{ONE}/allowedMethods").json()["member"]
    assert [(each["serviceCode"], each["endpointList"]["member"]) for each in allowed] == [
        ("people", [{"method": "GET", "path": "/persons/*"}]),
        ("places", []),
    ]
    one = anybody.get(f"{ONE}/listMethods?serviceId=places").json()["member"]
    assert [each["serviceCode"] for each in one] == ["places"]


def test_a_description_comes_as_a_json_string_or_as_text(anybody: TestClient) -> None:
    answer = anybody.get(f"{ONE}/getOpenAPI?serviceCode=people")
    assert json.loads(answer.json())["openapi"] == "3.0.3"
    plain = anybody.get(f"{ONE}/getOpenAPI?serviceCode=people", headers={"Accept": "text/yaml"})
    assert plain.headers["content-type"].startswith("text/yaml")
    assert json.loads(plain.text)["info"]["title"] == "People"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ONE}/getOpenAPI?serviceCode=places", 400),
        (f"{ONE}/getOpenAPI?serviceCode=unknown", 404),
        (f"{ONE}/getOpenAPI", 400),
        (f"{ONE}/getOpenAPI?serviceCode=a/b", 400),
        ("/mediator/r1/XA/GOV/10000099/registry/listMethods", 404),
        ("/mediator/r1/XA/GOV/10000001/unknown/listMethods", 404),
        ("/mediator/r1/XA/GOV/10000001/a%3Ab/listMethods", 400),
    ],
)
def test_what_is_not_there_is_told_from_what_is_malformed(
    anybody: TestClient, path: str, status: int
) -> None:
    assert anybody.get(path).status_code == status


def test_who_asks_must_be_somebody() -> None:
    nobody = TestClient(mediator(MemoryExchange()))
    assert nobody.get(f"{ONE}/listMethods").status_code == 400
    assert nobody.get(f"{ONE}/listMethods", headers={"X-GovStack-Client": "a/b"}).status_code == 400
    stranger = {"X-GovStack-Client": "XA/GOV/1/x"}
    assert nobody.get(f"{ONE}/allowedMethods", headers=stranger).status_code == 404


def test_what_is_switched_off_is_not_listed() -> None:
    exchange = MemoryExchange()
    people = exchange.services[PEOPLE]
    exchange.services[PEOPLE] = type(people)(PEOPLE, ServiceKind.REST, "http://127.0.0.1:9", enabled=False)
    found = TestClient(mediator(exchange)).get(
        f"{ONE}/listMethods", headers={"X-GovStack-Client": str(TAXES)}
    )
    assert [each["serviceCode"] for each in found.json()["member"]] == ["places"]

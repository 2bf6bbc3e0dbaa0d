# SPDX-License-Identifier: EUPL-1.2
"""Rights by GovStack's API: pages of holders, giving and taking for whole services."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.blocks.exchange.web.memory import PEOPLE, PLACES, PORTAL, TAXES, MemoryExchange
from tests.interop.mediator import mediator

from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId
from flagstone.blocks.exchange.contract.service import Endpoint, Right

ALLOW, DENY = "/mediator/api/v1/rights/allow", "/mediator/api/v1/rights/deny"
SERVICE = {"memberClass": "GOV", "memberCode": "10000001", "applicationId": "registry"}


@pytest.fixture
def exchange() -> MemoryExchange:
    return MemoryExchange()


@pytest.fixture
def operator(exchange: MemoryExchange) -> TestClient:
    return TestClient(mediator(exchange), headers={"Authorization": "Bearer operator"})


def asked(service: str, *holders: dict[str, str]) -> list[dict[str, Any]]:
    return [{**SERVICE, "serviceId": service, "rights": list(holders)}]


def holders(page: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (each["serviceId"], one["memberCode"], one["applicationId"])
        for each in page["allowList"]
        for one in each["rights"]
    ]


def test_pages_end_in_the_middle_of_a_service(operator: TestClient, exchange: MemoryExchange) -> None:
    exchange.known = exchange.known
    exchange.held += [Right(ClientId("XA", "GOV", "10000099", f"s{number}"), PEOPLE) for number in range(8)]
    exchange.held += [Right(PORTAL, PLACES, Endpoint("GET", "/x")), Right(PORTAL, PLACES)]
    whole = operator.get(ALLOW).json()
    assert "nextPageToken" not in whole
    found: list[tuple[str, str, str]] = []
    query: dict[str, Any] = {"pageSize": 4}
    sizes = []
    while True:
        page = operator.get(ALLOW, params=query).json()
        found += holders(page)
        sizes.append(len(holders(page)))
        if "nextPageToken" not in page:
            break
        query["nextPageToken"] = page["nextPageToken"]
    assert sizes == [4, 4, 3]
    assert found == holders(whole)
    assert len(set(found)) == 11


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"serviceId": "people"}, 1),
        ({"serviceId": "x"}, 0),
        ({"memberClass": "GOV", "memberCode": "10000001", "applicationId": "registry"}, 2),
        ({"memberCode": "1"}, 0),
    ],
)
def test_filters_narrow_the_list(operator: TestClient, query: dict[str, str], count: int) -> None:
    assert len(holders(operator.get(ALLOW, params=query).json())) == count


@pytest.mark.parametrize("query", [{"pageSize": 0}, {"pageSize": 5_000}, {"nextPageToken": "nonsense"}])
def test_odd_pages_are_refused(operator: TestClient, query: dict[str, Any]) -> None:
    assert operator.get(ALLOW, params=query).status_code == 400


def test_giving_and_taking_by_name_and_by_code(operator: TestClient, exchange: MemoryExchange) -> None:
    by_name = {"member": "Ministry of the Interior", "application": "portal"}
    by_code = {"memberClass": "GOV", "memberCode": "10000020", "applicationId": "declarations"}
    group = {"memberClass": "GLOBALGROUP", "memberCode": "agencies"}
    answer = operator.patch(ALLOW, json=asked("people", by_name, by_code, group))
    assert (answer.status_code, answer.json()) == (200, "2 rights were given")
    held = {(right.subject, right.endpoint) for right in exchange.held if right.service == PEOPLE}
    assert held == {
        (PORTAL, Endpoint()),
        (TAXES, Endpoint("GET", "/persons/*")),  # what was narrower stays so
        (GroupId("agencies"), Endpoint()),
    }
    assert operator.patch(DENY, json=asked("people", by_name, by_code)).json() == "2 rights were taken"
    assert {right.subject for right in exchange.held if right.service == PEOPLE} == {GroupId("agencies")}
    assert operator.patch(DENY, json=asked("people", by_name)).json() == "0 rights were taken"
    assert operator.patch(ALLOW).status_code == operator.patch(DENY, json=[]).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (asked("unknown"), "/0/serviceId"),
        (asked("people", {"member": "Nobody"}), "/0/rights/0"),
        (asked("people", {"memberClass": "GOV", "memberCode": "a/b"}), "/0/rights/0"),
        (asked("people", {}), "/0/rights/0"),
        ([{}], "/0/memberClass"),
    ],
)
def test_what_means_nothing_is_named_and_nothing_done(
    operator: TestClient, exchange: MemoryExchange, body: Any, pointer: str
) -> None:
    answer = operator.patch(ALLOW, json=body)
    assert answer.status_code == 400
    assert pointer in {flaw["pointer"] for flaw in answer.json()["flaws"]}
    assert not exchange.done

# SPDX-License-Identifier: EUPL-1.2
"""Conformance with r1, errors and metadata: one test for each rule, over real sockets."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha512
from xml.etree import ElementTree

import pytest
from tests.blocks.exchange.web.path.rig import UUID, Exchange, ended

from flagstone.blocks.exchange.contract.log import Side
from flagstone.blocks.exchange.model.faults import Spelling
from flagstone.blocks.exchange.web.path.bounds import PathBounds

# Errors (PR-REST 4.6)


@pytest.mark.parametrize(
    ("service", "method", "path", "fault"),
    [
        ("unknown", "GET", "", "server.serverproxy.unknown_service"),
        ("nobody", "GET", "", "server.serverproxy.access_denied"),
        ("closed", "GET", "", "server.serverproxy.service_disabled"),
        ("narrow", "GET", "/things/1", ""),
        ("narrow", "PATCH", "/things/1", "server.serverproxy.access_denied"),
        ("narrow", "GET", "/things/1/2", "server.serverproxy.access_denied"),
        ("narrow", "GET", "/shared/1", "server.serverproxy.access_denied"),
        ("narrow", "GET", "/things/../things/1", ""),
        ("narrow", "GET", "/things/..%2F..%2Fother", "server.serverproxy.access_denied"),
        ("narrow", "GET", "/things/../../x", "server.serverproxy.access_denied"),
    ],
)
def test_the_provider_judges_service_right_and_state(
    exchange: Exchange, service: str, method: str, path: str, fault: str
) -> None:
    got = exchange.ask(method, f"/r1/XA/GOV/200/registry/{service}{path}")
    assert got.fault == fault
    assert got.status == (500 if fault else 200)
    assert len(exchange.provider.asked) == (0 if fault else 1)


def test_the_notice_of_a_disabled_service_is_told(exchange: Exchange) -> None:
    assert "moving house" in json.loads(exchange.ask("GET", "/r1/XA/GOV/200/registry/closed").body)["message"]


def test_an_unknown_provider_or_client_is_an_unknown_member(exchange: Exchange) -> None:
    assert exchange.ask("GET", "/r1/XA/GOV/999/a/b").fault == "server.clientproxy.unknown_member"
    unknown = {"X-Road-Client": "XA/GOV/999/x"}
    assert exchange.ask(headers=unknown).fault == "server.clientproxy.unknown_member"
    foreign = {"X-Road-Client": "XA/GOV/200/registry"}
    assert exchange.ask(headers=foreign).fault == "server.clientproxy.unknown_member", "of another server"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"),
        ("foobarbaz", "application/json"),
        ("application/xml; q=0.2", "application/xml;charset=utf-8"),
        ("text/xml, application/xml, application/json", "text/xml;charset=utf-8"),
        ("text/*", "text/xml;charset=utf-8"),
        ("text/xml-patch+xml", "application/json"),
    ],
)
def test_the_body_of_an_error_is_json_or_the_xml_that_was_asked_for(
    exchange: Exchange, accept: str, kind: str
) -> None:
    got = exchange.ask("GET", "/r1/XA/GOV/200/registry/nobody", {"Accept": accept})
    assert got.one("Content-Type") == kind
    if "xml" in kind:
        said = {child.tag: child.text for child in ElementTree.fromstring(got.body)}
    else:
        said = json.loads(got.body)
    assert list(said) == ["type", "message", "detail"]
    assert said["type"] == got.fault == "server.serverproxy.access_denied"
    assert UUID.fullmatch(said["detail"] or "")


def test_the_detail_of_a_fault_finds_the_exchange_in_both_logs(exchange: Exchange) -> None:
    said = json.loads(exchange.ask("GET", "/r1/XA/GOV/200/registry/nobody").body)
    for site, side in ((exchange.asking, Side.CONSUMER), (exchange.telling, Side.PROVIDER)):
        assert site.log.requests[0].exchange == said["detail"]
        assert [(each.exchange, each.fault) for each in ended(site, side)] == [(said["detail"], said["type"])]


def test_faults_are_spelled_in_the_old_way_where_the_setting_says_so() -> None:
    with Exchange(bounds=PathBounds(spelling=Spelling.CAMEL)) as old:
        got = old.ask("GET", "/r1/XA/GOV/200/registry/nobody")
        assert (got.status, got.fault) == (500, "Server.ServerProxy.AccessDenied")
        assert old.ask("GET", "/r1/x").fault == "Server.ClientProxy.BadRequest"
        counted = old.asking.path.status().counts
        assert counted[Side.CONSUMER, "server.serverproxy.access_denied"] == 1, "counted in one spelling"


# Metadata (PR-META 2, PR-MREST 4 and 5)


def test_list_clients_needs_no_client_and_is_xml_or_json(exchange: Exchange) -> None:
    as_xml = exchange.ask("GET", "/listClients", {"X-Road-Client": ""})
    assert as_xml.one("Content-Type") == "text/xml;charset=utf-8"
    assert len(ElementTree.fromstring(as_xml.body)) == 5
    as_json = exchange.ask("GET", "/listClients?xRoadInstance=XA", {"Accept": "application/json"})
    assert as_json.one("Content-Type") == "application/json;charset=utf-8"
    assert len(json.loads(as_json.body)["member"]) == 5
    other = exchange.ask("GET", "/listClients?xRoadInstance=XB", {"Accept": "application/json"})
    assert json.loads(other.body) == {"member": []}
    assert exchange.ask("POST", "/listClients").fault == "client.invalid_http_method"


def test_list_methods_and_allowed_methods_need_no_right_and_are_logged(exchange: Exchange) -> None:
    member = {"X-Road-Client": "XA/GOV/100"}
    every = json.loads(exchange.ask("GET", "/r1/XA/GOV/200/registry/listMethods", member).body)["service"]
    assert {each["service_code"] for each in every} >= {"echo", "nobody", "open", "closed"}
    assert json.loads(exchange.ask("GET", "/r1/XA/GOV/200/registry/allowedMethods", member).body) == {
        "service": []
    }
    mine = json.loads(exchange.ask("GET", "/r1/XA/GOV/200/registry/allowedMethods").body)["service"]
    held = {each["service_code"]: each["endpoint_list"] for each in mine}
    assert "nobody" not in held
    assert held["open"] == [{"method": "GET", "path": "/things/*"}]
    assert [each.service.code for each in exchange.telling.log.requests] == [
        "listMethods",
        "allowedMethods",
        "allowedMethods",
    ]


def test_get_openapi_hides_the_servers(exchange: Exchange) -> None:
    got = exchange.ask("GET", "/r1/XA/GOV/200/registry/getOpenAPI?serviceCode=open")
    assert got.one("Content-Type") == "application/json"
    assert [each["url"] for each in json.loads(got.body)["servers"]] == ["/api/v1", "https://{host}/x"]


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("", "invalid_request"),
        ("?serviceCode=none", "unknown_service"),
        ("?serviceCode=echo", "service_type"),
    ],
)
def test_get_openapi_of_nothing_is_refused(exchange: Exchange, query: str, fault: str) -> None:
    got = exchange.ask("GET", f"/r1/XA/GOV/200/registry/getOpenAPI{query}")
    assert got.fault == f"server.serverproxy.{fault}"


def test_the_hash_of_a_metadata_exchange_is_of_the_head_alone(exchange: Exchange) -> None:
    got = exchange.ask("GET", "/r1/XA/GOV/200/registry/listMethods")
    assert (
        got.one("x-road-request-hash")
        == b64encode(sha512(exchange.asking.log.requests[0].head).digest()).decode()
    )


def test_metadata_services_are_read_only_by_get(exchange: Exchange) -> None:
    assert (
        exchange.ask("POST", "/r1/XA/GOV/200/registry/listMethods").fault
        == "server.serverproxy.unknown_service"
    )

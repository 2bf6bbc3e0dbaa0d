# SPDX-License-Identifier: EUPL-1.2
"""What servers tell of themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from flagstone.blocks.exchange.contract.directory import Directory, Member, Subsystem
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import Endpoint, Right, ServiceDefinition, ServiceKind
from flagstone.blocks.exchange.model import faults, metadata
from flagstone.blocks.exchange.model.access import Entry
from flagstone.blocks.exchange.model.faults import MessageFault

MEMBER, SYSTEM = ClientId("XA", "GOV", "1"), ClientId("XA", "GOV", "1", 'a<"&>b')
DIRECTORY = Directory(
    "XA",
    1,
    datetime(2026, 1, 1, tzinfo=UTC),
    members=(
        Member(MEMBER, {"et": "Amet", "en": "Board & Co"}),
        Member(ClientId("XB", "GOV", "1"), {"et": "B"}),
    ),
    subsystems=(Subsystem(SYSTEM, {"et": "Süsteem"}),),
)
OPEN = ServiceDefinition(
    ServiceId(SYSTEM, "open"),
    ServiceKind.OPENAPI3,
    "http://x",
    endpoints=(Endpoint(), Endpoint("GET", "/a/*"), Endpoint("POST", "/a"), Endpoint("GET", "/b/**")),
)
REST = ServiceDefinition(ServiceId(SYSTEM, "rest"), ServiceKind.REST, "http://y")
NS = {"x": "http://x-road.eu/xsd/xroad.xsd", "i": "http://x-road.eu/xsd/identifiers"}


def test_clients_as_json() -> None:
    assert json.loads(metadata.clients_json(DIRECTORY, "XA")) == {
        "member": [
            {
                "id": {
                    "object_type": "MEMBER",
                    "xroad_instance": "XA",
                    "member_class": "GOV",
                    "member_code": "1",
                },
                "name": "Board & Co",
            },
            {
                "id": {
                    "object_type": "SUBSYSTEM",
                    "xroad_instance": "XA",
                    "member_class": "GOV",
                    "member_code": "1",
                    "subsystem_code": 'a<"&>b',
                },
                "name": "Board & Co",
                "subsystem_name": "Süsteem",
            },
        ]
    }
    assert json.loads(metadata.clients_json(DIRECTORY, "nowhere")) == {"member": []}


def test_clients_as_xml() -> None:
    root = ElementTree.fromstring(metadata.clients_xml(DIRECTORY, "XA"))
    assert root.tag == f"{{{NS['x']}}}clientList"
    kinds = [each.get(f"{{{NS['i']}}}objectType") for each in root.iterfind("x:member/x:id", NS)]
    assert kinds == ["MEMBER", "SUBSYSTEM"]
    assert root.findtext("x:member/x:id/i:subsystemCode", namespaces=NS) == 'a<"&>b'
    assert root.findtext("x:member/x:subsystemName", namespaces=NS) == "Süsteem"
    assert root.findtext("x:member/x:name", namespaces=NS) == "Board & Co"


@pytest.mark.parametrize(
    ("accept", "json_wanted"),
    [
        ([], False),
        (["application/json"], True),
        (["text/xml;q=1.0, application/json;q=0.9"], True),
        (["text/xml", "Application/JSON"], True),
        (["*/*"], False),
        (["application/json+x"], False),
    ],
)
def test_json_is_given_to_whoever_names_it(accept: list[str], *, json_wanted: bool) -> None:
    assert metadata.wants_json(accept) is json_wanted


def test_the_instance_is_asked_for_or_our_own() -> None:
    assert metadata.instance_asked("xRoadInstance=XB&a=b", "XA") == "XB"
    assert metadata.instance_asked("xRoadInstance=", "XA") == "XA"
    assert metadata.instance_asked("", "XA") == "XA"


def test_methods_list_services_with_their_endpoints_but_not_the_base() -> None:
    listed = json.loads(metadata.methods_json([OPEN, REST]))["service"]
    assert [each["service_type"] for each in listed] == ["OPENAPI", "REST"]
    assert listed[0] == {
        "xroad_instance": "XA",
        "member_class": "GOV",
        "member_code": "1",
        "subsystem_code": 'a<"&>b',
        "object_type": "SERVICE",
        "service_code": "open",
        "service_type": "OPENAPI",
        "endpoint_list": [
            {"method": "GET", "path": "/a/*"},
            {"method": "POST", "path": "/a"},
            {"method": "GET", "path": "/b/**"},
        ],
    }


def allowed(*endpoints: Endpoint) -> list[list[dict[str, str]]]:
    entries = tuple(Entry(frozenset({MEMBER}), end, Right(MEMBER, OPEN.id, end)) for end in endpoints)
    listed = json.loads(metadata.allowed_json({OPEN.id: (OPEN, entries), REST.id: (REST, ())}, MEMBER))
    return [each["endpoint_list"] for each in listed["service"]]


def test_allowed_methods_are_those_that_a_right_covers() -> None:
    assert allowed() == []
    assert len(allowed(Endpoint())[0]) == 3
    assert allowed(Endpoint("GET", "/a/*")) == [[{"method": "GET", "path": "/a/*"}]]
    assert allowed(Endpoint("*", "/a")) == [[{"method": "POST", "path": "/a"}]]
    assert allowed(Endpoint("DELETE", "/zzz")) == [[]]


def test_the_service_that_is_asked_for() -> None:
    assert metadata.service_asked(b"a=b&serviceCode=x%20y") == "x y"
    assert metadata.service_asked(b"SERVICECODE=z") == "z"
    for query in (None, b"", b"serviceCode=", b"code=x", b"\xff"):
        with pytest.raises(MessageFault) as caught:
            metadata.service_asked(query)
        assert caught.value.code == faults.INVALID_REQUEST


def test_servers_of_a_description_show_their_path_alone() -> None:
    document: metadata.Json = {
        "openapi": "3.1.0",
        "servers": [
            {"url": "https://user:word@secret.internal:8443/api/v1?x=1", "description": "d"},
            {"url": "https://{host}/v1"},
            {"url": "https://secret"},
            {"description": "none"},
            "odd",
        ],
    }
    changed = metadata.anonymised(document)
    assert isinstance(changed, dict)
    assert changed["servers"] == [
        {"url": "/api/v1", "description": "d"},
        {"url": "https://{host}/v1"},
        {"url": ""},
        {"description": "none"},
        "odd",
    ]
    assert metadata.anonymised({"openapi": "3.0.0"}) == {"openapi": "3.0.0"}


@pytest.mark.parametrize("document", [None, [], "x", {}, {"swagger": "2.0"}, {"openapi": "2.0"}])
def test_what_is_no_openapi_3_document_is_not_given(document: metadata.Json) -> None:
    with pytest.raises(MessageFault):
        metadata.anonymised(document)


def test_a_server_that_cannot_be_read_is_not_given() -> None:
    with pytest.raises(MessageFault):
        metadata.anonymised({"openapi": "3.0.0", "servers": [{"url": "http://[::1"}]})

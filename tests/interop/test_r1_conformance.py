# SPDX-License-Identifier: EUPL-1.2
"""Conformance with the Message Protocol for REST, version r1: one test for each rule, over real sockets.

`PR-REST` and `PR-META` are the published protocols of X-Road; where its servers do otherwise than they
say, the servers are followed, and the test says so.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha512
from http.server import BaseHTTPRequestHandler

import pytest
from tests.blocks.exchange.web.path.rig import ASKS, TELLS, UUID, Exchange, ended
from tests.blocks.exchange.web.path.system import Asked

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId
from flagstone.blocks.exchange.contract.log import Side
from flagstone.blocks.exchange.contract.service import LocalClient, Right, ServiceDefinition, ServiceKind
from flagstone.blocks.exchange.model.filtering import FILTERED

ECHO = "/r1/XA/GOV/200/registry/echo"


def refuse(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    handler.send_error(405, "No Such Thing")


def redirect(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    handler.send_response(302)
    handler.send_header("Location", f"{ECHO}/elsewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def sha(*parts: bytes) -> bytes:
    return sha512(b"".join(parts)).digest()


# Requests: address, methods, headers (PR-REST 4.1 to 4.3)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_each_method_of_the_protocol_passes(exchange: Exchange, method: str) -> None:
    got = exchange.ask(method, ECHO)
    assert (got.status, got.reason, got.fault) == (200, "Fine", "")
    assert exchange.provider.asked[0].method == method


@pytest.mark.parametrize("method", ["PROPFIND", "LINK", "get"])
def test_other_methods_are_refused(exchange: Exchange, method: str) -> None:
    got = exchange.ask(method, ECHO)
    assert got.status in {400, 500, 501}
    assert got.fault
    assert exchange.provider.asked == []


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("", "/base"),
        ("/", "/base/"),
        ("/path%3B/", "/base/path%3B/"),
        ("/v1/a//b?x=1&x=%20&y", "/base/v1/a//b?x=1&x=%20&y"),
        ("?", "/base?"),
        ("?q=[a]|b", "/base?q=[a]|b"),
    ],
)
def test_path_and_query_pass_unchanged_behind_the_address_of_the_service(
    exchange: Exchange, asked: str, seen: str
) -> None:
    assert exchange.ask("GET", ECHO + asked).status == 200
    assert exchange.provider.asked[0].target == seen


def test_a_service_address_that_ends_with_a_slash_does_not_double_it(exchange: Exchange) -> None:
    exchange.offer(url=f"{exchange.provider.address}/")
    exchange.ask("GET", ECHO + "/a")
    exchange.ask("GET", ECHO)
    assert [each.target for each in exchange.provider.asked] == ["/a", "/"]


def test_percent_encoded_identifiers_name_the_same_service(exchange: Exchange) -> None:
    odd = ClientId("XA", "GOV", "200", "s/ub")
    service = ServiceDefinition(ServiceId(odd, "öä"), ServiceKind.REST, exchange.provider.address)
    telling = exchange.telling
    server = replace(exchange.directory.servers[1], clients=frozenset({odd, TELLS}))
    directory = replace(exchange.directory, servers=(exchange.directory.servers[0], server))
    telling.snapshot = replace(
        telling.snapshot,
        directory=directory,
        clients={odd: LocalClient(odd)},
        services={service.id: service},
        rights={service.id: (Right(ASKS, service.id),)},
    )
    before, exchange.asking.snapshot = (
        exchange.asking.snapshot,
        replace(exchange.asking.snapshot, directory=directory),
    )
    got = exchange.ask("GET", "/r1/XA/GOV/200/s%2Fub/%C3%B6%C3%A4/x", {"X-Road-Client": "XA/GO%56/100/asks"})
    exchange.asking.snapshot = before
    telling.snapshot = replace(
        telling.snapshot, directory=exchange.directory, clients={TELLS: LocalClient(TELLS)}
    )
    assert got.status == 200
    assert got.one("x-road-service") == "XA/GOV/200/s%2Fub/%C3%B6%C3%A4"
    assert got.one("x-road-client") == "XA/GOV/100/asks"


def test_the_client_may_be_a_member_without_a_subsystem(exchange: Exchange) -> None:
    echo = ServiceId(TELLS, "echo")
    rights = {**exchange.telling.snapshot.rights, echo: (Right(ASKS.member, echo),)}
    exchange.telling.snapshot = replace(exchange.telling.snapshot, rights=rights)
    assert exchange.ask(headers={"X-Road-Client": "XA/GOV/100"}).status == 200
    assert exchange.ask().fault == "server.serverproxy.access_denied", (
        "a member's right is not its subsystems'"
    )


def test_the_client_header_is_mandatory_and_its_absence_gives_500_as_servers_do(exchange: Exchange) -> None:
    got = exchange.ask(headers={"X-Road-Client": ""})
    assert (got.status, got.fault) == (500, "server.clientproxy.invalid_client_identifier")


@pytest.mark.parametrize(
    "target", ["/r1/invalid", "/r2/XA/GOV/200/registry/echo", "/r1/XA/GOV/200/registry", "/"]
)
def test_a_malformed_address_gives_500_as_servers_do(exchange: Exchange, target: str) -> None:
    got = exchange.ask("GET", target)
    assert (got.status, got.fault) == (500, "server.clientproxy.bad_request")


def test_a_message_id_is_kept(exchange: Exchange) -> None:
    got = exchange.ask(headers={"X-Road-Id": "mine-1"})
    assert got.one("x-road-id") == "mine-1"
    assert exchange.provider.asked[0].values("X-Road-Id") == ["mine-1"]


def test_a_message_id_is_made_of_instance_and_uuid_where_there_is_none(exchange: Exchange) -> None:
    got = exchange.ask()
    prefix, _, uuid = got.one("x-road-id").partition("-")
    assert prefix == "XA"
    assert UUID.fullmatch(uuid)
    assert exchange.provider.asked[0].values("x-road-id") == [got.one("x-road-id")]


def test_the_request_id_is_the_servers_own_uuid_and_not_the_consumers(exchange: Exchange) -> None:
    got = exchange.ask(headers={"X-Road-Request-Id": "11111111-1111-4111-8111-111111111111"})
    assert UUID.fullmatch(got.one("x-road-request-id"))
    assert exchange.provider.asked[0].values("x-road-request-id") == [got.one("x-road-request-id")]
    assert got.one("x-road-request-id") != exchange.ask().one("x-road-request-id")


def test_headers_for_people_pass(exchange: Exchange) -> None:
    given = {"X-Road-UserId": "XA1", "X-Road-Issue": "MT 1", "X-Road-Represented-Party": "COM/12"}
    exchange.ask(headers=given)
    for name, value in given.items():
        assert exchange.provider.asked[0].values(name) == [value]
    assert exchange.telling.log.requests[0].issue == "MT 1"


@pytest.mark.parametrize(
    ("server", "fault"),
    [
        ("XA/GOV/200/telling", ""),
        ("XA/GOV/100/asking", "server.clientproxy.invalid_security_server"),
        ("XA/GOV/200/unknown", "server.clientproxy.invalid_security_server"),
        ("XA/GOV/200", "server.clientproxy.bad_request"),
        ("XA/GOV/200/telling/more", "server.clientproxy.bad_request"),
    ],
)
def test_a_named_server_is_the_only_one_asked(exchange: Exchange, server: str, fault: str) -> None:
    assert exchange.ask(headers={"X-Road-Security-Server": server}).fault == fault


@pytest.mark.parametrize("party", ["a/b/c", "a b"])
def test_a_malformed_represented_party_is_refused(exchange: Exchange, party: str) -> None:
    assert exchange.ask(headers={"X-Road-Represented-Party": party}).fault == "server.clientproxy.bad_request"


def test_filtered_headers_do_not_pass_to_the_provider(exchange: Exchange) -> None:
    harmless = sorted(FILTERED - {b"transfer-encoding", b"content-length", b"host", b"expect", b"connection"})
    given = {name.decode().title(): "secret" for name in harmless}
    assert exchange.ask(headers={**given, "X-Road-Request-Hash": "secret"}).status == 200
    assert "secret" not in str(exchange.provider.asked[0].headers)
    assert exchange.provider.asked[0].values("Host") == [exchange.provider.address.removeprefix("http://")]


def test_all_other_headers_pass_in_order_with_repetitions_authorization_and_cookies(
    exchange: Exchange,
) -> None:
    lines = [
        "X-B: 1",
        "Cookie: a=1",
        "x-a: 2",
        "X-B: 3",
        "Authorization: Basic eA==",
        "Cache-Control: no-cache",
    ]
    request = "\r\n".join(["GET " + ECHO + " HTTP/1.1", "Host: x", "X-Road-Client: XA/GOV/100/asks", *lines])
    exchange.raw((request + "\r\nConnection: close\r\n\r\n").encode())
    seen = [f"{name}: {value}" for name, value in exchange.provider.asked[0].headers]
    assert [line for line in seen if line in lines] == lines


def test_filtered_headers_do_not_pass_to_the_consumer_and_all_others_do(exchange: Exchange) -> None:
    got = exchange.ask()
    assert got.one("Server") == ""
    assert got.all("Set-Cookie") == ["a=1", "b=2"]
    assert got.one("Content-Type") == "application/x-echo"


def test_the_providers_date_is_kept_and_is_the_only_one(exchange: Exchange) -> None:
    assert exchange.ask().all("Date") == ["Thu, 01 Jan 1970 00:00:00 GMT"]


# Responses (PR-REST 4.3 and 4.4)


def test_the_five_headers_of_a_response_are_in_lower_case_and_in_order(exchange: Exchange) -> None:
    request = f"GET {ECHO} HTTP/1.1\r\nHost: x\r\nX-Road-Client: XA/GOV/100/asks\r\nConnection: close\r\n\r\n"
    answer = exchange.raw(request.encode()).partition(b"\r\n\r\n")[0]
    names = re.findall(rb"\n(x-road-[a-z-]+|X-Road[^:]*):", answer)
    five = [b"x-road-id", b"x-road-client", b"x-road-service", b"x-road-request-id", b"x-road-request-hash"]
    assert names == five


def test_what_a_provider_says_in_the_exchanges_headers_is_removed(exchange: Exchange) -> None:
    assert "forged" not in str(exchange.ask().headers)


def test_status_reason_and_body_of_an_error_of_the_service_pass_as_they_are(exchange: Exchange) -> None:
    exchange.provider.react = refuse
    got = exchange.ask()
    assert (got.status, got.reason, got.fault) == (405, "No Such Thing", "")
    assert b"405" in got.body


@pytest.mark.parametrize("body", [None, b"", b"\xef\xbb\xbf{}", b"x" * 70_000, b"y" * 1_000_000])
def test_the_request_hash_is_of_head_and_body_and_without_a_body_of_the_head(
    exchange: Exchange, body: bytes | None
) -> None:
    got = exchange.ask("POST", ECHO, body=body)
    head = exchange.asking.log.requests[0].head
    expected = sha(sha(head), sha(body)) if body else sha(head)
    assert got.one("x-road-request-hash") == b64encode(expected).decode()
    assert exchange.telling.log.requests[0].head == head, "the same bytes at both ends"
    assert got.body == (body or b"")


def test_two_requests_never_have_the_same_hash(exchange: Exchange) -> None:
    hashes = {exchange.ask(headers={"X-Road-Id": "same"}).one("x-road-request-hash") for _ in range(5)}
    assert len(hashes) == 5


def test_redirects_are_passed_through(exchange: Exchange) -> None:
    exchange.provider.react = redirect
    got = exchange.ask()
    assert (got.status, got.one("Location")) == (302, ECHO + "/elsewhere")
    assert len(exchange.provider.asked) == 1


# The log on both sides


def test_each_exchange_is_logged_at_both_ends_under_one_id(exchange: Exchange) -> None:
    got = exchange.ask("POST", ECHO + "/a", {"X-Road-Id": "m-1"}, b"hello")
    (asked,), (told,) = exchange.asking.log.requests, exchange.telling.log.requests
    assert (asked.side, told.side) == (Side.CONSUMER, Side.PROVIDER)
    assert asked.exchange == told.exchange == got.one("x-road-request-id")
    assert (told.message_id, told.client, told.service, told.method) == (
        "m-1",
        ASKS,
        ServiceId(TELLS, "echo"),
        "POST",
    )
    assert (asked.peer, told.peer) == ("XA/GOV/200/telling", str(ServerId(ASKS.member, "asking")))
    for site, side in ((exchange.asking, Side.CONSUMER), (exchange.telling, Side.PROVIDER)):
        (end,) = ended(site, side)
        assert (end.status, end.fault, end.request_bytes, end.response_bytes) == (200, "", 5, 5)
        assert end.request_hash == got.one("x-road-request-hash")
        assert end.response_hash == b64encode(sha(b"hello")).decode()
        assert end.head.startswith(b"200\r\nFine\r\n")

# SPDX-License-Identifier: EUPL-1.2
"""Messages of r1: their targets, headers, header blocks and the hash that binds them."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from hashlib import sha512

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId
from flagstone.blocks.exchange.model import faults, filtering, rest
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.filtering import Headers
from flagstone.blocks.exchange.model.hashing import BodyHash, body_hash, request_hash

UUID = "7c5ee43c-4b6a-4cc8-9dcd-4c6b4e5ffb7b"
GIVEN = rest.Given(UUID, "XA-generated")
TARGET = b"/r1/XA/GOV/200/registry/things"
CLIENT = (b"X-Road-Client", b"XA/GOV/100/asks")
NAMES = st.sampled_from(
    [b"Accept", b"X-A", b"x-b", b"Cookie", b"Host", b"TE", b"Authorization", b"X-Road-Issue"]
)
VALUES = st.binary(max_size=20).map(
    lambda value: bytes(byte for byte in value if byte > 31 and byte != 127).strip()
)


def taken(target: bytes = TARGET, *headers: tuple[bytes, bytes], method: bytes = b"GET") -> rest.Request:
    return rest.request_taken(method, target, (CLIENT, *headers), given=GIVEN)


def fault_of(target: bytes = TARGET, *headers: tuple[bytes, bytes], method: bytes = b"GET") -> str:
    with pytest.raises(MessageFault) as caught:
        taken(target, *headers, method=method)
    return caught.value.code


def test_the_block_of_a_request_is_byte_for_byte_as_the_protocol_has_it() -> None:
    request = taken(
        TARGET + b"/a%3Bb/?q=1&r=%20",
        (b"Accept", b"text/plain"),
        (b"Host", b"x"),
        (b"accept", b""),
        method=b"PUT",
    )
    assert request.block == (
        b"PUT\r\n/r1/XA/GOV/200/registry/things/a%3Bb/?q=1&r=%20\r\n"
        b"X-Road-Client:XA/GOV/100/asks\r\nAccept:text/plain\r\naccept:\r\n"
        b"x-road-request-id:" + UUID.encode() + b"\r\nx-road-id:XA-generated\r\n"
    )


def test_a_message_id_that_is_there_stays_and_is_not_written_again() -> None:
    request = taken(TARGET, (b"x-rOAD-Id", b"mine"))
    assert request.message_id == "mine"
    assert request.block.endswith(b"x-rOAD-Id:mine\r\nx-road-request-id:" + UUID.encode() + b"\r\n")
    assert taken(TARGET, (b"X-Road-Id", b"")).message_id == "XA-generated"


def test_the_consumer_cannot_name_the_exchange_or_forge_a_hash_or_leak_the_secret() -> None:
    request = taken(
        TARGET,
        (b"X-Road-Request-Id", b"mine"),
        (b"x-road-request-hash", b"mine"),
        (b"Flagstone-Client-Secret", b"s"),
    )
    assert request.exchange == UUID
    assert request.block.lower().count(b"x-road-request-id") == 1
    assert b"request-hash" not in request.block.lower()
    assert b"secret" not in request.block.lower()


@pytest.mark.parametrize("name", sorted(filtering.FILTERED))
def test_filtered_headers_never_pass_and_are_fatal_in_a_block(name: bytes) -> None:
    for written in (name, name.title(), name.upper()):
        request = taken(TARGET, (written, b"1"))
        assert written not in [header[0] for header in request.headers]
        with pytest.raises(MessageFault) as caught:
            rest.request_parsed(request.block + written + b":1\r\n")
        assert caught.value.code == faults.INVALID_REST
        response = rest.response_made(request, 200, b"OK", ((written, b"1"),), request_hash="h")
        assert written not in [header[0] for header in response.headers]
        with pytest.raises(MessageFault):
            rest.response_parsed(response.block + written + b":1\r\n")


def test_the_target_is_split_into_service_path_and_query() -> None:
    request = taken(b"/r1/X%20A/G%2FV/%C3%B6/s/v/p//q/?")
    assert request.service == ServiceId(ClientId("X A", "G/V", "ö", "s"), "v")
    assert (request.path, request.query) == (b"/p//q/", b"")
    assert (taken().path, taken().query) == (b"", None)
    assert taken(TARGET + b"/").path == b"/"
    assert taken(TARGET + b"?a?b/c=[]").query == b"a?b/c=[]"


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/r1",
        b"/r1/XA/GOV/200/registry",
        b"/r2/XA/GOV/200/registry/things",
        b"/R1/XA/GOV/200/registry/things",
        b"/r01/XA/GOV/200/registry/things",
        b"r1/XA/GOV/200/registry/things",
        b"//r1/XA/GOV/200/registry/things",
        b"/r1//GOV/200/registry/things",
        b"/r1/XA/GOV/200/registry/",
        b"/r1/XA/GOV/200/registry//x",
        b"/r1/XA/GOV/200/registry/th%ings",
        b"/r1/XA/GOV/200/registry/th%00ings",
        b"/r1/XA/GOV/200/registry/%ff",
        b"/r1/XA/GOV/200/registry/things/a b",
        b"/r1/XA/GOV/200/registry/things/\xc3\xb6",
        b"/r1/XA/GOV/200/registry/things/a%zz",
        b'/r1/XA/GOV/200/registry/things/"',
        b"/r1/XA/GOV/200/registry/things/a\\b",
        b"/r1/XA/GOV/200/registry/things#a",
        b"/r1/XA/GOV/200/registry/things?a#b",
        b"/r1/XA/GOV/200/registry/things?a b",
        b"/r1/XA/GOV/200/registry/things?\xff",
        b"http://other/r1/XA/GOV/200/registry/things",
        b"*",
        b"",
    ],
)
def test_other_targets_are_refused(target: bytes) -> None:
    assert fault_of(target) == faults.BAD_REQUEST


@pytest.mark.parametrize("method", [b"CONNECT", b"get", b"TRACK", b"PROPFIND", b"", b"GET "])
def test_other_methods_are_refused(method: bytes) -> None:
    assert fault_of(method=method) == faults.INVALID_METHOD


@pytest.mark.parametrize(
    "value", [b"", b" XA/GOV/100/asks", b"XA", b"XA/GOV/100/a/b", b"XA/GOV/100/\xff", b"XA/G V/1"]
)
def test_the_client_must_be_named_properly(value: bytes) -> None:
    assert fault_of(TARGET, (b"x-road-client", value)) in {faults.INVALID_CLIENT, faults.BAD_REQUEST}
    with pytest.raises(MessageFault) as caught:
        rest.request_taken(b"GET", TARGET, (), given=GIVEN)
    assert caught.value.code == faults.INVALID_CLIENT


def test_of_several_clients_the_last_counts() -> None:
    assert taken(TARGET, (b"X-ROAD-CLIENT", b"XA/GOV/300")).client == ClientId("XA", "GOV", "300")


def test_other_headers_of_the_exchange_are_read_or_refused() -> None:
    named = taken(
        TARGET, (b"X-Road-Security-Server", b"XA/GOV/200/one"), (b"X-Road-Represented-Party", b"COM/1")
    )
    assert named.target == ServerId(ClientId("XA", "GOV", "200"), "one")
    for name, value in (
        (b"X-Road-Security-Server", b"XA/GOV/200"),
        (b"X-Road-Security-Server", b"XA/GOV/200/one/two"),
        (b"X-Road-Represented-Party", b"a/b/c"),
        (b"X-Road-Represented-Party", b"a b"),
        (b"X-Road-Id", b"\xff"),
        (b"X-Road-Id", b"x" * 256),
    ):
        assert fault_of(TARGET, (name, value)) == faults.BAD_REQUEST


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_what_was_taken_is_parsed_the_same_at_the_other_end(headers: list[tuple[bytes, bytes]]) -> None:
    request = taken(TARGET + b"/x?y", *headers)
    assert rest.request_parsed(request.block) == request


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), st.integers(200, 599))
def test_what_was_answered_is_parsed_the_same_at_the_other_end(
    headers: list[tuple[bytes, bytes]], status: int
) -> None:
    response = rest.response_made(taken(), status, b"", tuple(headers), request_hash="aGFzaA==")
    parsed = rest.response_parsed(response.block)
    assert parsed == response
    assert rest.difference(taken(), parsed, "aGFzaA==") == ""


@pytest.mark.parametrize("at", ["X-Road-Request-Id", "x-road-request-Id"])
def test_the_request_id_in_a_block_is_in_lower_case_and_there_once(at: str) -> None:
    block = taken().block
    for wrong in (
        block.replace(b"x-road-request-id", at.encode()),
        block + at.encode() + b":" + UUID.encode() + b"\r\n",
        block + b"x-road-request-id:" + UUID.encode() + b"\r\n",
        block.replace(UUID.encode(), b"not-a-uuid"),
        block.replace(b"x-road-request-id:" + UUID.encode() + b"\r\n", b""),
    ):
        with pytest.raises(MessageFault) as caught:
            rest.request_parsed(wrong)
        assert caught.value.code == faults.INVALID_REST


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"GET",
        b"GET\r\n",
        b"GET\r\n/r1/XA/GOV/200/registry/things",
        b"GET\r\n/r1/XA/GOV/200/registry/things\r\nX-Road-Client:XA/GOV/100/asks",
        b"GET\n/r1/XA/GOV/200/registry/things\nX-Road-Client:XA/GOV/100/asks\n",
        taken().block + b"\r\n",
        taken().block + b" folded\r\n",
        taken().block + b"a b:c\r\n",
        taken().block + b":c\r\n",
        taken().block + b"nocolon\r\n",
        taken().block + b"a:b\nc:d\r\n",
        taken().block + b"a:b\rc:d\r\n",
        taken().block + b"a:\x00\r\n",
    ],
)
def test_a_malformed_block_is_refused(wrong: bytes) -> None:
    with pytest.raises(MessageFault):
        rest.request_parsed(wrong)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parsers(block: bytes) -> None:
    for parse in (rest.request_parsed, rest.response_parsed):
        with suppress(MessageFault):
            parse(block)


def test_the_block_of_a_response_ends_with_the_five_headers_in_their_order() -> None:
    forged: Headers = (
        (b"Content-Type", b"a/b"),
        (b"Set-Cookie", b"1"),
        (b"X-ROAD-ID", b"forged"),
        (b"X-Road-Client", b"forged"),
        (b"X-Road-Service", b"forged"),
        (b"X-Road-Request-Id", b"forged"),
        (b"X-Road-Request-Hash", b"forged"),
        (b"X-Road-Error", b"forged"),
        (b"Set-Cookie", b"2"),
    )
    response = rest.response_made(taken(), 404, b"Not Here", forged, request_hash="aGFzaA==")
    assert response.block == (
        b"404\r\nNot Here\r\nContent-Type:a/b\r\nSet-Cookie:1\r\nSet-Cookie:2\r\n"
        b"x-road-id:XA-generated\r\nx-road-client:XA/GOV/100/asks\r\n"
        b"x-road-service:XA/GOV/200/registry/things\r\nx-road-request-id:" + UUID.encode() + b"\r\n"
        b"x-road-request-hash:aGFzaA==\r\n"
    )
    assert b"forged" not in response.block


@pytest.mark.parametrize(
    ("line", "by"),
    [
        (b"x-road-id:XA-generated", b"x-road-id:"),
        (b"x-road-request-hash:aGFzaA==\r\n", b""),
        (b"x-road-client:XA/GOV/100/asks\r\n", b""),
        (b"x-road-service:XA/GOV/200/registry/things", b"x-road-service:XA/GOV/200"),
        (b"200\r\nOK", b"0200\r\nOK"),
        (b"200\r\nOK", b"100\r\nOK"),
        (b"200\r\nOK", b"-20\r\nOK"),
        (b"200\r\nOK", b"OK\r\n200"),
        (b"200\r\nOK\r\n", b"200\r\n"),
    ],
)
def test_an_incomplete_response_is_refused(line: bytes, by: bytes) -> None:
    block = rest.response_made(taken(), 200, b"OK", (), request_hash="aGFzaA==").block
    assert line in block
    with pytest.raises(MessageFault) as caught:
        rest.response_parsed(block.replace(line, by))
    assert caught.value.code == faults.INVALID_REST


def test_a_response_that_does_not_fit_is_named() -> None:
    request = taken()
    response = rest.response_made(request, 200, b"", (), request_hash="h")
    other = ClientId("XA", "GOV", "9")
    assert rest.difference(request, response, "h") == ""
    assert rest.difference(request, response, "i") == "request hash"
    assert rest.difference(request, replace(response, client=other), "h") == "client"
    assert rest.difference(request, replace(response, message_id="m"), "h") == "message id"
    assert rest.difference(request, replace(response, service=ServiceId(other, "x")), "h") == "service"
    assert rest.difference(request, replace(response, exchange="e"), "h") == "request id"


@given(st.binary(min_size=1, max_size=50), st.lists(st.binary(max_size=30), max_size=5))
def test_the_request_hash_is_that_of_the_protocol(head: bytes, parts: list[bytes]) -> None:
    body = b"".join(parts)
    expected = (
        sha512(sha512(head).digest() + sha512(body).digest()).digest() if body else sha512(head).digest()
    )
    streamed = BodyHash()
    for part in parts:
        streamed.add(part)
    assert request_hash(head, streamed) == request_hash(head, body_hash(body)) == b64encode(expected).decode()
    assert request_hash(head) == b64encode(sha512(head).digest()).decode()
    assert streamed.size == len(body)
    assert streamed.text() == (b64encode(sha512(body).digest()).decode() if body else "")

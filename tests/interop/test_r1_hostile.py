# SPDX-License-Identifier: EUPL-1.2
"""Hostile requests to the doors of information systems and of servers are refused, with a code."""

from __future__ import annotations

import json
import re
import socket
from struct import pack

import pytest
from tests.blocks.exchange.web.path.rig import SECRET, UUID, Exchange, closing_connection

from flagstone.blocks.exchange.model.filtering import FILTERED
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.platform.http.wire.bounds import WireBounds

ECHO = b"/r1/XA/GOV/200/registry/echo"
CLIENT = b"X-Road-Client: XA/GOV/100/asks\r\n"
HEAD = b"Host: x\r\n" + CLIENT
GET = b"GET " + ECHO + b" HTTP/1.1\r\n" + HEAD
POST = b"POST " + ECHO + b" HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n"
BLOCK = (
    b"GET\r\n/r1/XA/GOV/200/registry/echo\r\nX-Road-Client:XA/GOV/100/asks\r\nX-Road-Id:1\r\n"
    b"x-road-request-id:7c5ee43c-4b6a-4cc8-9dcd-4c6b4e5ffb7b\r\n"
)


def answered(exchange: Exchange, request: bytes) -> tuple[int, str]:
    """Send a request, and return status and fault code of the one answer to it."""
    got = exchange.raw(request)
    head, _, body = got.partition(b"\r\n\r\n")
    assert len(re.findall(rb"HTTP/1\.1 [0-9]{3} ", got)) == 1, "one answer, then the connection is closed"
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    fault = lines.get(b"x-road-error", b"")
    if fault:
        said = json.loads(body)
        assert said["type"] == fault.decode()
        assert UUID.fullmatch(said["detail"])
        assert lines[b"content-type"] == b"application/json"
    return int(got[9:12]), fault.decode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (
            b"GET "
            + ECHO
            + b" HTTP/1.1\r\n"
            + HEAD
            + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (GET + b"Content-Length: +1\r\n\r\na", 400),
        (GET + b"Content-Length: 1, 1\r\n\r\na", 400),
        (GET + b"Transfer-Encoding: x, chunked\r\n\r\n0\r\n\r\n", 501),
        (
            b"GET "
            + ECHO
            + b" HTTP/1.1\r\n"
            + HEAD
            + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            400,
        ),
        (GET + b"Content-Length : 1\r\n\r\na", 400),
        (GET + b" folded: 1\r\n\r\n", 400),
        (GET + b"X-A: a\nX-B: b\r\n\r\n", 400),
        (GET + b"X-A: a\rb\r\n\r\n", 400),
        (GET + b"X-A: \x00\r\n\r\n", 400),
        (GET + b"X A: a\r\n\r\n", 400),
        (GET + b": a\r\n\r\n", 400),
        (GET + b"Host: y\r\n\r\n", 400),
        (b"GET " + ECHO + b" HTTP/1.1\r\n" + CLIENT + b"\r\n", 400),
        (b"GET  " + ECHO + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 400),
        (b"GET " + ECHO + b"\x00 HTTP/1.1\r\n" + HEAD + b"\r\n", 400),
        (b"GET " + ECHO + b" HTTP/2.0\r\n" + HEAD + b"\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"G\xc8T " + ECHO + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 400),
        (b"GET " + ECHO + b"/" + b"a" * 9000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 414),
        (GET + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (GET + b"X-A: a\r\n" * 200 + b"\r\n", 431),
        (GET + b"Expect: 200-maybe\r\n\r\n", 417),
    ],
)
def test_what_is_not_proper_http_is_refused_before_anything_looks_at_it(
    exchange: Exchange, request_: bytes, status: int
) -> None:
    got, fault = answered(exchange, request_)
    assert got in {status, 400}
    assert fault == "client.bad_request"
    assert exchange.provider.asked == []
    assert exchange.asking.log.requests == []


def test_a_request_smuggled_in_a_body_is_not_taken_for_another(exchange: Exchange) -> None:
    inner = b"GET " + ECHO + b"/smuggled HTTP/1.1\r\n" + HEAD + b"\r\n"
    answer = exchange.raw(POST + b"Content-Length: %d\r\n\r\n" % len(inner) + inner)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(inner)
    assert [each.target for each in exchange.provider.asked] == ["/base"]


def test_chunks_do_not_pass_as_chunks_and_trailers_not_at_all(exchange: Exchange) -> None:
    answer = exchange.raw(
        POST + b"Transfer-Encoding: chunked\r\n\r\n"
        b"3;x=y\r\nabc\r\n0\r\nX-Road-Client: XA/GOV/100/portal\r\n\r\n"
    )
    assert answer.endswith(b"abc")
    assert exchange.provider.asked[0].values("X-Road-Client") == ["XA/GOV/100/asks"]


@pytest.mark.parametrize(
    "target",
    [
        b"/r1/XA/GOV/200/registry/echo/%",
        b"/r1/XA/GOV/200/registry/echo/%4",
        b"/r1/XA/GOV/200/registry/echo/%GG",
        b"/r1/XA/GOV/200/registry/echo/\xc3\xb6",
        b"/r1/XA/GOV/200/registry/ec%00ho",
        b"/r1/XA/GOV/200/registry/ec%0d%0aho",
        b"/r1/XA/GOV/200/registry/%ff",
        b"/r1/XA/GOV%2F200/registry/echo",
        b"/r1/XA//200/registry/echo/",
        b"/r1/../r1/XA/GOV/200/registry/echo",
        b"/./r1/XA/GOV/200/registry/echo",
        b"/r1//XA/GOV/200/registry/echo",
        b"/R1/XA/GOV/200/registry/echo",
        b"/%72%31/XA/GOV/200/registry/echo",
        b'/r1/XA/GOV/200/registry/echo/"<>',
        b"/r1/XA/GOV/200/registry/echo/a\\..\\b",
    ],
)
def test_addresses_that_are_not_what_they_seem_are_refused(exchange: Exchange, target: bytes) -> None:
    request = b"GET " + target + b" HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n"
    status, fault = answered(exchange, request)
    assert (status, fault) in {
        (500, "server.clientproxy.bad_request"),
        (500, "server.clientproxy.unknown_member"),
        (400, "client.bad_request"),
    }
    assert exchange.provider.asked == []


@pytest.mark.parametrize("target", [b"http://127.0.0.1/r1/XA/GOV/200/registry/echo", b"*", b"127.0.0.1:80"])
def test_only_a_path_is_an_address(exchange: Exchange, target: bytes) -> None:
    status, fault = answered(
        exchange, b"GET " + target + b" HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n"
    )
    assert status >= 400
    assert fault
    assert exchange.provider.asked == []


@pytest.mark.parametrize(
    "path",
    [
        "/things/..%2f..%2fadmin",
        "/things/%2e%2e/%2e%2e/admin",
        "/things/.%2e/..",
        "/things/x/../../../admin",
        "/things/..;/admin",
        "/things/..%5cadmin",
        "//..//things/x",
        "/admin//../things/x",
        "/x%2f../things/y",
        "/things/%00",
        "/things/a%0d%0aX-Evil:%201",
        "/things/%c0%ae%c0%ae",
    ],
)
def test_no_path_climbs_out_of_a_right(exchange: Exchange, path: str) -> None:
    got = exchange.ask("GET", f"/r1/XA/GOV/200/registry/narrow{path}")
    assert got.fault == "server.serverproxy.access_denied"
    assert exchange.provider.asked == []


@pytest.mark.parametrize(
    "lines",
    [
        b"X-Road-Client: XA/GOV/100/asks\r\nX-Road-Client: XA/GOV/100/unknown\r\n",
        b"x-road-client: XA/GOV/100/asks\r\nX-ROAD-CLIENT: XA/GOV/200/registry\r\n",
        b"X-Road-Client: XA/GOV/100/asks\r\nX-Road-Client: XA/GOV/100/portal\r\n",
        b"X-Road-Client: XA/GOV/100/asks\r\nX-Road-Client:\r\n",
        b"X-Road-Client: XA/GOV/100/asks, XA/GOV/100/portal\r\n",
        b"X-Road-Client: XA/GOV/100/%61sks%00\r\n",
        b"X-Road-Client: XA/GOV/100/asks/../portal\r\n",
        b"X-Road-Client: XA\\GOV\\100\\asks\r\n",
        b"X-Road-Client: \xef\xbb\xbfXA/GOV/100/asks\r\n",
    ],
)
def test_no_second_or_odd_client_gets_in(exchange: Exchange, lines: bytes) -> None:
    request = b"GET " + ECHO + b" HTTP/1.1\r\nHost: x\r\n" + lines + b"Connection: close\r\n\r\n"
    status, fault = answered(exchange, request)
    assert status == 500
    assert fault.startswith("server.clientproxy.")
    assert exchange.provider.asked == []


def test_one_client_may_stand_twice(exchange: Exchange) -> None:
    request = b"GET " + ECHO + b" HTTP/1.1\r\n" + HEAD + CLIENT + b"Connection: close\r\n\r\n"
    assert answered(exchange, request) == (200, "")


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        (None, "server.clientproxy.ssl_authentication_failed"),
        ("", "server.clientproxy.ssl_authentication_failed"),
        ("guess", "server.clientproxy.ssl_authentication_failed"),
        (SECRET + " ", ""),
        (SECRET, ""),
    ],
)
def test_the_sites_own_client_shows_the_sites_secret_which_never_leaves(
    exchange: Exchange, secret: str | None, fault: str
) -> None:
    headers = {"X-Road-Client": "XA/GOV/100/portal"}
    if secret is not None:
        headers["Flagstone-Client-Secret"] = secret
    got = exchange.ask("GET", "/r1/XA/GOV/200/registry/declared", headers)
    assert got.fault == fault
    assert SECRET not in str(exchange.provider.asked)
    assert all(SECRET.encode() not in each.head for each in exchange.asking.log.requests)


def test_a_body_that_is_cut_off_is_no_message(exchange: Exchange) -> None:
    with socket.create_connection(("127.0.0.1", exchange.asking.client_port), 5) as sock:
        sock.sendall(b"POST " + ECHO + b" HTTP/1.1\r\n" + HEAD + b"Content-Length: 10\r\n\r\nabc")
        sock.shutdown(socket.SHUT_WR)
        sock.recv(65536)
    assert exchange.provider.asked == []


def test_a_body_beyond_the_bound_is_refused_declared_or_not() -> None:
    with Exchange(bounds=PathBounds(wire=WireBounds(body_bytes_max=100_000))) as bounded:
        assert bounded.ask("POST", ECHO.decode(), body=b"x" * 90_000).status == 200
        declared = bounded.ask("POST", ECHO.decode(), body=b"x" * 100_001)
        assert (declared.status, declared.fault) == (413, "client.bad_request")
        with closing_connection(bounded.asking.client_port) as connection:
            chunks = (b"x" * 10_000 for _ in range(11))
            headers = {"X-Road-Client": "XA/GOV/100/asks"}
            connection.request("POST", ECHO.decode(), chunks, headers, encode_chunked=True)
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("X-Road-Error")) == (413, "client.bad_request")


def hop(
    exchange: Exchange, body: bytes, *, kind: bytes = b"application/x-flagstone-plain", who: bytes = b""
) -> str:
    """Send a body to the servers' door as `who` and return the fault it answers with."""
    sender = b"x-flagstone-server: " + (who or b"XA/GOV/100/asking") + b"\r\n"
    answer = exchange.raw(
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
        + kind
        + b"\r\n"
        + sender
        + b"Content-Length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body,
        port=exchange.telling.server_port,
    )
    if answer.startswith(b"HTTP/1.1 200"):
        return ""
    said: str = json.loads(answer.partition(b"\r\n\r\n")[2])["type"]
    return said.removeprefix("server.serverproxy.")


def packed(block: bytes) -> bytes:
    return pack(">I", len(block)) + block


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (packed(BLOCK), ""),
        (b"", "missing_rest"),
        (b"\0\0", "missing_rest"),
        (packed(BLOCK)[:-1], "missing_rest"),
        (pack(">I", 0xFFFFFFFF) + BLOCK, "invalid_rest"),
        (packed(b""), "invalid_rest"),
        (packed(BLOCK.replace(b"\r\n", b"\n")), "invalid_rest"),
        (packed(BLOCK + b"\r\n"), "invalid_rest"),
        (packed(BLOCK.replace(b"X-Road-Client:", b"X-Road-Client: ")), "invalid_client_identifier"),
        (packed(BLOCK.replace(b"x-road-request-id", b"X-Road-Request-Id")), "invalid_rest"),
        (packed(BLOCK.replace(b"X-Road-Id:1\r\n", b"")), "bad_request"),
        (packed(BLOCK.replace(b"/200/", b"/300/")), "unknown_member"),
        (packed(BLOCK.replace(b"/asks", b"/other")), "ssl_authentication_failed"),
        (packed(BLOCK.replace(b"GET", b"CONNECT")), "invalid_http_method"),
        (packed(BLOCK.replace(b"/r1/", b"/r2/")), "bad_request"),
        (packed(BLOCK.replace(b"/r1/", b"http://x/r1/")), "bad_request"),
    ],
)
def test_the_door_for_servers_takes_proper_messages_only(exchange: Exchange, body: bytes, fault: str) -> None:
    assert hop(exchange, body) == fault
    assert len(exchange.provider.asked) == (0 if fault else 1)


@pytest.mark.parametrize("name", sorted(FILTERED))
def test_a_filtered_header_in_a_block_is_fatal(exchange: Exchange, name: bytes) -> None:
    assert hop(exchange, packed(BLOCK + name.title() + b":1\r\n")) == "invalid_rest"


def test_the_door_for_servers_asks_who_sends(exchange: Exchange) -> None:
    assert hop(exchange, packed(BLOCK), who=b"XA/GOV/200/telling") == "ssl_authentication_failed"
    assert hop(exchange, packed(BLOCK), who=b"XA/GOV/100/nobody") == "ssl_authentication_failed"
    assert hop(exchange, packed(BLOCK), who=b"nonsense") == "ssl_authentication_failed"
    assert hop(exchange, packed(BLOCK), kind=b"text/plain") == "invalid_content_type"
    assert exchange.provider.asked == []

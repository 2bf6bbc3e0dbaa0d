# SPDX-License-Identifier: EUPL-1.2
"""Raw bytes on a real socket: what a browser never sends and an attacker does."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest

from flagstone.platform.http.bounds import Bounds

from .conftest import Maker, served
from .talk import HOST, code, get, post, receive, status, talk

BOUNDS = Bounds(
    headers_seconds_max=0.5,
    body_pause_seconds_max=0.5,
    body_grace_seconds=0.5,
    answer_seconds_max=1.0,
    write_seconds_max=0.5,
    keep_alive_seconds=1,
    linger_seconds_max=0.3,
    connections_max=30,
    requests_at_once_max=4,
    queue_max=4,
    queue_seconds_max=0.2,
    requests_burst_per_client=100_000,
    requests_per_second_per_client=100_000.0,
)


@pytest.fixture(scope="module")
def port(module_site: Maker) -> Iterator[int]:
    with served(module_site(bounds=BOUNDS).app, BOUNDS) as port:
        yield port


def test_an_ordinary_request_is_answered(port: int) -> None:
    answer = talk(port, get())
    assert status(answer) == 200
    assert b"server:" not in answer.lower()


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: testserver\r\n\r\n",
        b"GET http://testserver/ HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"CONNECT testserver:443 HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : testserver\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: testserver\r\nX: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: testserver\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: testserver\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\nHost: testserver\n\n",
        b"GET / HTTP/1.1\r\nHost: testserver\r\nX\xe9: a\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400_in_the_one_shape(port: int, request_: bytes) -> None:
    answer = talk(port, request_, wait_seconds=2)
    assert (status(answer), code(answer)) == (400, "http.malformed")


@pytest.mark.parametrize(
    "path",
    [
        b"/../x",
        b"/%2e%2e/x",
        b"/a%2fb",
        b"/a%5cb",
        b"/a\\b",
        b"/%00",
        b"/%ff",
        b"/a//b",
        b"/?a=%ff",
        b"/?a=%00",
    ],
)
def test_a_path_trick_is_400(port: int, path: bytes) -> None:
    answer = talk(port, get(path))
    assert (status(answer), code(answer)) == (400, "http.malformed")


def test_a_long_address_is_414(port: int) -> None:
    assert status(talk(port, get(b"/" + b"a" * 5000))) == 414


@pytest.mark.parametrize(
    "extra",
    [
        HOST,
        b"Content-Length: 0\r\nContent-Length: 0\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n",
        b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
        b"Content-Type: a/b\r\nContent-Type: c/d\r\n",
        b"X-Note: caf\xc3\xa9\r\n",
        b"X-Note: \xff\r\n",
        b"Cookie: a=1\r\nCookie: b=2\r\n",
    ],
)
def test_doubtful_headers_are_400(port: int, extra: bytes) -> None:
    answer = talk(port, get(extra=extra))
    assert (status(answer), code(answer)) == (400, "http.malformed")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /api/open HTTP/1.1\r\n\r\n",
        b"GET /api/open HTTP/1.0\r\n\r\n",
        b"GET /api/open HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /api/open HTTP/1.1\r\nHost: \r\n\r\n",
    ],
)
def test_a_host_that_is_not_ours_is_400(port: int, request_: bytes) -> None:
    assert code(talk(port, request_)) == "http.unknown-host"


def test_many_headers_are_431(port: int) -> None:
    extra = b"".join(b"X-%d: 1\r\n" % number for number in range(150))
    assert code(talk(port, get(extra=extra))) == "http.headers-too-large"


def test_thousands_of_headers_are_refused(port: int) -> None:
    extra = b"".join(b"X-%d: 1\r\n" % number for number in range(3000))
    assert status(talk(port, get(extra=extra))) in (400, 431)


def test_one_huge_header_is_431(port: int) -> None:
    assert code(talk(port, get(extra=b"X: " + b"a" * 10_000 + b"\r\n"))) == "http.headers-too-large"


def test_a_header_without_end_is_431_before_it_fills_the_memory(port: int) -> None:
    parts = [b"GET / HTTP/1.1\r\nX: ", *([b"a" * 16384] * 200)]
    answer = talk(port, *parts)
    assert status(answer) in (431, 0)  # 0: the answer was lost in what we still sent


def test_length_and_chunks_together_are_refused(port: int) -> None:
    headers = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
    answer = talk(port, post(b"/api/echo", headers, b"0\r\n\r\n"))
    assert (status(answer), code(answer)) == (400, "http.malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"-1\r\nabc\r\n",
        b"3\r\nabcdef\r\n0\r\n\r\n",
        b"f" * 20 + b"\r\nabc",
        b"3\nabc\n0\n\n",
    ],
)
def test_bad_chunks_are_refused(port: int, body: bytes) -> None:
    answer = talk(port, post(b"/api/echo", b"Transfer-Encoding: chunked\r\n", body))
    assert status(answer) in (400, 408, 0)
    assert b'"bytes"' not in answer


@pytest.mark.parametrize(
    "value", [b"gzip, chunked", b"chunked, identity", b"xchunked", b"chunked\x0b", b"identity"]
)
def test_other_transfer_codings_do_nothing(port: int, value: bytes) -> None:
    answer = talk(
        port, post(b"/api/echo", b"Transfer-Encoding: " + value + b"\r\n", b"3\r\nabc\r\n0\r\n\r\n")
    )
    assert status(answer) in (400, 408, 0)


def test_trailers_do_not_become_headers(port: int) -> None:
    body = b"1\r\na\r\n0\r\nAuthorization: Bearer machine\r\nX-Request-Id: from-trailer\r\n\r\n"
    headers = b"Transfer-Encoding: chunked\r\nConnection: close\r\n"
    answer = talk(port, post(b"/api/open", headers, body))
    assert b'{"known":false}' in answer
    assert b"from-trailer" not in answer


def test_endless_trailers_are_cut(port: int) -> None:
    headers = b"Transfer-Encoding: chunked\r\n"
    trailers = [b"X-%d: " % number + b"a" * 8000 + b"\r\n" for number in range(100)]
    began = time.monotonic()
    talk(port, post(b"/api/echo", headers, b"1\r\na\r\n0\r\n"), *trailers)
    assert time.monotonic() - began < 3


def test_endless_chunk_extensions_are_cut(port: int) -> None:
    parts = [b"1;x=" + b"y" * 16_000] + [b"y" * 16_000] * 50
    assert b'"bytes"' not in talk(port, post(b"/api/echo", b"Transfer-Encoding: chunked\r\n"), *parts)


def test_chunks_of_one_byte_still_work(port: int) -> None:
    body = b"1\r\na\r\n" * 30_000 + b"0\r\n\r\n"
    headers = b"Transfer-Encoding: chunked\r\nConnection: close\r\n"
    assert b'{"bytes":30000}' in talk(port, post(b"/api/echo", headers, body))


def test_an_announced_large_body_is_413_at_once(port: int) -> None:
    answer = talk(port, post(b"/api/echo", b"Content-Length: 99999999999\r\n"))
    assert (status(answer), code(answer)) == (413, "http.body-too-large")


def test_a_large_body_is_413_and_the_answer_arrives(port: int) -> None:
    body = b"a" * (BOUNDS.body_bytes_max + 1)
    answer = talk(port, post(b"/api/echo", b"Content-Length: %d\r\n" % len(body), body))
    assert (status(answer), code(answer)) == (413, "http.body-too-large")
    assert b"connection: close" in answer.lower()


def test_a_large_chunked_body_is_413_while_it_comes(port: int) -> None:
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    answer = talk(port, post(b"/api/echo", b"Transfer-Encoding: chunked\r\n"), *([chunk] * 40))
    assert status(answer) in (413, 0)
    assert b'"bytes"' not in answer


def test_an_upload_route_takes_more(port: int) -> None:
    body = b"a" * (3 * 1024 * 1024)
    headers = b"Content-Length: %d\r\nConnection: close\r\n" % len(body)
    assert b'{"bytes":3145728}' in talk(port, post(b"/api/upload", headers, body))


def test_slow_headers_are_cut(port: int) -> None:
    began = time.monotonic()
    answer = talk(port, b"GET / HTTP/1.1\r\n", *([b"X: 1\r\n"] * 20), pause_seconds=0.1)
    assert time.monotonic() - began < 4
    assert status(answer) in (408, 0)


def test_slow_headers_are_told_408(port: int) -> None:
    answer = talk(port, b"GET / HTTP/1.1\r\nHost")
    assert (status(answer), code(answer)) == (408, "http.too-slow")


def test_a_silent_connection_is_cut(port: int) -> None:
    began = time.monotonic()
    assert talk(port) == b""
    assert time.monotonic() - began < 2


def test_blank_lines_do_not_keep_a_connection(port: int) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(b"GET /api/open HTTP/1.1\r\n" + HOST + b"\r\n")
        try:
            for _ in range(30):
                time.sleep(0.1)
                line.sendall(b"\r\n")
        except OSError:
            pass
        receive(line)
    assert time.monotonic() - began < 3


def test_a_body_that_stops_is_408(port: int) -> None:
    answer = talk(port, post(b"/api/echo", b"Content-Length: 10\r\n", b"abc"))
    assert (status(answer), code(answer)) == (408, "http.too-slow")


def test_a_body_that_drips_is_408(port: int) -> None:
    drops = [b"a"] * 30
    answer = talk(port, post(b"/api/echo", b"Content-Length: 1000\r\n"), *drops, pause_seconds=0.05)
    assert status(answer) in (408, 0)
    assert b'"bytes"' not in answer


def test_an_answer_that_takes_too_long_is_503(port: int) -> None:
    began = time.monotonic()
    answer = talk(port, get(b"/api/sleep?seconds=2"))
    assert (status(answer), code(answer)) == (503, "http.answer-too-slow")
    assert b"retry-after: 5" in answer.lower()
    assert time.monotonic() - began < 3
    time.sleep(1.2)  # the thread at work keeps its place until it ends


def test_too_many_at_once_are_503_with_retry_after(port: int) -> None:
    answers: list[bytes] = []

    def ask() -> None:
        answers.append(talk(port, get(b"/api/sleep?seconds=0.8")))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert status(talk(port, get(b"/health/live"))) == 200
    assert time.monotonic() - began < 0.4
    for thread in threads:
        thread.join()
    found = [status(answer) for answer in answers]
    assert found.count(200) == 4
    assert found.count(503) == 12
    refused = next(answer for answer in answers if status(answer) == 503)
    assert code(refused) == "http.busy"
    assert b"retry-after: 2" in refused.lower()
    assert status(talk(port, get())) == 200


def test_too_many_connections_are_refused(port: int) -> None:
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(BOUNDS.connections_max + 5)]
    try:
        time.sleep(0.1)
        answer = talk(port, get())
        assert status(answer) in (503, 0)
    finally:
        for line in lines:
            line.close()
    time.sleep(0.2)
    assert status(talk(port, get())) == 200


def test_a_client_that_does_not_read_is_cut(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(get(b"/api/big"))
        time.sleep(1.0)
        assert len(receive(line)) < 50_000_000
    assert len(talk(port, get(b"/api/big"))) > 50_000_000


def test_expect_continue_is_answered(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
        line.sendall(
            post(b"/api/echo", b"Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n")
        )
        assert line.recv(100).startswith(b"HTTP/1.1 100")
        line.sendall(b"abc")
        assert b'{"bytes":3}' in receive(line)


def test_pipelined_requests_are_answered_in_turn(port: int) -> None:
    one = b"GET /api/open HTTP/1.1\r\n" + HOST + b"\r\n"
    assert talk(port, one + one + get(b"/nowhere")).count(b"HTTP/1.1 ") == 3


def test_a_websocket_upgrade_is_only_an_ordinary_request(port: int) -> None:
    extra = (
        b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    )
    request = b"GET /api/open HTTP/1.1\r\n" + HOST + extra + b"Connection: Upgrade\r\n\r\n"
    assert status(talk(port, request)) == 200


def test_head_has_the_headers_and_no_body(port: int) -> None:
    answer = talk(port, b"HEAD /api/open HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert b"content-length: 14" in head.lower()
    assert body == b""


def test_plain_http_does_not_speak_tls(port: int) -> None:
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=2) as line,
        pytest.raises((ssl.SSLError, OSError)),
    ):
        context.wrap_socket(line, server_hostname="testserver")

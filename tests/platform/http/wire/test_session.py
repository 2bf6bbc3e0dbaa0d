# SPDX-License-Identifier: EUPL-1.2
"""One connection of a server, with raw bytes on a real socket: order, ends, and what a client may not do."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

import pytest

from flagstone.platform.http.wire.bounds import WireBounds
from tests.platform.http.talk import receive, status, talk

from .conftest import HASTY, Loops, Served, served
from .hostile import CHUNKED, REQUESTS

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CLOSE = b"Connection: close\r\n"


@pytest.fixture(scope="module")
def quick() -> Iterator[Served]:
    with served() as site:
        yield site


@pytest.fixture
def site(loops: Loops) -> Iterator[Served]:
    with served(loops=loops) as site:
        yield site


@pytest.fixture
def hasty(loops: Loops) -> Iterator[Served]:
    with served(HASTY, loops=loops) as site:
        yield site


def get(path: bytes, headers: bytes = b"", *, method: bytes = b"GET", body: bytes = b"") -> bytes:
    if body:
        headers += b"Content-Length: %d\r\n" % len(body)
    return b"%b %b HTTP/1.1\r\nHost: x\r\n%b\r\n%b" % (method, path, headers, body)


def statuses(answers: bytes) -> list[int]:
    """Return the statuses of answers whose bodies hold no status line."""
    return [int(each) for each in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answers)]


@pytest.mark.parametrize(("expected", "raw"), REQUESTS.values(), ids=REQUESTS)
def test_hostile_requests_are_refused_and_their_connection_closed(
    quick: Served, expected: int, raw: bytes
) -> None:
    answer = talk(quick.port, raw)
    assert status(answer) == expected
    assert statuses(answer) == [expected]
    assert b"Connection: close\r\n" in answer


@pytest.mark.parametrize(("expected", "raw"), CHUNKED.values(), ids=CHUNKED)
def test_hostile_chunks_are_refused_and_their_connection_closed(
    quick: Served, expected: int, raw: bytes
) -> None:
    answer = talk(quick.port, raw)
    assert statuses(answer) == [expected]
    assert b"Connection: close\r\n" in answer


def test_what_follows_a_refused_request_is_not_read(quick: Served) -> None:
    smuggled = (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    assert statuses(talk(quick.port, smuggled + GET)) == [400]


def test_requests_in_a_row_are_answered_in_order(site: Served) -> None:
    raw = get(b"/pause") + get(b"/", body=b"one", method=b"POST") + get(b"/nothing") + get(b"/", CLOSE)
    answer = talk(site.port, raw)
    assert statuses(answer) == [200, 200, 204, 200]
    assert answer.index(b"paused") < answer.index(b"one") < answer.index(b" 204 ")


def test_many_requests_in_a_row_are_answered_with_bounded_memory(site: Served) -> None:
    many = 3000
    with socket.create_connection(("127.0.0.1", site.port)) as line:
        line.settimeout(10)
        line.sendall((GET * (many - 1)) + get(b"/", CLOSE))
        assert statuses(receive(line)) == [200] * many


def test_an_empty_line_before_a_request_is_skipped(quick: Served) -> None:
    raw = b"\r\n" + GET + b"\r\n" + get(b"/", CLOSE)
    assert statuses(talk(quick.port, raw)) == [200, 200]


def test_byte_by_byte_is_the_same(quick: Served) -> None:
    body = b"5;a=b\r\nabcde\r\n2\r\nfg\r\n0\r\nA: b\r\n\r\n"
    raw = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body
    answer = talk(quick.port, *[bytes([byte]) for byte in raw])
    assert statuses(answer) == [200]
    assert answer.endswith(b"\r\n\r\nabcdefg")


def test_no_answer_to_head_has_a_body(quick: Served) -> None:
    answer = talk(quick.port, get(b"/peer", CLOSE, method=b"HEAD"))
    assert b"Content-Length: 11\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")
    answer = talk(quick.port, get(b"/large", CLOSE, method=b"HEAD"))
    assert answer.endswith(b"\r\n\r\n")
    refused = talk(quick.port, b"HEAD / HTTP/1.1\r\n\r\n")
    assert statuses(refused) == [400]
    assert refused.endswith(b"\r\n\r\n")


def test_no_answer_without_content_has_a_body(quick: Served) -> None:
    answer = talk(quick.port, get(b"/nothing", CLOSE))
    assert b"Content-Length" not in answer
    assert answer.endswith(b"\r\n\r\n")
    answer = talk(quick.port, get(b"/unmodified", CLOSE))
    assert b"Content-Length: 8\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_body_is_asked_for_when_it_is_wanted(site: Served) -> None:
    head = get(b"/", b"Expect: 100-Continue\r\nContent-Length: 3\r\n" + CLOSE, method=b"POST")
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as line:
        line.sendall(head)
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"abc")
        answer = receive(line)
    assert statuses(answer) == [200]
    assert answer.endswith(b"abc")


def test_a_body_is_not_asked_for_when_it_is_not_wanted(site: Served) -> None:
    head = b"POST /early HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    answer = talk(site.port, head)
    assert statuses(answer) == [403]
    assert b"Connection: close" in answer


def test_a_body_that_comes_at_once_is_not_asked_for(site: Served) -> None:
    raw = get(b"/", b"Expect: 100-continue\r\n" + CLOSE, method=b"POST", body=b"abc")
    assert statuses(talk(site.port, raw)) == [200]


@pytest.mark.parametrize("path", [b"/early", b"/abandon"])
def test_an_early_answer_arrives_and_ends_the_connection(site: Served, path: bytes) -> None:
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" % path
    answer = talk(site.port, head, bytes(60_000), bytes(60_000), pause_seconds=0.1)
    assert statuses(answer) == [403]
    assert answer.endswith(b"enough")
    assert b"Connection: close" in answer


def test_a_body_that_goes_on_after_an_early_answer_is_swallowed_up_to_a_bound(site: Served) -> None:
    head = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 800000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as line:
        line.sendall(head)
        sent = 0
        with pytest.raises(OSError, match=r"."):
            while sent < 100_000_000:
                sent += line.send(bytes(65536))
        assert sent < 30_000_000  # what the kernels hold, and the bound


def test_a_small_body_that_the_handler_ignores_does_not_end_the_connection(site: Served) -> None:
    raw = get(b"/early", method=b"POST", body=b"abc") + get(b"/", CLOSE)
    assert statuses(talk(site.port, raw)) == [403, 200]


def test_a_handler_that_fails_is_answered_without_its_secrets(site: Served) -> None:
    answer = talk(site.port, get(b"/fail") + get(b"/bad-header") + get(b"/", CLOSE))
    assert statuses(answer) == [500, 500, 200]
    assert b"secret" not in answer
    assert b"C: d" not in answer


@pytest.mark.parametrize("path", [b"/cut", b"/short", b"/long"])
def test_an_answer_that_breaks_is_seen_to_be_broken(site: Served, path: bytes) -> None:
    answer = talk(site.port, get(path))
    assert statuses(answer) in ([200], [])
    assert not answer.endswith(b"0\r\n\r\n")
    assert not answer.endswith(b"abcde")


def test_a_client_that_goes_away_cancels_the_handler(site: Served) -> None:
    for end in (socket.SHUT_RDWR, socket.SHUT_WR):
        with socket.create_connection(("127.0.0.1", site.port), timeout=5) as line:
            line.sendall(get(b"/wait"))
            assert site.site.saw("begun")
            line.shutdown(end)
            assert site.site.saw("cancelled")


def test_a_client_that_goes_away_in_a_body_breaks_it(site: Served) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nabc")
        line.shutdown(socket.SHUT_WR)
        assert receive(line) == b""


@pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\nHost: x\r\nA: "])
def test_slow_headers_are_refused(hasty: Served, start: bytes) -> None:
    began = time.monotonic()
    answer = talk(hasty.port, start, *[b"b"] * 5, pause_seconds=0.15)
    assert statuses(answer) == [408]
    assert time.monotonic() - began < 2


def test_slow_headers_are_refused_on_a_used_connection_too(hasty: Served) -> None:
    answer = talk(hasty.port, GET, b"GET / HTTP/1.1\r\n", *[b"A: b\r\n"] * 5, pause_seconds=0.15)
    assert statuses(answer) == [200, 408]


def test_an_idle_connection_is_closed_without_a_word(hasty: Served) -> None:
    assert talk(hasty.port) == b""
    assert statuses(talk(hasty.port, GET)) == [200]


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5000", b"Transfer-Encoding: chunked"], ids=["length", "chunked"]
)
def test_a_slow_body_is_refused(hasty: Served, framing: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % framing
    answer = talk(hasty.port, head, *[b"1\r\na\r\n"] * 6, pause_seconds=0.15)
    assert statuses(answer) == [408]


def test_a_client_that_takes_nothing_is_cut_off(hasty: Served) -> None:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(5)
        line.connect(("127.0.0.1", hasty.port))
        line.sendall(get(b"/large"))
        time.sleep(1.2)
        assert len(receive(line)) < 64 * 1024 * 1024
    assert hasty.server.busy == 0


def test_too_large_a_body_is_refused_by_its_head_or_its_chunks(quick: Served) -> None:
    assert statuses(talk(quick.port, get(b"/", b"Content-Length: 9000000\r\n"))) == [413]
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert statuses(talk(quick.port, head + b"ffffffff\r\n")) == [413]


def test_requests_above_the_bound_are_refused_for_now(site: Served) -> None:
    lines = [socket.create_connection(("127.0.0.1", site.port), timeout=5) for _ in range(4)]
    for line in lines:
        line.sendall(get(b"/pause"))
        assert site.site.saw("begun")
    answer = talk(site.port, GET + get(b"/", CLOSE))
    assert statuses(answer) == [503, 503]
    assert b"Retry-After: 1\r\n" in answer
    assert statuses(talk(site.port, get(b"/", method=b"POST", body=b"a"))) == [503]
    for line in lines:
        assert line.recv(1000).endswith(b"paused")
        line.close()
    assert statuses(talk(site.port, get(b"/", CLOSE))) == [200]


def test_connections_above_the_bound_are_refused(loops: Loops) -> None:
    with served(WireBounds(connections_max=2, linger_seconds_max=0.2), loops=loops) as site:
        lines = [socket.create_connection(("127.0.0.1", site.port), timeout=5) for _ in range(2)]
        for line in lines:
            line.sendall(GET)
            assert status(line.recv(1000)) == 200
        assert status(talk(site.port)) == 503
        for line in lines:
            line.close()
        assert statuses(talk(site.port, get(b"/", CLOSE))) == [200]


def test_a_connection_ends_after_its_share_of_requests(loops: Loops) -> None:
    with served(WireBounds(requests_per_connection_max=3), loops=loops) as site:
        answer = talk(site.port, GET * 5)
        assert statuses(answer) == [200, 200, 200]
        assert answer.count(b"Connection: close") == 1


def test_the_caller_is_known_by_address(quick: Served) -> None:
    assert talk(quick.port, get(b"/peer", CLOSE)).endswith(b"\r\n\r\n127.0.0.1 0")


def test_upgrades_are_not_taken_up(quick: Served) -> None:
    raw = get(b"/", b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n")
    assert statuses(talk(quick.port, raw)) == [200]


def test_what_was_refused_leaves_nothing_behind(quick: Served) -> None:
    deadline = time.monotonic() + 5
    while quick.server.connections and time.monotonic() < deadline:
        time.sleep(0.02)
    assert quick.server.connections == 0

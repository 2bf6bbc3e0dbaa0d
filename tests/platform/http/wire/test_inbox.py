# SPDX-License-Identifier: EUPL-1.2
"""Bytes to messages: the same whatever way the bytes were cut, hostile ones refused alike."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.heads import UNTIL_CLOSE, Malformed, read_request
from flagstone.platform.http.wire.inbox import Inbox
from flagstone.platform.http.wire.messages import PART_BYTES_MAX

from .hostile import CHUNKED, REQUESTS

BOUNDS = WireBounds()
HEAD = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

Seen = list[tuple[bytes, bytes, bytes] | int]
"""Method, target and body of each request, and the status of the refusal that ended it."""


def requests(parts: Iterable[bytes], bounds: WireBounds = BOUNDS) -> Seen:
    """Read requests as a server does, whatever their number."""
    inbox, seen = Inbox(bounds), Seen()
    head: bytes | None = None
    body = b""
    try:
        for data in parts:
            inbox.feed(data)
            while True:
                if head is None:
                    head = inbox.take_head()
                    if head is None:
                        break
                    inbox.start_body(read_request(head, bounds).framing)
                while part := inbox.take_part():
                    assert len(part) <= PART_BYTES_MAX
                    body += part
                if not inbox.body_done:
                    break
                method, target, _ = head.split(b"\r\n")[0].split(b" ")
                seen.append((method, target, body))
                head, body = None, b""
    except Malformed as flaw:
        seen.append(flaw.status)
    return seen


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut `data` at `places`, counted from its beginning and wrapping around."""
    at = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(at)]


bodies = st.lists(st.binary(min_size=1, max_size=40), max_size=5)


def chunked(parts: list[bytes], extension: bytes = b"") -> bytes:
    lines = [b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts]
    return HEAD + b"".join(lines) + b"0\r\nA: b\r\n\r\n"


def sized(body: bytes) -> bytes:
    return b"PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


messages = st.lists(
    st.one_of(
        bodies.map(lambda parts: (chunked(parts, b";a=b"), (b"POST", b"/a", b"".join(parts)))),
        st.binary(max_size=60).map(lambda body: (sized(body), (b"PUT", b"/b", body))),
        st.just((b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", (b"GET", b"/", b""))),
    ),
    max_size=4,
)


@given(messages, st.lists(st.integers(0, 10_000), max_size=30))
def test_requests_are_the_same_however_they_are_cut(
    given: list[tuple[bytes, tuple[bytes, bytes, bytes]]], places: list[int]
) -> None:
    raw = b"".join(message for message, _ in given)
    expected = [request for _, request in given]
    assert requests([raw]) == expected
    assert requests(cut(raw, places)) == expected
    assert requests(bytes([byte]) for byte in raw) == expected


@pytest.mark.parametrize(("status", "raw"), REQUESTS.values(), ids=REQUESTS)
def test_hostile_requests_are_refused(status: int, raw: bytes) -> None:
    assert requests([raw]) == [status]


@pytest.mark.parametrize(("status", "raw"), REQUESTS.values(), ids=REQUESTS)
def test_hostile_requests_are_refused_byte_by_byte(status: int, raw: bytes) -> None:
    assert requests(bytes([byte]) for byte in raw) == [status]


@pytest.mark.parametrize(("status", "raw"), CHUNKED.values(), ids=CHUNKED)
def test_hostile_chunks_are_refused(status: int, raw: bytes) -> None:
    assert requests([raw]) == [status]
    assert requests(raw[at : at + 7] for at in range(0, len(raw), 7)) == [status]


@settings(max_examples=300)
@given(
    st.sampled_from([raw for _, raw in (REQUESTS | CHUNKED).values() if len(raw) < 2000]),
    st.lists(st.integers(0, 10_000), max_size=10),
    st.integers(0, 10_000),
    st.binary(max_size=4),
)
def test_broken_requests_end_the_same_however_they_are_cut(
    raw: bytes, places: list[int], at: int, noise: bytes
) -> None:
    at %= len(raw) + 1
    raw = raw[:at] + noise + raw[at:]
    assert requests(cut(raw, places)) == requests([raw])


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=10))
def test_any_chunks_are_read_or_refused_alike(noise: bytes, places: list[int]) -> None:
    assert requests(cut(HEAD + noise, places)) == requests([HEAD + noise])


def test_bounds_of_the_head_are_exact() -> None:
    start = b"GET /"
    end = b" HTTP/1.1\r\nHost: x\r\n\r\n"
    fits = start + b"a" * (BOUNDS.target_bytes_max - 1) + end
    assert requests([fits]) == [(b"GET", fits[4 : 4 + BOUNDS.target_bytes_max], b"")]
    assert requests([start + b"a" * BOUNDS.target_bytes_max + end]) == [414]
    line = b"GET / HTTP/1.1\r\nHost: x\r\nA: "
    room = BOUNDS.headers_bytes_max - len(line) - 4
    assert requests([line + b"b" * room + b"\r\n\r\n"]) == [(b"GET", b"/", b"")]
    assert requests([line + b"b" * (room + 1) + b"\r\n\r\n"]) == [431]
    many = WireBounds(header_count_max=2)
    assert requests([b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n"], many) == [(b"GET", b"/", b"")]
    assert requests([b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\nA: b\r\n\r\n"], many) == [431]


def test_bound_of_a_chunked_body_is_exact() -> None:
    small = WireBounds(body_bytes_max=10)
    assert requests([chunked([b"12345", b"67890"])], small) == [(b"POST", b"/a", b"1234567890")]
    assert requests([chunked([b"12345", b"678901"])], small) == [413]
    assert requests([HEAD + b"ffffffffff\r\n"], small) == [413]


def test_parts_of_large_bodies_are_bounded() -> None:
    body = bytes(300_000)
    assert requests([sized(body)]) == [(b"PUT", b"/b", body)]
    assert requests([chunked([body])]) == [(b"POST", b"/a", body)]
    assert requests([HEAD + b"1\r\na\r\n" * 300 + b"0\r\n\r\n"]) == [(b"POST", b"/a", b"a" * 300)]


def test_a_body_until_the_end_ends_there() -> None:
    inbox = Inbox(WireBounds(body_bytes_max=8))
    inbox.start_body(UNTIL_CLOSE)
    inbox.feed(b"abcd")
    assert not inbox.end()  # not all was taken
    assert inbox.take_part() == b"abcd"
    assert inbox.take_part() == b""
    assert inbox.end()
    inbox.start_body(UNTIL_CLOSE)
    inbox.feed(b"123456789")
    with pytest.raises(Malformed) as refused:
        inbox.take_part()
    assert refused.value.status == 413


def test_a_body_with_a_length_does_not_end_with_the_connection() -> None:
    inbox = Inbox(BOUNDS)
    inbox.start_body(5)
    inbox.feed(b"abc")
    assert inbox.take_part() == b"abc"
    assert not inbox.end()
    assert inbox.waiting == 0


def test_what_is_dropped_is_counted() -> None:
    inbox = Inbox(BOUNDS)
    inbox.feed(b"abc")
    inbox.feed(b"de")
    assert inbox.drop() == 5
    assert inbox.drop() == 0

# SPDX-License-Identifier: EUPL-1.2
"""Heads read and written: what is refused, what comes through unchanged."""

from __future__ import annotations

from contextlib import suppress

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.heads import (
    CHUNKED,
    UNTIL_CLOSE,
    Malformed,
    ReadResponse,
    read_request,
    read_response,
    write_request,
    write_response,
)
from flagstone.platform.http.wire.messages import Headers, RequestHead, ResponseHead

BOUNDS = WireBounds()
TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FRAMING = {
    b"host",
    b"content-length",
    b"transfer-encoding",
    b"connection",
    b"expect",
    b"content_length",
    b"transfer_encoding",
    b"upgrade",
    b"te",
    b"trailer",
    b"keep-alive",
    b"proxy-connection",
}

names = (
    st.text(TOKEN, min_size=1, max_size=12).map(str.encode).filter(lambda name: name.lower() not in FRAMING)
)
values = st.binary(max_size=20).map(
    lambda value: bytes(byte for byte in value if byte == 9 or (byte >= 32 and byte != 127)).strip(b" \t")
)
headers = st.lists(st.tuples(names, values), max_size=8).map(tuple)
targets = st.text("abcXYZ019-._~!$&'()*+,;=:@/?", max_size=20).map(
    lambda text: b"/" + text.encode() + b"%2F%e4"
)
CHOPS = (
    *(b"GET", b"/", b" ", b"HTTP/1.1", b"\r\n", b"\n", b"\r", b"Host: x\r\n", b"A", b":", b"\t", b"b", b"\0"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"\xff", b"%41", b"%"),
)
methods = st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD", b"TRACE"])


def response(raw: bytes, method: bytes = b"GET") -> ReadResponse:
    return read_response(raw, BOUNDS, method=method)


@given(methods, targets, headers, st.none() | st.integers(0, 10**17))
def test_a_request_comes_through_as_it_was(
    method: bytes, target: bytes, given: Headers, length: int | None
) -> None:
    head = RequestHead(method, target, ((b"hOST", b"a.example:1"), *given))
    read = read_request(write_request(head, b"unused", length), BOUNDS)
    assert (read.head.method, read.head.target) == (method, target)
    assert read.head.headers[: len(head.headers)] == head.headers
    assert read.framing == (CHUNKED if length is None else length)


@given(st.integers(200, 599), values, headers, st.integers(0, 10**17))
def test_a_response_comes_through_as_it_was(status: int, reason: bytes, given: Headers, length: int) -> None:
    head = ResponseHead(status, reason, given)
    framing = b"Content-Length: %d" % length
    read = response(write_response(head, framing, close=False))
    assert read.head.status == status
    assert read.head.reason == reason
    assert read.head.headers == (*given, (b"Content-Length", b"%d" % length))
    assert read.keep
    assert read.length == (0 if status == 204 else length)
    assert read.framing == (0 if status in (204, 304) else length)


class Heard:
    """What llhttp alone hears."""

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value.rstrip(b" \t")))


@given(
    st.lists(
        st.sampled_from(CHOPS),
        max_size=14,
    ).map(lambda parts: b"GET / HTTP/1.1\r\nHost: y\r\n" + b"".join(parts) + b"\r\n\r\n")
)
@example(b"GET / HTTP/1.1\r\nHost: y\r\nA: b\r\n\r\n")
def test_whatever_is_taken_llhttp_takes_too_and_hears_the_same(raw: bytes) -> None:
    raw = raw[: raw.index(b"\r\n\r\n") + 4]
    try:
        read = read_request(raw, BOUNDS)
    except Malformed:
        return
    heard = Heard()
    parser = httptools.HttpRequestParser(heard)
    parser.feed_data(raw)
    assert (parser.get_method(), heard.target) == (read.head.method, read.head.target)
    assert tuple(heard.headers) == read.head.headers
    assert raw.count(b"\r\n") == len(read.head.headers) + 2
    assert read.framing in (0, 3, CHUNKED)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for text in (raw + b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n" + raw + b"\r\n\r\n"):
        with suppress(Malformed):
            read_request(text[: text.index(b"\r\n\r\n") + 4], BOUNDS)


@given(st.binary(max_size=200))
def test_any_answer_is_read_or_refused(raw: bytes) -> None:
    for text in (raw + b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + raw + b"\r\n\r\n"):
        with suppress(Malformed):
            response(text[: text.index(b"\r\n\r\n") + 4])


def test_space_around_values_is_cut_and_nothing_else() -> None:
    read = read_request(b"GET / HTTP/1.1\r\nHost:x\r\nA: \t b\tc  \t\r\nB:\r\na: b\r\n\r\n", BOUNDS)
    assert read.head.headers == ((b"Host", b"x"), (b"A", b"b\tc"), (b"B", b""), (b"a", b"b"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"", True),
        (b"Connection: close\r\n", False),
        (b"connection: Keep-Alive, CLOSE\r\n", False),
        (b"Connection: a\r\nConnection: close\r\n", False),
        (b"Connection: closed\r\n", True),
        (b"Connection: keep-alive\r\n", True),
        (b"Connection: upgrade\r\nUpgrade: h2c\r\n", True),
    ],
)
def test_connection_is_kept_unless_it_says_otherwise(given: bytes, *, kept: bool) -> None:
    assert read_request(b"GET / HTTP/1.1\r\nHost: x\r\n" + given + b"\r\n", BOUNDS).keep is kept
    assert response(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + given + b"\r\n").keep is kept


@pytest.mark.parametrize(
    ("raw", "method", "framing", "length"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"GET", UNTIL_CLOSE, None),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n", b"GET", 4, 4),
        (b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\n", b"GET", 4, 4),
        (b"HTTP/1.1 200 OK\r\ntransfer-ENCODING: Chunked\r\n\r\n", b"GET", CHUNKED, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", b"HEAD", 0, 4),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"HEAD", 0, None),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", b"GET", 0, 4),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"GET", 0, 0),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", b"GET", 0, 0),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"GET", 0, None),
    ],
)
def test_an_answer_ends_where_its_head_says(
    raw: bytes, method: bytes, framing: int, length: int | None
) -> None:
    read = response(raw, method)
    assert (read.framing, read.length) == (framing, length)
    assert read.keep is (raw.startswith(b"HTTP/1.1") and framing != UNTIL_CLOSE)


GIVEN = (
    *(b"Connection", b"content-length", b"Keep-Alive", b"Proxy-Connection", b"TE", b"Trailer"),
    *(b"Transfer-Encoding", b"upgrade", b"Expect"),
)


def test_framing_of_the_caller_is_dropped() -> None:
    given = tuple((name, b"1") for name in GIVEN)
    head = RequestHead(b"POST", b"/", ((b"Host", b"x"), *given))
    assert write_request(head, b"h", 0) == b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    answer = write_response(ResponseHead(200, b"OK", given), b"", close=True)
    assert answer == b"HTTP/1.1 200 OK\r\nExpect: 1\r\nConnection: close\r\n\r\n"


def test_host_is_added_only_when_missing() -> None:
    assert b"Host: h:1\r\n" in write_request(RequestHead(b"GET", b"/", ()), b"h:1", 0)
    written = write_request(RequestHead(b"GET", b"/", ((b"host", b"a"),)), b"h:1", 0)
    assert written == b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        RequestHead(b"GET", b"/", ((b"A", b"b\r\nC: d"),)),
        RequestHead(b"GET", b"/", ((b"A\r\nC", b"d"),)),
        RequestHead(b"GET", b"/", ((b"A", b"b\nc"),)),
        RequestHead(b"GET", b"/", ((b"A", b"\0"),)),
        RequestHead(b"GET", b"/", ((b"A b", b"c"),)),
        RequestHead(b"GET", b"/", ((b"A:", b"c"),)),
        RequestHead(b"GET", b"/", ((b"", b"c"),)),
        RequestHead(b"GET", b"/ HTTP/1.1\r\nA: b", ()),
        RequestHead(b"GET", b"/a b", ()),
        RequestHead(b"GET", b"http://x/", ()),
        RequestHead(b"GET ", b"/", ()),
        RequestHead(b"", b"/", ()),
    ],
)
def test_nobody_writes_a_line_of_his_own(head: RequestHead) -> None:
    with pytest.raises(ValueError, match=r"."):
        write_request(head, b"h", 0)


@pytest.mark.parametrize(
    "head",
    [
        ResponseHead(200, b"OK\r\nA: b", ()),
        ResponseHead(200, b"OK", ((b"A", b"b\r\n\r\n<html>"),)),
        ResponseHead(99, b"OK", ()),
        ResponseHead(100, b"Continue", ()),
        ResponseHead(600, b"OK", ()),
    ],
)
def test_nobody_answers_a_line_of_his_own(head: ResponseHead) -> None:
    with pytest.raises(ValueError, match=r"."):
        write_response(head, b"", close=False)


def test_a_declared_body_above_the_bound_is_refused_by_its_head() -> None:
    raw = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n"
    assert read_request(raw, WireBounds(body_bytes_max=11)).framing == 11
    with pytest.raises(Malformed) as refused:
        read_request(raw, WireBounds(body_bytes_max=10))
    assert refused.value.status == 413

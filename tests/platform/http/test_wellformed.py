# SPDX-License-Identifier: EUPL-1.2
"""RFC 9110 to 9112 read strictly: what is doubtful is refused."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.kernel.errors import Fault
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.wellformed import (
    EncodedBody,
    HeadersTooLarge,
    Malformed,
    UnknownHost,
    check_headers,
    check_host,
    check_path,
    check_query,
    content_length,
)

BOUNDS = Bounds()


@pytest.mark.parametrize(
    "path",
    [
        b"/../etc/passwd",
        b"/a/..",
        b"/./a",
        b"/%2e%2e/a",
        b"/.%2E/a",
        b"/a%2fb",
        b"/a%2Fb",
        b"/a%5cb",
        b"/a\\b",
        b"/a%00",
        b"/a\x00",
        b"/a%0d%0aSet-Cookie:x",
        b"/a%7f",
        b"//evil.example",
        b"/a//b",
        b"/%ff",
        b"/%c0%af",
        b"/%ed%a0%80",
        b"/caf\xc3\xa9",
        b"/%",
        b"/%4",
        b"/%zz",
        b"a",
        b"",
        b"*",
        b"http://x/",
    ],
)
def test_a_path_with_a_trick_is_refused(path: bytes) -> None:
    with pytest.raises(Malformed):
        check_path(path)


@pytest.mark.parametrize(
    "path", [b"/", b"/a/b", b"/a/", b"/..a", b"/a.b", b"/%C3%A9", b"/a%20b", b"/%252e%252e"]
)
def test_a_plain_path_passes(path: bytes) -> None:
    check_path(path)


@pytest.mark.parametrize("query", [b"a=%ff", b"a=%", b"a=\xff", b"a=%00", b"a=\x00"])
def test_a_query_that_is_not_utf8_is_refused(query: bytes) -> None:
    with pytest.raises(Malformed):
        check_query(query)


@given(st.text().filter(lambda text: "\x00" not in text and text.isprintable()))
def test_every_text_passes_in_a_query(text: str) -> None:
    check_query(quote(text, safe="").encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_taken_or_refused(raw: bytes) -> None:
    for check in (check_path, check_query):
        try:
            check(raw)
        except Fault as fault:
            assert fault.code == "http.malformed"  # noqa: PT017


@given(st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=12))
def test_any_headers_are_taken_or_refused(headers: list[tuple[bytes, bytes]]) -> None:
    try:
        check_headers(headers, BOUNDS)
        content_length(headers)
    except Fault:
        return
    assert all(value.isascii() for _, value in headers)


@pytest.mark.parametrize("name", [b"host", b"content-length", b"authorization", b"content-type", b"cookie"])
def test_a_header_with_two_meanings_is_refused(name: bytes) -> None:
    with pytest.raises(Malformed, match="twice"):
        check_headers([(name, b"1"), (name, b"1")], BOUNDS)


@pytest.mark.parametrize("value", [b"a\rb", b"a\nb", b"a\x00b", b"a\x7fb", b"caf\xc3\xa9"])
def test_a_header_with_other_characters_is_refused(value: bytes) -> None:
    with pytest.raises(Malformed):
        check_headers([(b"x-note", value)], BOUNDS)


def test_two_lengths_are_refused() -> None:
    with pytest.raises(Malformed):
        check_headers([(b"content-length", b"1"), (b"transfer-encoding", b"chunked")], BOUNDS)


def test_a_compressed_body_is_refused() -> None:
    with pytest.raises(EncodedBody):
        check_headers([(b"content-encoding", b"gzip")], BOUNDS)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x", b"1")] * 101,
        [(b"x", b"1" * 9000)],
        [(b"x%d" % number, b"1" * 4000) for number in range(10)],
    ],
)
def test_too_many_or_too_long_headers_are_refused(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(HeadersTooLarge):
        check_headers(headers, BOUNDS)


@pytest.mark.parametrize(
    "host", [b"", b"evil.example", b"site.test@evil", b"site.test:x", b"site.test:1:2", b"[::1"]
)
def test_an_unknown_host_is_refused(host: bytes) -> None:
    with pytest.raises(UnknownHost):
        check_host([(b"host", host)], frozenset({"site.test", "[::1]"}))


@pytest.mark.parametrize("host", [b"site.test", b"SITE.test:8080", b"[::1]:80"])
def test_a_known_host_passes(host: bytes) -> None:
    check_host([(b"host", host)], frozenset({"site.test", "[::1]"}))


def test_a_missing_host_is_refused() -> None:
    with pytest.raises(UnknownHost):
        check_host([], frozenset({"site.test"}))


@pytest.mark.parametrize("value", [b"-1", b"+1", b"1_0", b" 1", b"0x1", b"9" * 20, b""])
def test_a_length_that_is_no_number_is_refused(value: bytes) -> None:
    with pytest.raises(Malformed):
        content_length([(b"content-length", value)])


@pytest.mark.parametrize("asked", [b"MEIw%2FQDA%2b%3D%3d", b"MEIw/QDA+==", b"MEIw//QDA"])
def test_base64_in_the_path_of_a_status_query_is_let_in(asked: bytes) -> None:
    check_path(b"/trust/ocsp/" + asked)
    for path in (b"/trust/" + asked + b"%2f", b"/trust/ocsp/" + asked + b"/..", b"/trust/ocsp/a%2f%2e%2e"):
        with pytest.raises(Malformed):
            check_path(path)

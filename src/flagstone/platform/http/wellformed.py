# SPDX-License-Identifier: EUPL-1.2
"""What a request must look like before anything of ours reads it: RFC 9110 to 9112, read strictly."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from flagstone.kernel.errors import Kind
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.problem import HttpFault

SINGLE = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"cookie",
        b"host",
        b"origin",
        b"transfer-encoding",
        b"x-csrf-token",
    }
)
"""Headers that mean two things when they come twice."""
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e]*")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PATH_TRICK = re.compile(rb"%2f|%5c|[\\\x00-\x20\x7f-\xff]|//", re.IGNORECASE)
_STATUS_ASKED = re.compile(rb"/trust/ocsp/(?:[A-Za-z0-9+/]|%2[BbFf])+(?:=|%3[Dd]){0,2}")
"""Where the protocol puts base64, with its slashes, into the path (RFC 6960, A.1); it names no file."""
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,15}")


class Malformed(HttpFault):
    """The request breaks the protocol's rules or tries a trick."""

    code = "http.malformed"
    kind = Kind.INVALID
    status = 400
    title = "The request is malformed"
    remedy = "Send plain UTF-8 addresses and each header once."


class UnknownHost(HttpFault):
    """The request is meant for a name that this site does not serve."""

    code = "http.unknown-host"
    kind = Kind.INVALID
    status = 400
    title = "This site does not answer to that name"
    remedy = "Use the site's own address; the operator lists its names in the settings."


class HeadersTooLarge(HttpFault):
    """Too many headers, or too long ones (RFC 6585, 5)."""

    code = "http.headers-too-large"
    kind = Kind.TOO_LARGE
    status = 431
    title = "The request's headers are too large"
    remedy = "Send fewer or shorter headers; clearing this site's cookies may help."


class TargetTooLong(HttpFault):
    """The address is too long (RFC 9110, 15.5.15)."""

    code = "http.address-too-long"
    kind = Kind.TOO_LARGE
    status = 414
    title = "The address is too long"
    remedy = "Send long values in a form instead."


class EncodedBody(HttpFault):
    """The body is compressed, which is not taken here (RFC 9110, 15.5.16)."""

    code = "http.encoded-body"
    kind = Kind.INVALID
    status = 415
    title = "Compressed requests are not taken"
    remedy = "Send the body without Content-Encoding."


def check(scope: Scope, bounds: Bounds) -> None:
    """Raise the fault of the first thing that is wrong with the request line or the headers."""
    check_headers(scope["headers"], bounds)
    raw_path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    if len(raw_path) + len(query) > bounds.target_bytes_max:
        raise TargetTooLong
    check_path(raw_path)
    check_query(query)


def check_headers(headers: list[tuple[bytes, bytes]], bounds: Bounds) -> None:
    """Raise `HeadersTooLarge`, `Malformed` or `EncodedBody` for headers that are not taken."""
    sizes = [len(name) + len(value) + 4 for name, value in headers]
    if len(sizes) > bounds.header_count_max or sum(sizes) > bounds.headers_bytes_max:
        raise HeadersTooLarge
    if sizes and max(sizes) > bounds.header_bytes_max:
        raise HeadersTooLarge
    seen: set[bytes] = set()
    for name, value in headers:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Malformed("A header holds characters that are not allowed.")
        key = name.lower()
        if key in seen and key in SINGLE:
            raise Malformed(f"The header {key.decode('ascii')} comes twice.")
        seen.add(key)
        if key == b"content-encoding" and value.lower() != b"identity":
            raise EncodedBody
        if key == b"transfer-encoding" and value.lower() != b"chunked":
            raise Malformed("Only the transfer coding chunked is taken.")
    if b"content-length" in seen and b"transfer-encoding" in seen:
        raise Malformed("The request tells its length in two ways.")


def check_path(raw_path: bytes) -> None:
    """Raise `Malformed` for a path that another part could read differently (RFC 3986, 6.2.2)."""
    if _STATUS_ASKED.fullmatch(raw_path):
        return
    if not raw_path.startswith(b"/") or _PATH_TRICK.search(raw_path):
        raise Malformed("The address holds characters that are not allowed.")
    text = _decode(raw_path)
    if any(segment in (".", "..") for segment in text.split("/")) or _CONTROL.search(text):
        raise Malformed("The address holds characters that are not allowed.")


def check_query(query: bytes) -> None:
    """Raise `Malformed` for a query that is not percent-encoded UTF-8 or holds NUL."""
    if not _VALUE.fullmatch(query) or "\x00" in _decode(query):
        raise Malformed("The query holds characters that are not allowed.")


def _decode(raw: bytes) -> str:
    if _BROKEN_ESCAPE.search(raw):
        raise Malformed("A % is not followed by two hexadecimal digits.")
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The address is not UTF-8.") from None


def check_host(headers: list[tuple[bytes, bytes]], hosts: frozenset[str]) -> None:
    """Raise `UnknownHost` unless the one Host header names one of `hosts` (lower case, without port)."""
    sent = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    matched = _HOST.fullmatch(sent)
    if not matched or matched.group(1).lower() not in hosts:
        raise UnknownHost


def content_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Return the announced size of the body in bytes, None when there is no announcement."""
    for name, value in headers:
        if name == b"content-length":
            if not _LENGTH.fullmatch(value):
                raise Malformed("Content-Length is not a number.")
            return int(value)
    return None

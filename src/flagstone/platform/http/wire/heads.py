# SPDX-License-Identifier: EUPL-1.2
"""Heads of messages from bytes and to bytes: llhttp splits them, stricter rules of ours decide (RFC 9112).

No input or output happens here. Framing is decided here alone; llhttp never sees a body.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import httptools

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.messages import Headers, RequestHead, ResponseHead

CHUNKED = -1
UNTIL_CLOSE = -2
NO_BODY_STATUSES = frozenset({204, 304})

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TOKEN = _LETTERS + b"!#$%&'*+-.^_`|~"  # RFC 9110 5.6.2
_TEXT = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))  # RFC 9110 5.5, space and tab included
_PATH = _LETTERS + b"-._~!$&'()*+,;=:@/%"  # RFC 3986 3.3
_QUERY = _PATH + b"?[]{}|^`\\"  # RFC 3986 3.4 and what browsers leave as it is
_HOST = _LETTERS + b"-._~!$&'()*+,;=:%[]"  # RFC 3986 3.2.2, with a port
_BROKEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n|\Z)")
_NOT_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [^\r]*)?\r\n")
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,17}")
_FIRST_LINE_EXTRA = 64  # bytes of method, version and spaces

_FRAMING = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"connection",
        b"expect",
        b"content_length",
        b"transfer_encoding",
    }
)
_OURS = frozenset(
    {
        b"connection",
        b"content-length",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_OURS_AS_CLIENT = _OURS | {b"expect"}
_LENGTH_EXPECTED = frozenset({b"POST", b"PUT", b"PATCH"})


class Malformed(Exception):
    """Bytes that break a rule or a bound: the status they deserve, and why in words without their data."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class ReadRequest(NamedTuple):
    """A request's head and what it says of the bytes after it; `framing` is a length or `CHUNKED`."""

    head: RequestHead
    framing: int
    keep: bool
    expects: bool


class ReadResponse(NamedTuple):
    """A response's head; `framing` is a length, `CHUNKED` or `UNTIL_CLOSE`, `length` what was declared."""

    head: ResponseHead
    framing: int
    length: int | None
    keep: bool


class _Fields:
    """What llhttp tells of one head."""

    __slots__ = ("headers", "reason")

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.reason = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_status(self, reason: bytes) -> None:
        self.reason += reason


def refuse_start(start: bytes | bytearray, bounds: WireBounds, *, checked: int = 0) -> None:
    """Raise `Malformed` when the beginning of a head can no longer become a good one.

    What is found does not depend on how the bytes were cut: the first breach from the left counts.
    The first `checked` bytes are known to be well.
    """
    line_bytes_max = bounds.target_bytes_max + _FIRST_LINE_EXTRA
    line_end = start.find(b"\r\n", 0, line_bytes_max + 2)
    line_too_long = line_end < 0 and len(start) > line_bytes_max + 1
    readable = line_bytes_max if line_too_long else bounds.headers_bytes_max
    if _BROKEN.search(start, max(0, checked - 1), min(readable, len(start))):
        raise Malformed(400, "A control character, or a line that does not end in CR LF.")
    if line_too_long:
        raise Malformed(414, f"The address is longer than {bounds.target_bytes_max} bytes.")
    if len(start) > bounds.headers_bytes_max:
        raise Malformed(431, f"The headers are longer than {bounds.headers_bytes_max} bytes.")


def read_request(raw: bytes, bounds: WireBounds) -> ReadRequest:
    """Read a whole request head, from the first line to the empty one; raises `Malformed`."""
    line_end = _check(raw, bounds)
    method, target = _request_line(raw[:line_end], bounds)
    fields = _Fields()
    parser = httptools.HttpRequestParser(fields)
    headers = _parse(parser, fields, raw, bounds)
    found = _framing_headers(headers)
    _check_host(found.get(b"host", ()))
    framing = _length(found, bounds)
    expects = found.get(b"expect", ())
    if expects and (len(expects) > 1 or expects[0].lower() != b"100-continue"):
        raise Malformed(417, "Only 100-continue can be expected.")
    keep = b"connection" not in found or b"close" not in _options(found[b"connection"])
    return ReadRequest(
        RequestHead(method, target, headers), 0 if framing is None else framing, keep, bool(expects)
    )


def read_response(raw: bytes, bounds: WireBounds, *, method: bytes) -> ReadResponse:
    """Read a whole response head to a request with `method`; raises `Malformed`."""
    _check(raw, bounds)
    if not _STATUS_LINE.match(raw):
        raise Malformed(502, "The status line is malformed.")
    fields = _Fields()
    parser = httptools.HttpResponseParser(fields)
    headers = _parse(parser, fields, raw, bounds)
    status = parser.get_status_code()
    new = raw.startswith(b"HTTP/1.1")
    if status == 101 or not 100 <= status < 600:
        raise Malformed(502, "The status is not one that was asked for.")
    found = _framing_headers(headers)
    framing = _length(found, bounds)
    if framing == CHUNKED and not new:
        raise Malformed(502, "Chunks in HTTP/1.0.")
    keep = new and (b"connection" not in found or b"close" not in _options(found[b"connection"]))
    head = ResponseHead(status, fields.reason, headers)
    declared = framing if framing is not None and framing >= 0 else None
    if status < 200 or status in NO_BODY_STATUSES or method == b"HEAD":
        return ReadResponse(head, 0, 0 if status == 204 else declared, keep)
    if framing is None:
        return ReadResponse(head, UNTIL_CLOSE, None, keep=False)
    return ReadResponse(head, framing, declared, keep)


def _check(raw: bytes, bounds: WireBounds) -> int:
    """Return where the first line ends; raise `Malformed` for bytes that may not be in a head."""
    line_end = raw.find(b"\r\n")
    if (
        raw.translate(None, _TEXT) != b"\r\n" * raw.count(b"\r\n")
        or line_end > bounds.target_bytes_max + _FIRST_LINE_EXTRA
        or len(raw) > bounds.headers_bytes_max
    ):
        refuse_start(raw, bounds)
    return line_end


def _request_line(line: bytes, bounds: WireBounds) -> tuple[bytes, bytes]:
    """Return method and target (RFC 9112 3)."""
    words = line.split(b" ")
    if len(words) != 3 or not words[0] or words[0].translate(None, _TOKEN):
        raise Malformed(400, "The first line is not a method, an address and a version.")
    method, target, version = words
    if version != b"HTTP/1.1":
        known = _VERSION.fullmatch(version)
        raise Malformed(505 if known else 400, "Only HTTP/1.1 is spoken here.")
    if len(target) > bounds.target_bytes_max:
        raise Malformed(414, f"The address is longer than {bounds.target_bytes_max} bytes.")
    check_target(target)
    return method, target


def check_target(target: bytes) -> None:
    """Raise `Malformed` for a target that is not origin-form in the characters of RFC 3986."""
    if not target.startswith(b"/"):
        raise Malformed(400, "The address does not begin with a slash.")
    path, _, query = target.partition(b"?")
    if path.translate(None, _PATH) or query.translate(None, _QUERY):
        raise Malformed(400, "The address has a character that must be percent-encoded.")
    if b"%" in target and _NOT_ENCODED.search(target):
        raise Malformed(400, "The address has a percent sign without two hexadecimal digits.")


def _parse(
    parser: httptools.HttpRequestParser | httptools.HttpResponseParser,
    fields: _Fields,
    raw: bytes,
    bounds: WireBounds,
) -> Headers:
    """Let llhttp split the head; framing is left to `_length`, which is stricter and knows the statuses."""
    parser.set_dangerous_leniencies(lenient_chunked_length=True, lenient_transfer_encoding=True)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass  # we stay with HTTP/1.1, as a server may (RFC 9110 7.8)
    except httptools.HttpParserInvalidMethodError:
        raise Malformed(501, "The method is not known here.") from None
    except httptools.HttpParserError:
        raise Malformed(400, "A header is malformed.") from None
    if len(fields.headers) > bounds.header_count_max:
        raise Malformed(431, f"There are more than {bounds.header_count_max} headers.")
    if b" \r\n" in raw or b"\t\r\n" in raw:  # llhttp leaves space after a value
        return tuple([(name, value.rstrip(b" \t")) for name, value in fields.headers])
    return tuple(fields.headers)


def _framing_headers(headers: Headers) -> dict[bytes, list[bytes]]:
    """Return the values of the headers that say where a message ends and what becomes of its connection."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        lower = name.lower()
        if lower in _FRAMING:
            found.setdefault(lower, []).append(value)
    return found


def _check_host(hosts: list[bytes] | tuple[()]) -> None:
    """RFC 9112 3.2: exactly one Host, and a valid one."""
    if len(hosts) != 1 or not hosts[0] or hosts[0].translate(None, _HOST):
        raise Malformed(400, "There must be one valid Host header.")


def _length(found: dict[bytes, list[bytes]], bounds: WireBounds) -> int | None:
    """Return the length of the body, `CHUNKED`, or None where nothing is said (RFC 9112 6.3)."""
    if b"content_length" in found or b"transfer_encoding" in found:
        raise Malformed(400, "A framing header is written with an underscore.")
    codings, lengths = found.get(b"transfer-encoding"), found.get(b"content-length")
    if codings is not None:
        return _coding(codings, lengths)
    if lengths is None:
        return None
    if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]):
        raise Malformed(400, "Content-Length is not one number.")
    length = int(lengths[0])
    if bounds.body_bytes_max is not None and length > bounds.body_bytes_max:
        raise Malformed(413, f"The body is larger than {bounds.body_bytes_max} bytes.")
    return length


def _coding(codings: list[bytes], lengths: list[bytes] | None) -> int:
    """RFC 9112 6.1: chunked, once, alone."""
    if lengths is not None:
        raise Malformed(400, "Both Content-Length and Transfer-Encoding.")
    if len(codings) == 1 and codings[0].lower() == b"chunked":
        return CHUNKED
    last = codings[-1].lower().replace(b" ", b"").split(b",")
    if len(codings) > 1 or last.count(b"chunked") > 1 or b"chunked" in last[:-1] or not last[-1]:
        raise Malformed(400, "Transfer-Encoding is not chunked, once and at the end.")
    raise Malformed(501, "No transfer coding but chunked is known here.")


def _options(values: list[bytes]) -> list[bytes]:
    return [option.strip(b" \t") for option in b",".join(values).lower().split(b",")]


def write_request(head: RequestHead, host: bytes, length: int | None) -> bytes:
    """Return the bytes of a request's head; `length` None is chunked. Raises ValueError for a bad head."""
    names, lines = _lines(head.headers, _OURS_AS_CLIENT)
    if b"host" not in names:
        lines.insert(0, b"Host: " + host)
    if length is None:
        lines.append(b"Transfer-Encoding: chunked")
    elif length or head.method in _LENGTH_EXPECTED:
        lines.append(b"Content-Length: %d" % length)
    try:
        check_target(head.target)
    except Malformed as flaw:
        raise ValueError(flaw.reason) from None
    if not head.method or head.method.translate(None, _TOKEN):
        raise ValueError("The method is not a token.")
    return _written(b"%b %b HTTP/1.1" % (head.method, head.target), names, lines)


def write_response(head: ResponseHead, framing: bytes, *, close: bool) -> bytes:
    """Return the bytes of a response's head with the line `framing`; raises ValueError for a bad head."""
    if not 200 <= head.status < 600:
        raise ValueError("The status is not a final one.")
    names, lines = _lines(head.headers, _OURS)
    if framing:
        lines.append(framing)
    if close:
        lines.append(b"Connection: close")
    return _written(b"HTTP/1.1 %d %b" % (head.status, head.reason), names, lines)


def _lines(headers: Headers, ours: frozenset[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the names in lower case and the lines of all headers but `ours`."""
    names: list[bytes] = []
    lines: list[bytes] = []
    for header in headers:
        name = header[0].lower()
        if name not in ours:
            names.append(name)
            lines.append(b": ".join(header))
    return names, lines


def _written(first_line: bytes, names: list[bytes], lines: list[bytes]) -> bytes:
    """Put a head together; nobody can smuggle a line into it."""
    block = b"\r\n".join([first_line, *lines, b"\r\n"])
    if (
        block.translate(None, _TEXT) != b"\r\n" * (len(lines) + 2)
        or b"".join(names).translate(None, _TOKEN)
        or b"" in names
    ):
        raise ValueError("A header has a character that it must not have.")
    return block

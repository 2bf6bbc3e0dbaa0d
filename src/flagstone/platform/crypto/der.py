# SPDX-License-Identifier: EUPL-1.2
"""Tag, length, value: the few shapes of ASN.1 that time-stamps and status answers need (ITU-T X.690).

Nothing here recurses, every bound is checked before memory is taken, and what is read is given back byte for
byte, because signatures are over bytes. BER with indefinite lengths is made definite first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from flagstone.kernel.errors import Fault, Kind

DATA_BYTES_MAX = 262_144
DEPTH_MAX = 32
ELEMENTS_MAX = 20_000
CHILDREN_MAX = 1_000
INTEGER_BYTES_MAX = 64
OID_BYTES_MAX = 64

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8_STRING, IA5_STRING, UTC_TIME, GENERALIZED_TIME = 0x0A, 0x0C, 0x16, 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
_CONSTRUCTED, _HIGH_TAG = 0x20, 0x1F
_INDEFINITE = -1
_TIME = re.compile(rb"(\d{14})(?:\.(\d{1,9}))?Z", re.ASCII)


class DerRefused(Fault):
    """Bytes are not the ASN.1 that is expected at their place, or exceed a bound."""

    code = "crypto.der-refused"
    kind = Kind.INVALID
    title = "A binary structure cannot be read"
    remedy = "Ask the sender for the file again; this one is damaged, cut off or of another kind."


class Element(NamedTuple):
    """One element: its identifier octet, its content, and all of its bytes."""

    tag: int
    body: bytes
    whole: bytes

    def children(self) -> list[Element]:
        """Return the elements inside; DerRefused when it is primitive or holds more than 1,000."""
        if not self.tag & _CONSTRUCTED:
            raise DerRefused("a structure was expected where a plain value is")
        found: list[Element] = []
        at, body = 0, self.body
        size = len(body)
        while at < size:
            tag, start, end = _header(body, at)
            if end < 0:
                raise DerRefused("a length is indefinite")
            found.append(_ELEMENT((tag, body[start:end], body[at:end])))
            at = end
        if len(found) > CHILDREN_MAX:
            raise DerRefused(f"more than {CHILDREN_MAX} elements stand side by side")
        return found

    def of(self, tag: int) -> Element:
        """Return the element itself; DerRefused unless it has `tag`."""
        if self.tag != tag:
            raise DerRefused(f"tag {self.tag:#04x} stands where {tag:#04x} was expected")
        return self

    def integer(self, tag: int = INTEGER) -> int:
        """Return a whole number of at most 64 bytes; DerRefused otherwise."""
        body = self.of(tag).body
        if not 0 < len(body) <= INTEGER_BYTES_MAX:
            raise DerRefused(f"a number has {len(body)} bytes")
        return int.from_bytes(body, "big", signed=True)

    def oid(self) -> str:
        """Return a dotted object identifier of at most 64 bytes; DerRefused otherwise."""
        return _dotted(self.of(OID).body)

    def time(self) -> datetime:
        """Return a GeneralizedTime in UTC (RFC 3161 section 2.4.2); DerRefused for other forms."""
        found = _TIME.fullmatch(self.of(GENERALIZED_TIME).body)
        if found is None:
            raise DerRefused("a time is not written as YYYYMMDDhhmmss.fZ")
        text = found.group(1)
        year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
        hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:])
        fraction = int((found.group(2) or b"0").ljust(6, b"0")[:6])
        try:
            return datetime(year, month, day, hour, minute, second, fraction, tzinfo=UTC)
        except ValueError as error:
            raise DerRefused("a time names a day or an hour that does not exist") from error


_ELEMENT = Element._make


def read(data: bytes, *, bytes_max: int = DATA_BYTES_MAX) -> Element:
    """Return the one element that `data` is; DerRefused for trailing bytes and indefinite lengths."""
    if not 2 <= len(data) <= bytes_max:
        raise DerRefused(f"{len(data)} bytes are too few or too many")
    tag, start, end = _header(data, 0)
    if end != len(data):
        raise DerRefused("a length is indefinite, or bytes follow the end")
    return Element(tag, data[start:end], data)


@dataclass
class _Frame:
    """An open element of `definite`: where it ends (None: at a marker) and what it holds so far."""

    tag: int
    end: int | None
    parts: list[tuple[int, bytes]] = field(default_factory=list)

    def closed(self) -> tuple[int, bytes]:
        """Return tag and content; the pieces of an octet string become one."""
        if self.tag == OCTET_STRING | _CONSTRUCTED:
            if any(tag != OCTET_STRING for tag, _ in self.parts):
                raise DerRefused("an octet string is made of something else")
            return OCTET_STRING, b"".join(body for _, body in self.parts)
        return self.tag, b"".join(tlv(tag, body) for tag, body in self.parts)


def definite(data: bytes, *, bytes_max: int = DATA_BYTES_MAX) -> bytes:
    """Return BER with definite, shortest lengths and whole octet strings; DerRefused beyond the bounds."""
    if not 2 <= len(data) <= bytes_max:
        raise DerRefused(f"{len(data)} bytes are too few or too many")
    open_frames = [_Frame(SEQUENCE, len(data))]
    at, count = 0, 0
    while True:
        frame = open_frames[-1]
        if frame.end is not None and at >= frame.end:
            at = _exactly(at, frame.end)
            if len(open_frames) == 1:
                break
            open_frames.pop()
            open_frames[-1].parts.append(frame.closed())
            continue
        count += 1
        tag, start, end = _header(data, at)
        if tag == 0 and start == end and frame.end is None:
            open_frames.pop()
            open_frames[-1].parts.append(frame.closed())
            at = end
        elif tag & _CONSTRUCTED:
            open_frames.append(_Frame(tag, None if end == _INDEFINITE else end))
            at = start
        else:
            frame.parts.append((tag, data[start:end]))
            at = end
        if len(open_frames) > DEPTH_MAX or count > ELEMENTS_MAX:
            raise DerRefused("it is nested too deep or has too many elements")
    if len(open_frames[0].parts) != 1:
        raise DerRefused("it is not one element")
    return tlv(*open_frames[0].parts[0])


def tlv(tag: int, body: bytes) -> bytes:
    """Return one element with the shortest length."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of elements, in the order given."""
    return tlv(SEQUENCE, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF elements in DER order (X.690 section 11.6)."""
    return tlv(SET, b"".join(sorted(parts)))


def integer(value: int, tag: int = INTEGER) -> bytes:
    """Return a whole number in as few bytes as it needs."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def octets(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv(OCTET_STRING, value)


def bits(value: bytes) -> bytes:
    """Return a BIT STRING of whole bytes."""
    return tlv(BIT_STRING, b"\x00" + value)


def null() -> bytes:
    """Return a NULL."""
    return b"\x05\x00"


def boolean(value: object) -> bytes:
    """Return a BOOLEAN that is true when `value` is."""
    return tlv(BOOLEAN, b"\xff" if value else b"\x00")


@lru_cache(512)
def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER; DerRefused when `dotted` is none."""
    if not re.fullmatch(r"[0-2](\.(0|[1-9]\d{0,38})){1,40}", dotted):
        raise DerRefused("an object identifier is not written in numbers and dots")
    first, second, *rest = (int(each) for each in dotted.split("."))
    return tlv(OID, b"".join(_base128(each) for each in (40 * first + second, *rest)))


def time(at: datetime, *, digits: int = 0) -> bytes:
    """Return a GeneralizedTime in UTC, with `digits` (0 to 6) of the second, trailing zeros cut."""
    moment = at.astimezone(UTC)
    text = moment.strftime("%Y%m%d%H%M%S")
    fraction = f"{moment.microsecond:06d}"[:digits].rstrip("0")
    return tlv(GENERALIZED_TIME, f"{text}.{fraction}Z".encode() if fraction else f"{text}Z".encode())


def explicit(number: int, element: bytes) -> bytes:
    """Return `element` inside the context tag `number` (0 to 30)."""
    return tlv(0xA0 | number, element)


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    """Return tag, start and end of the element at `at`; the end is -1 where the length is indefinite."""
    size = len(data)
    if at + 2 > size:
        raise DerRefused("it ends in the middle of an element")
    tag, length = data[at], data[at + 1]
    start = at + 2
    if tag & _HIGH_TAG == _HIGH_TAG:
        raise DerRefused("a tag has more than one byte")
    if length >= 0x80:
        if length == 0x80:
            if not tag & _CONSTRUCTED:
                raise DerRefused("a plain value has no length")
            return tag, start, _INDEFINITE
        count = length & 0x7F
        if count > 4:
            raise DerRefused("a length has more than four bytes")
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > size:
        raise DerRefused("an element is longer than what holds it")
    return tag, start, start + length


def _exactly(at: int, end: int) -> int:
    """Return `at`; DerRefused when an element went past the end of what holds it."""
    if at != end:
        raise DerRefused("an element is longer than what holds it")
    return at


@lru_cache(1024)
def _dotted(body: bytes) -> str:
    """Return the numbers of an object identifier's content, with dots."""
    if not 0 < len(body) <= OID_BYTES_MAX or body[-1] & 0x80:
        raise DerRefused("an object identifier is cut off or too long")
    numbers, value = [], 0
    for octet in body:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(each) for each in (first, numbers[0] - 40 * first, *numbers[1:]))


def _base128(value: int) -> bytes:
    """Return a number in groups of seven bits, all but the last marked."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))

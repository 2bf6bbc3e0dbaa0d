# SPDX-License-Identifier: EUPL-1.2
"""ZIP files from strangers, read strictly (APPNOTE 6.3, ISO/IEC 21320-1): one meaning or none.

Every byte belongs to one entry or to the directory, and what the directory says of an entry is what stands
before its data; so two readers cannot see two different files. Nothing is ever written to a disk.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from flagstone.kernel.errors import Fault, Kind


class ZipRefused(Fault):
    """A ZIP file is damaged, ambiguous, out of bounds, or holds what is never read here."""

    code = "crypto.zip-refused"
    kind = Kind.INVALID
    title = "The ZIP file is not accepted"
    remedy = (
        "Fetch the file again; if it stays, its maker wrote it in a way that readers can understand apart."
    )


@dataclass(frozen=True)
class ZipBounds:
    """How large a ZIP file may be: its own bytes, entries, bytes of one entry and of all, expanded.

    An entry of more than `free_bytes` must not expand more than `ratio_max` times.
    """

    bytes_max: int = 1 << 27
    entries_max: int = 1_100
    entry_bytes_max: int = 1 << 26
    total_bytes_max: int = 1 << 27
    ratio_max: int = 200
    free_bytes: int = 1 << 24


CONTAINER = ZipBounds()
ARCHIVE = ZipBounds(bytes_max=1 << 30, entries_max=200_000, total_bytes_max=1 << 31)

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR = struct.Struct("<3L")
_STORED, _DEFLATED = 0, 8
_DESCRIBED, _UTF8 = 1 << 3, 1 << 11
_FLAGS_READ = _DESCRIBED | _UTF8 | 0b110  # bits 1 and 2 say how hard the writer tried
_EXTRAS_REFUSED = {0x0001: "ZIP64", 0x7075: "a second name", 0x6375: "a second comment", 0x9901: "encryption"}
_NAMES_KEPT = 1024  # the names of containers are always the same ten
_NAME = re.compile(r"[^\\\x00-\x1f\x7f]{1,512}")
_DRIVE = re.compile(r"[A-Za-z]:")


class Entry(NamedTuple):
    """One entry as the directory describes it; `offset` is where its own header starts."""

    name: str
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    offset: int
    raw_name: bytes


class ZipFile:
    """A ZIP file whose directory was checked; entries are expanded one at a time, when asked for."""

    def __init__(self, data: bytes | memoryview, bounds: ZipBounds = CONTAINER) -> None:
        """Check the whole structure of `data`; ZipRefused says what is wrong with it."""
        if len(data) > bounds.bytes_max:
            raise ZipRefused(f"{len(data)} bytes; at most {bounds.bytes_max} are read")
        self._data = memoryview(data)
        try:
            count, start, end, self.comment = _end(self._data)
            found = _directory(self._data, count, (start, end), bounds)
            self._starts = _bodies(self._data, found, start)
        except struct.error:
            raise ZipRefused("the file is cut short") from None
        self._entries = {each.name: each for each in found if not each.name.endswith("/")}

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the files in it, in the order of the directory."""
        return tuple(self._entries)

    @property
    def stored(self) -> frozenset[str]:
        """Return the names of the files that are not compressed."""
        return frozenset(each.name for each in self._entries.values() if each.method == _STORED)

    def size(self, name: str) -> int:
        """Return how many bytes the file `name` has, expanded; KeyError."""
        return self._entries[name].size

    def read(self, name: str) -> bytes:
        """Return the bytes of the file `name`; KeyError, or ZipRefused where they are damaged."""
        entry = self._entries[name]
        start = self._starts[entry.offset]
        packed = self._data[start : start + entry.packed]
        content = bytes(packed) if entry.method == _STORED else _expanded(packed, entry)
        if len(content) != entry.size or zlib.crc32(content) != entry.crc:
            raise ZipRefused(f"{entry.name[:80]} is damaged: its length or checksum differs")
        return content

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield each file's name and bytes, in order; ZipRefused as `read`."""
        return ((name, self.read(name)) for name in self._entries)


def _end(data: memoryview) -> tuple[int, int, int, bytes]:
    """Return the count of entries, start and end of the directory, and the comment (4.3.16)."""
    from_place = max(0, len(data) - _END.size - 0xFFFF)
    tail = bytes(data[from_place:])
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise ZipRefused("there is no directory at its end")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(tail, place)
    end = from_place + place
    if end + _END.size + comment != len(data):
        raise ZipRefused("something stands after its end")
    if disk or first_disk or here != count or 0xFFFF in (here, count) or 0xFFFFFFFF in (size, start):
        raise ZipRefused("it is one of several parts, or larger than a plain ZIP file can be")
    if start + size != end:
        raise ZipRefused("something stands before its start or after its directory")
    return count, start, end, tail[place + _END.size :]


def _directory(data: memoryview, count: int, span: tuple[int, int], bounds: ZipBounds) -> list[Entry]:
    if count > bounds.entries_max:
        raise ZipRefused(f"{count} entries; at most {bounds.entries_max} are read")
    position, end = span
    found: list[Entry] = []
    seen: set[str] = set()
    total = 0
    for _ in range(count):
        entry, position = _central(data, position)
        _check_size(entry, bounds)
        folded = _folded(entry.name)
        total += entry.size
        if folded in seen or total > bounds.total_bytes_max:
            raise ZipRefused(f"{entry.name[:80]} stands twice, or all together expand too far")
        seen.add(folded)
        found.append(entry)
    if position != end:
        raise ZipRefused("its directory is not as long as it says")
    return found


@lru_cache(maxsize=_NAMES_KEPT)
def _folded(name: str) -> str:
    """Return `name` as file systems that fold case and compose letters see it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).rstrip("/")


def _central(data: memoryview, position: int) -> tuple[Entry, int]:
    """Return the entry that the directory describes at `position`, and where the next one is (4.3.12)."""
    values = _CENTRAL.unpack_from(data, position)
    signature, made_by, _, flags, method, _, _, crc, packed, size = values[:10]
    name_size, extra_size, comment_size, disk, _, mode, offset = values[10:]
    if signature != b"PK\x01\x02" or disk:
        raise ZipRefused("its directory is damaged")
    start = position + _CENTRAL.size
    raw_name = bytes(data[start : start + name_size])
    extra = bytes(data[start + name_size : start + name_size + extra_size])
    after = start + name_size + extra_size + comment_size
    if after > len(data):
        raise ZipRefused("its directory is cut short")
    entry = Entry(_name(raw_name, flags & _UTF8), method, flags, crc, packed, size, offset, raw_name)
    if flags & ~_FLAGS_READ or method not in (_STORED, _DEFLATED):
        raise ZipRefused(f"{entry.name[:80]} is encrypted, or packed in a way that is not read")
    if made_by >> 8 == 3 and stat.S_IFMT(mode >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ZipRefused(f"{entry.name[:80]} is a link or a device")
    if extra:
        _check_extra(extra)
    return entry, after


@lru_cache(maxsize=_NAMES_KEPT)
def _name(raw: bytes, utf8: int) -> str:
    """Return an entry's name: a relative path of plain parts, ASCII unless it says UTF-8."""
    try:
        name = raw.decode("utf-8" if utf8 else "ascii")
    except UnicodeDecodeError:
        raise ZipRefused("a name is neither ASCII nor UTF-8") from None
    parts = name.removesuffix("/").split("/")
    if not _NAME.fullmatch(name) or _DRIVE.match(name) or any(each in ("", ".", "..") for each in parts):
        raise ZipRefused(f"{name[:80]!r} is not a plain relative name")
    return name


def _check_size(entry: Entry, bounds: ZipBounds) -> None:
    directory = entry.name.endswith("/")
    if 0xFFFFFFFF in (entry.packed, entry.size, entry.offset) or (directory and entry.size):
        raise ZipRefused(f"{entry.name[:80]} has a size that it cannot have")
    if entry.method == _STORED and entry.packed != entry.size:
        raise ZipRefused(f"{entry.name[:80]} is not packed, but has two sizes")
    if entry.size > bounds.entry_bytes_max:
        raise ZipRefused(
            f"{entry.name[:80]} expands to {entry.size} bytes; {bounds.entry_bytes_max} are read"
        )
    if entry.size > max(bounds.free_bytes, entry.packed * bounds.ratio_max):
        raise ZipRefused(f"{entry.name[:80]} expands more than {bounds.ratio_max} times")


def _check_extra(extra: bytes) -> None:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, position)
        if kind in _EXTRAS_REFUSED:
            raise ZipRefused(f"it uses {_EXTRAS_REFUSED[kind]}, which is not read")
        position += 4 + size


def _bodies(data: memoryview, found: list[Entry], directory: int) -> dict[int, int]:
    """Return where each entry's data starts; the entries must fill the file up to its directory."""
    starts: dict[int, int] = {}
    position = 0
    for entry in sorted(found, key=lambda each: each.offset):
        if entry.offset != position:
            raise ZipRefused(f"{entry.name[:80]} overlaps another entry, or something stands before it")
        start = _local(data, entry)
        starts[entry.offset] = start
        position = start + entry.packed
        if entry.flags & _DESCRIBED:
            position = _descriptor(data, entry, position)
    if position != directory:
        raise ZipRefused("something stands between its entries and its directory")
    return starts


def _local(data: memoryview, entry: Entry) -> int:
    """Return where the data starts; the entry's own header must agree with the directory (4.3.7)."""
    values = _LOCAL.unpack_from(data, entry.offset)
    name_size, extra_size = int(values[9]), int(values[10])
    start = entry.offset + _LOCAL.size
    name, said = data[start : start + name_size], values[6:9]
    if values[0] != b"PK\x03\x04" or values[2:4] != (entry.flags, entry.method) or name != entry.raw_name:
        raise ZipRefused(f"{entry.name[:80]} is described in two ways")
    open_ended = entry.flags & _DESCRIBED and said == (0, 0, 0)
    if said != (entry.crc, entry.packed, entry.size) and not open_ended:
        raise ZipRefused(f"{entry.name[:80]} has two sizes or checksums")
    if extra_size:
        _check_extra(bytes(data[start + name_size : start + name_size + extra_size]))
    return start + name_size + extra_size


def _descriptor(data: memoryview, entry: Entry, position: int) -> int:
    """Return where the data descriptor ends (4.3.9); it must agree with the directory."""
    if bytes(data[position : position + 4]) == b"PK\x07\x08":
        position += 4
    if _DESCRIPTOR.unpack_from(data, position) != (entry.crc, entry.packed, entry.size):
        raise ZipRefused(f"{entry.name[:80]} has two sizes or checksums")
    return position + _DESCRIPTOR.size


def _expanded(packed: memoryview, entry: Entry) -> bytes:
    """Return the inflated bytes, never more than one over what the directory says."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, entry.size + 1)
    except zlib.error:
        raise ZipRefused(f"{entry.name[:80]} is damaged: it cannot be expanded") from None
    if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
        raise ZipRefused(f"{entry.name[:80]} does not end where the directory says")
    return content

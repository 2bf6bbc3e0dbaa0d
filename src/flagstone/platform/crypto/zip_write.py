# SPDX-License-Identifier: EUPL-1.2
"""ZIP files that every reader sees alike (APPNOTE 6.3, ISO/IEC 21320-1): sizes first, no extras."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from flagstone.platform.crypto.zip_read import ARCHIVE, ZipFile, ZipRefused

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION = 20
_WRITTEN = replace(ARCHIVE, free_bytes=ARCHIVE.total_bytes_max)
_FIRST_YEAR, _LAST_YEAR = 1980, 2107


def write_zip(
    files: Mapping[str, bytes], at: datetime, *, comment: bytes = b"", stored: Collection[str] = ()
) -> bytes:
    """Return a ZIP file with `files` in their order, of the time `at`, deflated but for those in `stored`.

    Raises ZipRefused for what `ZipFile` would not read: names that are not plain, or too much.
    """
    bodies: list[bytes] = []
    directory: list[bytes] = []
    stamp = _time(at)
    offset = 0
    for name, content in files.items():
        raw = name.encode()
        method, packed = (0, content) if name in stored else (8, _deflated(content))
        flags = 0 if raw.isascii() else 1 << 11
        shape = (_VERSION, flags, method, *stamp, zlib.crc32(content), len(packed), len(content), len(raw), 0)
        try:
            body = _LOCAL.pack(b"PK\x03\x04", *shape) + raw + packed
            directory.append(_CENTRAL.pack(b"PK\x01\x02", _VERSION, *shape, 0, 0, 0, 0, offset) + raw)
        except struct.error:
            raise ZipRefused("a name or a file is too long for a plain ZIP file") from None
        bodies.append(body)
        offset += len(body)
    made = b"".join((*bodies, *directory, _end(directory, offset, comment)))
    ZipFile(made, _WRITTEN)
    return made


def _end(directory: list[bytes], offset: int, comment: bytes) -> bytes:
    count, size = len(directory), sum(map(len, directory))
    try:
        return _END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, len(comment)) + comment
    except struct.error:
        raise ZipRefused("too much for a plain ZIP file") from None


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _time(at: datetime) -> tuple[int, int]:
    """Return the MS-DOS time and date of `at` in UTC (4.4.6), which has steps of two seconds."""
    moment = at.astimezone(UTC)
    year = min(max(moment.year, _FIRST_YEAR), _LAST_YEAR) - _FIRST_YEAR
    return (
        moment.hour << 11 | moment.minute << 5 | moment.second // 2,
        year << 9 | moment.month << 5 | moment.day,
    )

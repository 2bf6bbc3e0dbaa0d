# SPDX-License-Identifier: EUPL-1.2
"""Received bytes, taken out as heads and parts of bodies (RFC 9112 6, 7.1), however the bytes were cut.

No input or output happens here.
"""

from __future__ import annotations

import re

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.heads import CHUNKED, UNTIL_CLOSE, Malformed, refuse_start
from flagstone.platform.http.wire.messages import PART_BYTES_MAX

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(;[\t\x20-\x7e\x80-\xff]*)?")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")
_SIZE_DIGITS_MAX = 15
_EXTENSIONS_MAX = 64  # times the bound of one chunk's extension, in a whole body
_SMALL_CHUNKS_MAX = 4096  # of fewer than _CHUNK_BYTES_MEAN_MIN bytes in the mean
_CHUNK_BYTES_MEAN_MIN = 32

_SIZE, _DATA, _DATA_END, _TRAILERS, _DONE = range(5)


class Inbox:
    """The bytes of one direction of one connection.

    Call `feed`, then `take_head` until it gives one, `start_body` with what the head says, `take_part` until
    `body_done`, and from the beginning. All but `feed` raise `Malformed`; nothing can be taken after that.
    """

    __slots__ = (
        "_at",
        "_bounds",
        "_checked",
        "_chunks",
        "_data",
        "_extension_bytes",
        "_left",
        "_left_of_chunk",
        "_phase",
        "_skipped",
        "_total",
        "_trailer_bytes",
        "body_done",
    )

    def __init__(self, bounds: WireBounds) -> None:
        self._bounds = bounds
        self._data: bytes | bytearray = b""
        self._at = 0  # what was taken already
        self._checked = 0  # of an incomplete head, without breach
        self._skipped = False
        self._left = self._left_of_chunk = 0
        self._phase = _DONE
        self._chunks = self._total = self._extension_bytes = self._trailer_bytes = 0
        self.body_done = True

    @property
    def waiting(self) -> int:
        """Bytes received and not taken."""
        return len(self._data) - self._at

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        if self._at == len(self._data):
            self._data, self._at = data, 0
            return
        if not isinstance(self._data, bytearray):
            self._data = bytearray(self._data)
        del self._data[: self._at]
        self._at = 0
        self._data += data

    def drop(self) -> int:
        """Throw away what is here; return how many bytes that were."""
        dropped = self.waiting
        self._data, self._at = b"", 0
        return dropped

    def take_head(self) -> bytes | None:
        """Return a whole head with its empty line, None when more bytes are needed.

        One empty line before it is skipped (RFC 9112 2.2).
        """
        data, at = self._data, self._at
        if not self._skipped and data.startswith(b"\r\n", at):
            self._skipped = True
            self._at = at = at + 2
            self._checked = 0
        end = data.find(b"\r\n\r\n", at + max(0, self._checked - 3))
        if end < 0 or end + 4 - at > self._bounds.headers_bytes_max:
            start = data if at == 0 else data[at:]
            refuse_start(start, self._bounds, checked=self._checked)
            self._checked = len(start)
            return None
        self._at = end + 4
        self._checked = 0
        self._skipped = False
        return bytes(data[at : end + 4])

    def take_whole(self, length: int) -> bytes | None:
        """Return a body of `length` bytes when all of it is here and no more than one part."""
        if length > PART_BYTES_MAX or length > len(self._data) - self._at:
            return None
        return self._take(length)

    def start_body(self, framing: int) -> None:
        """Take the next bytes as a body; `framing` is a length, `CHUNKED` or `UNTIL_CLOSE`."""
        self._left = framing
        self.body_done = framing == 0
        if framing == CHUNKED:
            self._phase = _SIZE
            self._chunks = self._extension_bytes = self._trailer_bytes = 0
        self._total = 0

    def take_part(self) -> bytes:
        """Return the next bytes of the body, at most `PART_BYTES_MAX`; none when more must come."""
        if self.body_done:
            return b""
        if self._left == CHUNKED:
            return self._take_chunked()
        part = self._take(
            min(self.waiting, PART_BYTES_MAX, self._left if self._left >= 0 else PART_BYTES_MAX)
        )
        if self._left == UNTIL_CLOSE:
            self._count(len(part))
        else:
            self._left -= len(part)
            self.body_done = self._left == 0
        return part

    def end(self) -> bool:
        """Say that no more bytes come; True when that is where the body ends."""
        if not self.body_done and self._left == UNTIL_CLOSE and not self.waiting:
            self.body_done = True
        return self.body_done

    def _take(self, size: int) -> bytes:
        data, at = self._data, self._at
        self._at = at + size
        if at == 0 and size == len(data) and isinstance(data, bytes):
            return data
        return bytes(data[at : at + size])

    def _count(self, size: int) -> None:
        self._total += size
        most = self._bounds.body_bytes_max
        if most is not None and self._total > most:
            raise Malformed(413, f"The body is larger than {most} bytes.")

    def _take_chunked(self) -> bytes:
        """Gather what is there of small chunks to one part."""
        parts: list[bytes] = []
        size = 0
        while size < PART_BYTES_MAX and not self.body_done:
            if self._phase == _DATA:
                part = self._take(min(self.waiting, self._left_of_chunk, PART_BYTES_MAX - size))
                if not part:
                    break
                parts.append(part)
                size += len(part)
                self._left_of_chunk -= len(part)
                if self._left_of_chunk == 0:
                    self._phase = _DATA_END
            elif not self._take_line():
                break
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _take_line(self) -> bool:
        """Take what is between the data of chunks; False when more bytes are needed."""
        most = (
            self._bounds.trailer_bytes_max
            if self._phase == _TRAILERS
            else 0
            if self._phase == _DATA_END
            else self._bounds.chunk_extension_bytes_max + _SIZE_DIGITS_MAX
        )
        end = self._data.find(b"\r\n", self._at, self._at + most + 2)
        if end < 0:
            if self.waiting >= most + 2:
                raise Malformed(400, "A line of the chunked body is too long or not where it should be.")
            return False
        line = bytes(self._data[self._at : end])
        self._at = end + 2
        self._read_line(line)
        return True

    def _read_line(self, line: bytes) -> None:
        if self._phase == _SIZE:
            self._read_size(line)
        elif self._phase == _DATA_END:
            self._phase = _SIZE
        elif not line:
            self._phase = _DONE
            self.body_done = True
        else:
            self._trailer_bytes += len(line)
            if not _TRAILER.fullmatch(line) or self._trailer_bytes > self._bounds.trailer_bytes_max:
                raise Malformed(400, "A trailer is malformed or too long.")

    def _read_size(self, line: bytes) -> None:
        found = _SIZE_LINE.fullmatch(line)
        if found is None:
            raise Malformed(400, "The size of a chunk is malformed.")
        size = int(found[1], 16)
        self._extension_bytes += len(found[2] or b"")
        self._chunks += 1
        if self._extension_bytes > _EXTENSIONS_MAX * self._bounds.chunk_extension_bytes_max:
            raise Malformed(400, "The chunks' extensions are too long.")
        self._count(size)
        if self._chunks > _SMALL_CHUNKS_MAX and self._total < self._chunks * _CHUNK_BYTES_MEAN_MIN:
            raise Malformed(400, "The chunks are too small.")
        self._phase = _DATA if size else _TRAILERS
        self._left_of_chunk = size

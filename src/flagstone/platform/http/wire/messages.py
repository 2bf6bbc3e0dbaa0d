# SPDX-License-Identifier: EUPL-1.2
"""Requests and answers as values: heads as they were received, bodies as streams of parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple, Self

from flagstone.platform.http.wire.faults import BodyBroken, BodyOversize

PART_BYTES_MAX = 64 * 1024

Headers = tuple[tuple[bytes, bytes], ...]
"""Name and value of each header as received: order, case and repetitions kept, space around values cut."""


class RequestHead(NamedTuple):
    """First line and headers of a request.

    `target` is origin-form, percent-encoded as received (RFC 9112 3.2.1).
    """

    method: bytes
    target: bytes
    headers: Headers


class ResponseHead(NamedTuple):
    """First line and headers of a response; `reason` may be empty."""

    status: int
    reason: bytes
    headers: Headers


class Body:
    """An asynchronous iterator of non-empty parts of at most `PART_BYTES_MAX` bytes, flow controlled.

    `length` is what the head declared in bytes, None when it did not; for the answer to HEAD and for 304 it
    is the declared length although no part comes. Reading raises `BodyBroken` when the body was cut, came
    too slowly or grew too large. Who does not read a body to its end calls `abandon`.
    """

    __slots__ = ("length",)

    def __init__(self, length: int | None) -> None:
        self.length = length

    def __aiter__(self) -> Self:
        """Return itself: a body is read once."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next part; raises `BodyBroken`, StopAsyncIteration at the end."""
        raise StopAsyncIteration

    def at_hand(self) -> bytes | None:
        """Take and return all that is left when it is here already, without waiting; None when it is not."""
        return None

    def replay(self) -> Body | None:
        """Return the same body from its beginning when that can be had, else None."""
        return None

    def abandon(self) -> None:
        """Say that nobody reads on; what still comes is swallowed or its connection closed."""

    async def read(self, limit: int) -> bytes:
        """Return all that is left; raises `BodyBroken`, `BodyOversize` above `limit` bytes."""
        whole = self.at_hand()
        if whole is not None:
            if len(whole) > limit:
                raise BodyOversize(f"At most {limit} bytes are taken.")
            return whole
        parts: list[bytes] = []
        size = 0
        async for part in self:
            size += len(part)
            if size > limit:
                self.abandon()
                raise BodyOversize(f"At most {limit} bytes are taken.")
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def discard(self, limit: int) -> bool:
        """Swallow what is left; False and the body abandoned when it is broken or above `limit` bytes."""
        size = 0
        try:
            async for part in self:
                size += len(part)
                if size > limit:
                    self.abandon()
                    return False
        except BodyBroken:
            return False
        return True


class HeldBody(Body):
    """A body that is all in memory."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self.length = len(data)
        self._data = data
        self._at = 0

    async def __anext__(self) -> bytes:
        """Return the next part of at most `PART_BYTES_MAX` bytes."""
        part = self._data[self._at : self._at + PART_BYTES_MAX]
        if not part:
            raise StopAsyncIteration
        self._at += len(part)
        return part

    def at_hand(self) -> bytes:
        """Take and return all that is left."""
        left = self._data[self._at :] if self._at else self._data
        self._at = len(self._data)
        return left

    def replay(self) -> Body:
        """Return the whole body anew."""
        return HeldBody(self._data)


class IteratedBody(Body):
    """A body made of the parts of an iterator, cut to `PART_BYTES_MAX`."""

    __slots__ = ("_parts", "_rest", "_source")

    def __init__(self, parts: AsyncIterator[bytes], length: int | None, source: Body | None) -> None:
        super().__init__(length)
        self._parts = parts
        self._source = source
        self._rest: memoryview[int] = memoryview(b"")

    async def __anext__(self) -> bytes:
        """Return the next part; what the iterator raises passes through."""
        while not self._rest:
            part = await anext(self._parts)
            if 0 < len(part) <= PART_BYTES_MAX:
                return part
            self._rest = memoryview(part)
        part, self._rest = bytes(self._rest[:PART_BYTES_MAX]), self._rest[PART_BYTES_MAX:]
        return part

    def abandon(self) -> None:
        """Abandon the body that the parts are made of."""
        if self._source is not None:
            self._source.abandon()


def body_of(data: bytes) -> Body:
    """Return a body with these bytes; it can be replayed."""
    return HeldBody(data)


def body_from(parts: AsyncIterator[bytes], length: int | None, *, source: Body | None = None) -> Body:
    """Return a body made of `parts`, for example of an asynchronous generator around the body `source`.

    `length` is declared to the receiver; a stream of another length is cut off there. None sends chunks.
    `source` is abandoned when this body is.
    """
    return IteratedBody(parts, length, source)


class Incoming(NamedTuple):
    """One request as a server got it.

    `peer` is the IP address it came from, `certificate` the DER of the TLS client certificate.
    """

    head: RequestHead
    body: Body
    peer: str
    certificate: bytes | None


class Answer(NamedTuple):
    """One response to be sent.

    Bytes and a body with a length get Content-Length, others are chunked. Framing and hop-by-hop headers
    (RFC 9110 7.6.1) are the server's own: those given in `head` are dropped.
    """

    head: ResponseHead
    body: Body | bytes


class Reply(NamedTuple):
    """One response as a client got it; read `body` to its end or abandon it, that frees the connection."""

    head: ResponseHead
    body: Body


Handler = Callable[[Incoming], Awaitable[Answer] | Answer]
"""Answers one request, at once or later; cancelled when the client goes away. What it raises becomes 500."""

Refusal = Callable[[int, str], Answer]
"""Makes the answer to a request that no handler saw: status, and why in one sentence without its data."""

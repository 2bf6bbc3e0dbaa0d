# SPDX-License-Identifier: EUPL-1.2
"""Frames between the site and its workers: four bytes of length, big-endian, and a JSON object in UTF-8."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Mapping
from time import monotonic
from typing import Any

FRAME_BYTES_MAX = 64 * 1024 * 1024
_HEAD_BYTES = 4
_PART_BYTES = 1 << 20


class FrameBroken(Exception):
    """What came is no frame: too long, cut off, or no JSON object."""


class FrameTooLong(Exception):
    """What is to be sent is longer than a frame may be; nothing was sent."""


class Late(Exception):
    """The other side took longer than it may."""


class Channel:
    """Sends frames to one file descriptor and receives them from another, one at a time."""

    def __init__(self, reading: int, writing: int, *, bytes_max: int = FRAME_BYTES_MAX) -> None:
        """Use two descriptors of pipes, blocking or not; they stay the caller's to close."""
        self._reading, self._writing = reading, writing
        self._bytes_max = bytes_max

    def send(self, document: Mapping[str, Any], until: float | None = None) -> None:
        """Send one object; FrameTooLong, Late past `until` (monotonic), OSError when nobody reads.

        ValueError for what JSON cannot say.
        """
        content = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
        if len(content) > self._bytes_max:
            raise FrameTooLong
        left = memoryview(len(content).to_bytes(_HEAD_BYTES, "big") + content)
        while left:
            _await(self._writing, select.POLLOUT, until)
            try:
                left = left[os.write(self._writing, left[:_PART_BYTES]) :]
            except BlockingIOError:
                continue

    def receive(self, until: float | None = None) -> dict[str, Any] | None:
        """Return the next object, None when the other side has closed; FrameBroken, Late past `until`."""
        head = self._read(_HEAD_BYTES, until)
        if not head:
            return None
        length = int.from_bytes(head, "big")
        if len(head) < _HEAD_BYTES or length > self._bytes_max:
            raise FrameBroken
        content = self._read(length, until)
        if len(content) < length:
            raise FrameBroken
        return _object(content)

    def _read(self, count: int, until: float | None) -> bytes:
        """Return `count` bytes, fewer when the other side closed before."""
        found = bytearray()
        while len(found) < count:
            _await(self._reading, select.POLLIN, until)
            try:
                part = os.read(self._reading, min(count - len(found), _PART_BYTES))
            except BlockingIOError:
                continue
            if not part:
                break
            found += part
        return bytes(found)


def _await(descriptor: int, event: int, until: float | None) -> None:
    """Wait until a descriptor is ready, or closed at the other end; Late past `until`."""
    poll = select.poll()
    poll.register(descriptor, event)
    left = None if until is None else max(0.0, until - monotonic())
    if not poll.poll(None if left is None else left * 1000):
        raise Late


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise FrameBroken from None
    if not isinstance(found, dict):
        raise FrameBroken
    return found


def _no_constant(_name: str) -> Any:
    raise ValueError

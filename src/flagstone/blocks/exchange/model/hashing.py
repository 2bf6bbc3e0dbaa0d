# SPDX-License-Identifier: EUPL-1.2
"""The request hash that binds a response to its request (PR-REST 4.3, X-Road-Request-Hash).

It is base64(SHA-512(SHA-512(header block) | SHA-512(body))), and without a body base64(SHA-512(header
block)). A body of no bytes is no body.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha512


class BodyHash:
    """SHA-512 and size in bytes of a body while it passes."""

    __slots__ = ("_digest", "size")

    def __init__(self) -> None:
        self._digest = sha512()
        self.size = 0

    def add(self, part: bytes) -> None:
        """Take the next part."""
        self._digest.update(part)
        self.size += len(part)

    def digest(self) -> bytes | None:
        """Return the 64 bytes of the hash, None when there was no body."""
        return self._digest.digest() if self.size else None

    def text(self) -> str:
        """Return the hash as base64, empty when there was no body."""
        return b64encode(self._digest.digest()).decode() if self.size else ""


def body_hash(body: bytes) -> BodyHash:
    """Return the hash of a body that is all there."""
    hashed = BodyHash()
    if body:
        hashed.add(body)
    return hashed


def request_hash(head: bytes, body: BodyHash | None = None) -> str:
    """Return the value of X-Road-Request-Hash for the header block `head` and the body, as base64."""
    of_head = sha512(head).digest()
    of_body = body.digest() if body else None
    return b64encode(of_head if of_body is None else sha512(of_head + of_body).digest()).decode()

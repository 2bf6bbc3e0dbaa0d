# SPDX-License-Identifier: EUPL-1.2
"""What the message log does not keep in clear: sealed with the site's key, bound to its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from flagstone.platform.crypto import canonical


class Sealer(Protocol):
    """Encrypts and opens bytes; `context` names their place and must be the same both times."""

    def seal(self, context: str, plaintext: bytes) -> bytes:
        """Return `plaintext` encrypted, so that it opens in `context` only."""
        ...

    def open(self, context: str, sealed: bytes) -> bytes:
        """Return what `seal` was given; a Fault when the bytes or the context are others."""
        ...


def sealed(sealer: Sealer, place: tuple[str, str, str], content: Mapping[str, canonical.Canonical]) -> bytes:
    """Return `content` sealed for `place`: table, exchange and side."""
    return sealer.seal("/".join(place), canonical.encode(dict(content)))


def opened(sealer: Sealer, place: tuple[str, str, str], box: bytes) -> Mapping[str, object]:
    """Return what was sealed for `place`."""
    return cast("Mapping[str, object]", canonical.decode(sealer.open("/".join(place), box)))

# SPDX-License-Identifier: EUPL-1.2
"""What the message log does not keep in clear: sealed with the site's key, bound to its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from flagstone.platform.crypto import canonical
from flagstone.platform.crypto.seal import SealBroken

Place = tuple[str, str, str]
"""Table, exchange and side."""

PLACE = "place"


class Sealer(Protocol):
    """Encrypts and opens bytes; `context` names their place and must be the same both times."""

    def seal(self, context: str, plaintext: bytes) -> bytes:
        """Return `plaintext` encrypted, so that it opens in `context` only."""
        ...

    def open(self, context: str, sealed: bytes) -> bytes:
        """Return what `seal` was given; a Fault when the bytes or the context are others."""
        ...


def sealed(sealer: Sealer, place: Place, content: Mapping[str, canonical.Canonical]) -> bytes:
    """Return `content` sealed for `place`: table, exchange and side.

    The place is within the seal; the context is the table alone, so that one key seals the whole of it.
    """
    return sealer.seal(place[0], canonical.encode({**content, PLACE: list(place)}))


def opened(sealer: Sealer, place: Place, box: bytes) -> Mapping[str, object]:
    """Return what was sealed for `place`; SealBroken when it was sealed for another."""
    content = cast("dict[str, object]", canonical.decode(sealer.open(place[0], box)))
    if content.pop(PLACE, None) != list(place):
        raise SealBroken("a record was moved")
    return content

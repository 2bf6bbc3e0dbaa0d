# SPDX-License-Identifier: EUPL-1.2
"""What a block keeps secret at rest, sealed by a key of the site."""

from __future__ import annotations

from flagstone.platform.crypto import seal
from flagstone.platform.crypto.keys import SecretKey


class FieldSealer:
    """Seals texts for a context; keeps the `Sealer` of the registry and of the exchange."""

    def __init__(self, key: SecretKey) -> None:
        """Seal and open with `key`."""
        self._key = key

    def seal(self, context: str, plaintext: bytes) -> bytes:
        """Return `plaintext` sealed for `context`."""
        return seal.seal(self._key, plaintext, [context])

    def open(self, context: str, sealed: bytes) -> bytes:
        """Return what was sealed for `context`."""
        return seal.unseal([self._key], sealed, [context])

# SPDX-License-Identifier: EUPL-1.2
"""A sealer for tests: bytes hidden behind a digest of their context."""

from __future__ import annotations

import hashlib


class ToySealer:
    """Enough to see what is sealed and where it opens; no protection at all."""

    def seal(self, context: str, plaintext: bytes) -> bytes:
        mask = hashlib.sha256(context.encode()).digest()
        return mask[:8] + bytes(byte ^ mask[place % 32] for place, byte in enumerate(plaintext))

    def open(self, context: str, sealed: bytes) -> bytes:
        mask = hashlib.sha256(context.encode()).digest()
        if sealed[:8] != mask[:8]:
            raise ValueError("sealed for another place")
        return bytes(byte ^ mask[place % 32] for place, byte in enumerate(sealed[8:]))

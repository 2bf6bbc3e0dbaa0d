# SPDX-License-Identifier: EUPL-1.2
"""Secret fields: sealed before they reach storage, opened only for those who may read them (DRS-15)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Protocol

from flagstone.blocks.registry.contract.register import Data, Value
from flagstone.blocks.registry.model.lineage import Shape
from flagstone.platform.crypto import canonical

SEALED = "sealed"


class Sealer(Protocol):
    """Encrypts and opens bytes; `context` names their place and must be the same both times."""

    def seal(self, context: str, plaintext: bytes) -> bytes:
        """Return `plaintext` encrypted, so that it opens in `context` only."""
        ...

    def open(self, context: str, sealed: bytes) -> bytes:
        """Return what `seal` was given; a Fault when the bytes or the context are others."""
        ...


class Secrets:
    """Seals and opens the secret fields of records."""

    def __init__(self, sealer: Sealer) -> None:
        """Use `sealer`, which holds the key."""
        self._sealer = sealer

    def seal(self, shape: Shape, record_id: str, data: Data) -> dict[str, Value]:
        """Return the sealed form of each secret value in `data`, by field code."""
        sealed: dict[str, Value] = {}
        for code in shape.secrets & data.keys():
            box = self._sealer.seal(_context(shape, record_id, code), canonical.encode(data[code]))
            sealed[code] = {SEALED: base64.b64encode(box).decode()}
        return sealed

    def opened(self, shape: Shape, record_id: str, data: Data, codes: frozenset[str]) -> dict[str, Value]:
        """Return the part of `data` that is in `codes`, its secret values opened."""
        shown = {code: value for code, value in data.items() if code in codes}
        for code in shape.secrets & shown.keys():
            shown[code] = self._open(_context(shape, record_id, code), shown[code])
        return shown

    def _open(self, context: str, value: Value) -> Value:
        """Return the value within a sealed form."""
        assert isinstance(value, Mapping)
        box = base64.b64decode(str(value[SEALED]))
        return canonical.decode(self._sealer.open(context, box))


def _context(shape: Shape, record_id: str, code: str) -> str:
    """Return the place of a value: register, record and storage key."""
    return f"{shape.definition.code}/{record_id}/{shape.keys[code]}"

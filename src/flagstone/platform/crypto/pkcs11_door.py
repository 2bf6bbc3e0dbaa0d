# SPDX-License-Identifier: EUPL-1.2
"""The way to a hardware security module, whose binding is loaded only where there is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flagstone.kernel.errors import Fault, Kind

if TYPE_CHECKING:
    from flagstone.platform.crypto.pkcs11 import Hsm


class HsmUnusable(Fault):
    """The module, its token or its PIN does not work, or it refuses what it is asked for."""

    code = "crypto.hsm-unusable"
    kind = Kind.UNAVAILABLE
    title = "The hardware security module cannot be used"
    remedy = "Check the path of the module, the token's label, and the file with its PIN."


class HsmKeyMissing(Fault):
    """The token has no such key."""

    code = "crypto.hsm-key-missing"
    kind = Kind.MISSING
    title = "The hardware security module has no such key"
    remedy = "Connect the token that the key was made on, or make a new key."


@dataclass(frozen=True)
class Token:
    """Where a token is: the path of the module, the token's label, and the file (0600) with its PIN."""

    module: Path
    label: str
    pin_file: Path = field(repr=False)


def opened_late(token: Token) -> Hsm:
    """Return the module of a token, of which nothing is opened before its first use."""
    from flagstone.platform.crypto.pkcs11 import Hsm  # noqa: PLC0415 - see above

    return Hsm(token)

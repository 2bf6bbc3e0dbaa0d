# SPDX-License-Identifier: EUPL-1.2
"""Signed heads of the site's journals: made every minute and at each stop, checked by `audit verify`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flagstone.app.folder import Folder
from flagstone.app.keys import signing_key
from flagstone.platform.crypto import jose
from flagstone.platform.crypto.keys import SigningKey, ensure_folder
from flagstone.platform.storage import checkpoint
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.verification import Verdict, verify

TYPE = "flagstone-checkpoint+jwt"


def sign_all(folder: Folder, databases: Mapping[str, Database]) -> None:
    """Sign the head of every journal that grew since its last checkpoint."""
    key = _key(folder)
    ensure_folder(folder.checkpoints)
    for block, database in databases.items():
        checkpoint.append(
            database, _file(folder, block), lambda claims: jose.sign_jwt(key, claims, type=TYPE)
        )


def verify_all(folder: Folder, databases: Mapping[str, Database]) -> list[Verdict]:
    """Verify every journal against its tables and checkpoints."""
    key = _key(folder)

    def check(text: str) -> Mapping[str, object]:
        return jose.verify_signature(text, [key.public], type=TYPE).claims

    return [
        verify(database, checkpoint.anchors(database, _file(folder, block), check))
        for block, database in databases.items()
    ]


def _file(folder: Folder, block: str) -> Path:
    """Return the file of a block's checkpoints."""
    return folder.checkpoints / f"{block}.txt"


def _key(folder: Folder) -> SigningKey:
    """Return the key that signs checkpoints."""
    return signing_key(folder.keys / "checkpoints.pem")

# SPDX-License-Identifier: EUPL-1.2
"""Signed heads of the site's journals: made every minute and at each stop, checked by `audit verify`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import structlog

from flagstone.app.folder import Folder
from flagstone.app.keys import signing_key
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto import jose
from flagstone.platform.crypto.keys import ensure_folder, load_signing_key
from flagstone.platform.storage import checkpoint
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.verification import Verdict, verify

log = structlog.get_logger("flagstone.checkpoints")

TYPE = "flagstone-checkpoint+jwt"


def sign_all(folder: Folder, databases: Mapping[str, Database]) -> None:
    """Sign the head of every journal that grew since its last checkpoint."""
    key = signing_key(_key_file(folder))
    ensure_folder(folder.checkpoints)
    for block, database in databases.items():
        checkpoint.append(
            database, _file(folder, block), lambda claims: jose.sign_jwt(key, claims, type=TYPE)
        )


def sign_at_stop(folder: Folder, databases: Mapping[str, Database]) -> None:
    """Sign as `sign_all` does; a trouble is logged and does not keep the site from stopping."""
    try:
        sign_all(folder, databases)
    except (Fault, OSError) as error:
        log.warning("heads of the journals not signed", error=type(error).__name__)


def verify_all(folder: Folder, databases: Mapping[str, Database]) -> list[Verdict]:
    """Verify every journal against its tables and checkpoints; nothing is written.

    CheckpointUnreadable when there are checkpoints that cannot be trusted, or whose key is gone.
    """

    def check(text: str) -> Mapping[str, object]:
        key = load_signing_key(_key_file(folder))
        return jose.verify_signature(text, [key.public], type=TYPE).claims

    return [
        verify(database, checkpoint.anchors(database, _file(folder, block), check))
        for block, database in databases.items()
    ]


def _file(folder: Folder, block: str) -> Path:
    """Return the file of a block's checkpoints."""
    return folder.checkpoints / f"{block}.txt"


def _key_file(folder: Folder) -> Path:
    """Return the file of the key that signs checkpoints."""
    return folder.keys / "checkpoints.pem"

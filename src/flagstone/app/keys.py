# SPDX-License-Identifier: EUPL-1.2
"""The site's own signing keys, made the first time they are needed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from flagstone.platform.crypto.keys import (
    KeyFileExists,
    KeyKind,
    SigningKey,
    generate_signing_key,
    load_signing_key,
    save_signing_key,
)


def signing_key(file: Path) -> SigningKey:
    """Return the P-256 key kept in `file`; two processes that make it at once end with the same one."""
    if not file.exists():
        with suppress(KeyFileExists):
            save_signing_key(file, generate_signing_key(KeyKind.EC_P256))
    return load_signing_key(file)

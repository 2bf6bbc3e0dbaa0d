# SPDX-License-Identifier: EUPL-1.2
"""ZIP files that are handed out: the containers of a message, and a configuration to verify them by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from flagstone.blocks.exchange.contract.evidence import NamedFile
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.service.globalconf.disk import (
    FILE_BYTES_MAX,
    FILES_MAX,
    INSTANCE_FILE,
    bounded,
)
from flagstone.platform.crypto.zip_write import write_zip

FOLDER = "verificationconf"


def bundled(files: Sequence[NamedFile], message_id: str, at: datetime) -> NamedFile:
    """Return the containers of a message in one ZIP file."""
    return NamedFile(f"{message_id}.zip", write_zip({each.name: each.content for each in files}, at))


def configuration_bundled(folder: Path, at: datetime) -> NamedFile:
    """Return the configuration in `folder` as a ZIP file; ConfigurationMissing where there is none."""
    root = folder.resolve()
    if not (root / INSTANCE_FILE).is_file():
        raise ConfigurationMissing("nothing was fetched yet")
    found = sorted(each for each in root.glob("**/*") if each.is_file())[:FILES_MAX]
    files = {f"{FOLDER}/{each.relative_to(root).as_posix()}": bounded(each, FILE_BYTES_MAX) for each in found}
    return NamedFile(f"{FOLDER}.zip", write_zip(files, at))

# SPDX-License-Identifier: EUPL-1.2
"""Clients that other sites of the same operator leave as files, one for each client, at each start.

It stands in for dynamic registration (RFC 7591) where all sites run under one account of one machine: the
right to register is the right to write into a folder that only that account can enter.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path

import structlog

from flagstone.blocks.identity.contract import Client, ClientInvalid
from flagstone.blocks.identity.model.clients import check_client
from flagstone.blocks.identity.model.metadata import client_of, metadata_of
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.keys import read_private, write_private

CLIENTS_NOTED_MAX = 1_000
"""Clients whose file's state is remembered; with more, all are looked at anew."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
log = structlog.get_logger("flagstone.identity")


def write_registration(folder: Path, client: Client) -> None:
    """Leave `client` in `folder` as `CLIENT_ID.json` (RFC 7591, 2), whole or not at all.

    The folder is made with rights 0700. Raises ClientInvalid, or KeyFileUnusable when others may enter it.
    """
    check_client(client)
    _require_plain(client.id)
    metadata = metadata_of(client)
    if client_of(metadata) != client:
        raise ClientInvalid(
            f"{client.id}: only clients that sign in and prove themselves by a key can be filed"
        )
    text = json.dumps(metadata, ensure_ascii=False, indent=1)
    write_private(folder / f"{client.id}.json", text.encode(), replace=True)


class Filed:
    """The folder of registrations, read again whenever a client's file is another than before."""

    def __init__(self, folder: Path) -> None:
        """Read from `folder`, which need not be there yet."""
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, int, int]] = {}

    def news_of(self, client_id: str) -> Client | None:
        """Return a client whose file is new since the last asking, None otherwise.

        A file that cannot be used is told in the log, once, and changes nothing.
        """
        if not _ID.fullmatch(client_id):
            return None
        path = self._folder / f"{client_id}.json"
        if not self._is_new(client_id, path):
            return None
        try:
            return _read(path, client_id)
        except Fault as fault:
            places = [flaw.pointer for flaw in fault.flaws]
            log.warning("registration by file refused", client=client_id, code=fault.code, places=places)
            return None

    def _is_new(self, client_id: str, path: Path) -> bool:
        """Tell whether the file is there and not the one that was seen; note it as seen."""
        try:
            status = os.lstat(path)
        except OSError:
            return False
        state = (status.st_ino, status.st_mtime_ns, status.st_size)
        with self._lock:
            if self._seen.get(client_id) == state:
                return False
            if len(self._seen) >= CLIENTS_NOTED_MAX:
                self._seen.clear()
            self._seen[client_id] = state
        return True


def _read(path: Path, client_id: str) -> Client:
    """Return the client of a file that is ours alone and named after it; ClientInvalid, KeyFileUnusable."""
    try:
        metadata = json.loads(read_private(path))
    except (ValueError, RecursionError) as error:
        raise ClientInvalid(f"{path.name} is not JSON") from error
    if not isinstance(metadata, Mapping):
        raise ClientInvalid(f"{path.name} is not a JSON object")
    client = client_of(metadata)
    if client.id != client_id:
        raise ClientInvalid(f"{path.name} describes another client")
    check_client(client)
    return client


def _require_plain(client_id: str) -> None:
    if not _ID.fullmatch(client_id):
        raise ClientInvalid(f"{client_id} cannot be the name of a file")

# SPDX-License-Identifier: EUPL-1.2
"""The configuration that messages go by: one immutable `Snapshot`, swapped when anything changes.

Changes of this process take effect when they are committed; those of another process of the site (the
command line) within about a second, by a look at one number.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from flagstone.blocks.exchange.contract.faults import DirectoryUnavailable
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.store import directories, offers
from flagstone.blocks.exchange.store.rows import configuration_number, count_change
from flagstone.kernel.audit import Actor, Reason
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.writing import Writing

log = structlog.get_logger("flagstone.exchange")

WATCH_SECONDS = 1.0


@dataclass(frozen=True)
class Place:
    """Where a server stands: who it is, whether it governs, and addresses of others known better."""

    server: ServerId
    is_centre: bool = False
    peer_addresses: Mapping[ServerId, str] = field(default_factory=dict)


class Configuration:
    """Keeps the snapshot of one server; safe to share between threads."""

    def __init__(self, database: Database, place: Place) -> None:
        """Read from `database`; nothing is read before it is asked for."""
        self.database = database
        self.place = place
        self._snapshot: Snapshot | None = None
        self._number = -1
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def snapshot(self) -> Snapshot:
        """Return what messages go by now; DirectoryUnavailable before there is a directory."""
        found = self._snapshot
        if found is None:
            self.refresh()
            found = self._snapshot
        if found is None:
            raise DirectoryUnavailable
        return found

    def refresh(self) -> None:
        """Take up what is stored, when that has changed."""
        with self._lock, self.database.reading() as view:
            number = configuration_number(view)
            if number != self._number:
                self._snapshot = _snapshot(view, self.place)
                self._number = number

    @contextmanager
    def changing(self, actor: Actor, reason: Reason) -> Iterator[Writing]:
        """Open a change of the configuration; when it is committed, messages go by it."""
        with self.database.writing(actor, reason) as write:
            count_change(write)  # first, so that of two changes at once one waits here
            yield write
        self.refresh()

    def start(self) -> None:
        """Watch for changes by other processes of the site, in a thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._watch, name="exchange-configuration", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        """Look once a second; while the database cannot be read, what was known holds."""
        while not self._stopping.wait(WATCH_SECONDS):
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001 - the watch must go on
                log.warning("configuration cannot be read", error=type(error).__name__)


def _snapshot(view: Reading, place: Place) -> Snapshot | None:
    """Return the snapshot of what is stored; None without a directory."""
    directory = directories.directory(view)
    if directory is None:
        return None
    return Snapshot(
        place.server,
        directory,
        offers.clients(view),
        offers.services(view),
        offers.rights(view),
        offers.groups(view),
        dict(place.peer_addresses),
    )

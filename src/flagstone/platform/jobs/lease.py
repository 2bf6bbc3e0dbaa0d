# SPDX-License-Identifier: EUPL-1.2
"""Leases: a name that one living process holds, given back by the operating system when it dies."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol


class Leases(Protocol):
    """Names held by this process."""

    def take(self, name: str) -> bool:
        """Try to hold `name` without waiting; True when this process holds it."""
        ...

    def give_back(self, name: str) -> None:
        """Let go of `name`; no effect when it is not held."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class NoLeases:
    """Nothing can be held, as before the database of durable work is open."""

    def take(self, name: str) -> bool:
        """Refuse `name`."""
        del name
        return False

    def give_back(self, name: str) -> None:
        """Do nothing, as nothing is held."""

    def close(self) -> None:
        """Do nothing, as nothing is held."""


class FileLeases:
    """Leases beside an embedded database: one locked file a name (flock, gone with the process)."""

    def __init__(self, database: Path) -> None:
        """Keep the lock files beside `database`."""
        self._database = database
        self._held: dict[str, int] = {}

    def take(self, name: str) -> bool:
        """Try to lock the name's file."""
        if name in self._held:
            return True
        handle = os.open(self._path(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._held[name] = handle
        return True

    def give_back(self, name: str) -> None:
        """Unlock the name's file and, for names used once, remove it."""
        handle = self._held.pop(name, None)
        if handle is None:
            return
        if ":" in name:
            self._path(name).unlink(missing_ok=True)
        os.close(handle)

    def close(self) -> None:
        """Let go of everything."""
        for name in list(self._held):
            self.give_back(name)

    def _path(self, name: str) -> Path:
        """Return the lock file of `name`."""
        return self._database.with_name(f"{self._database.name}.{name.replace(':', '-')}.lock")


class AdvisoryLeases:
    """Leases on a PostgreSQL server: advisory locks of one session, gone with its connection."""

    def __init__(self, connect: Callable[[], Any], scope: str) -> None:
        """Take a session in autocommit from `connect`; `scope` keeps sites apart on one server."""
        self._connect = connect
        self._scope = scope
        self._session: Any = None
        self._held: set[str] = set()
        self._turn = threading.Lock()

    def take(self, name: str) -> bool:
        """Try to take the lock; after a lost connection everything is taken anew."""
        with self._turn:
            if self._session is None or not self._alive():
                self._session = self._connect()
                lost, self._held = self._held, set()
                self._held = {held for held in lost if self._lock(held)}
            if name not in self._held and self._lock(name):
                self._held.add(name)
            return name in self._held

    def give_back(self, name: str) -> None:
        """Unlock `name`."""
        with self._turn:
            if name in self._held:
                self._held.discard(name)
                self._ask("pg_advisory_unlock", name)

    def close(self) -> None:
        """End the session."""
        with self._turn:
            self._held.clear()
            if self._session is not None:
                self._session.invalidate()  # not back to the pool: locks end with the session
                self._session.close()
                self._session = None

    def _alive(self) -> bool:
        """Tell whether the session still answers."""
        try:
            self._session.exec_driver_sql("SELECT 1")
        except Exception:  # noqa: BLE001 - any error means that the locks are gone
            self._session.close()
            return False
        return True

    def _lock(self, name: str) -> bool:
        """Try one lock."""
        return bool(self._ask("pg_try_advisory_lock", name))

    def _ask(self, function: str, name: str) -> object:
        """Call a lock function with the name's 64-bit number."""
        digest = sha256(f"flagstone {self._scope} {name}".encode()).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        return self._session.exec_driver_sql(f"SELECT {function}({number})").scalar()

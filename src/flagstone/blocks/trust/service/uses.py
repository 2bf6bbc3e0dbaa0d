# SPDX-License-Identifier: EUPL-1.2
"""Each use of a key is counted: a number of uses is granted on record first, and told on record after.

A signature costs no entry of its own. What a killed process did not tell is written down as lost, with the
most that it can have been, by the next start.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass

from flagstone.blocks.trust.store import queries
from flagstone.blocks.trust.store.tables import key_uses
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.crypto.signing import Algorithm, PrivateKey
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import ChangedMeanwhile
from flagstone.platform.storage.writing import Writing

GRANT = 1_000
COUNTING = Reason("count the uses of a key")
ACTOR = job("trust-keys")


@dataclass
class _Grant:
    """Uses that are granted on record."""

    id: str
    granted: int
    used: int = 0


class Uses:
    """Counts the uses of keys. Safe to share between threads; never call it inside a write."""

    def __init__(self, database: Database, *, grant: int = GRANT) -> None:
        """Count in `database`, `grant` uses at once."""
        self._database, self._size = database, grant
        self._grants: dict[str, _Grant] = {}
        self._lock = threading.Lock()

    def count(self, key_id: str) -> None:
        """Count one use before it is made."""
        with self._lock:
            grant = self._grants.get(key_id)
            if grant is None or grant.used >= grant.granted:
                grant = self._renewed(key_id, grant)
            grant.used += 1

    def tell(self) -> None:
        """Write down what was used up to now; for a schedule, and for the stop of the site."""
        with self._lock:
            told = dict(self._grants)
            if not told:
                return
            with self._database.writing(ACTOR, COUNTING) as write:
                for grant in told.values():
                    _close(write, grant)
            self._grants.clear()

    def settle(self) -> int:
        """Write down as lost what earlier processes did not tell; return how many uses at most.

        For the start of the process that serves the site, before a key is used.
        """
        with self._database.reading() as view:
            left = queries.open_uses(view)
        if not left:
            return 0
        with self._database.writing(ACTOR, COUNTING) as write:
            for row in left:
                changes = {"closed_at": rfc3339(write.at), "used": 0, "lost": row["granted"]}
                write.update(key_uses, {"id": row["id"]}, changes)
        return sum(int(row["granted"]) for row in left)

    def _renewed(self, key_id: str, ended: _Grant | None) -> _Grant:
        """Return a fresh grant; the one that is used up is closed with it."""
        with self._database.writing(ACTOR, COUNTING) as write:
            if ended is not None:
                _close(write, ended)
            fresh = _Grant(str(fresh_uuid(write.at)), self._size)
            row = {"id": fresh.id, "key": key_id, "opened_at": rfc3339(write.at), "granted": fresh.granted}
            write.insert(key_uses, row)
        self._grants[key_id] = fresh
        return fresh


def _close(write: Writing, grant: _Grant) -> None:
    """Close a grant; one that another process took for lost gets its true count."""
    with suppress(ChangedMeanwhile):
        changes = {"closed_at": rfc3339(write.at), "used": grant.used, "lost": 0}
        write.update(key_uses, {"id": grant.id}, changes)


@dataclass(frozen=True)
class CountedKey:
    """Keeps `PrivateKey`: each use is counted before it is made."""

    key_id: str
    key: PrivateKey
    uses: Uses

    @property
    def public_der(self) -> bytes:
        """Return the public key."""
        return self.key.public_der

    @property
    def algorithm(self) -> Algorithm:
        """Return what it signs with by default."""
        return self.key.algorithm

    def sign(self, data: bytes, algorithm: Algorithm | None = None) -> bytes:
        """Count the use, and return the signature."""
        self.uses.count(self.key_id)
        return self.key.sign(data, algorithm)

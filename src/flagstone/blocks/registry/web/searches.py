# SPDX-License-Identifier: EUPL-1.2
"""Searches kept on the server under a chance handle, so that no address carries what was searched for."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from flagstone.blocks.registry.contract.record import Query
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind

SEARCHES_MAX = 2_000
KEPT = timedelta(minutes=30)


class SearchEnded(Fault):
    """A search was made too long ago, or by somebody else."""

    code = "registry.search-ended"
    kind = Kind.MISSING
    title = "This search has ended"
    remedy = "Search again."


@dataclass(frozen=True)
class Search:
    """What was looked for, where, and why."""

    register: str
    query: Query
    reason: Reason


class Searches:
    """At most `SEARCHES_MAX` searches, each for its owner alone and for `KEPT` after it was made."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by `clock`."""
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[datetime, Search]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, owner: str, search: Search) -> str:
        """Keep `search` for `owner` (a session or client) and return its handle."""
        handle = secrets.token_urlsafe(18)
        with self._lock:
            self._kept[owner, handle] = (self._clock.now(), search)
            while len(self._kept) > SEARCHES_MAX:
                self._kept.popitem(last=False)
        return handle

    def find(self, owner: str, handle: str, register: str) -> Search:
        """Return what `owner` kept under `handle` for `register`; SearchEnded when there is none."""
        with self._lock:
            made, search = self._kept.get((owner, handle), (None, None))
        ended = made is None or self._clock.now() - made > KEPT
        if ended or search is None or search.register != register:
            raise SearchEnded
        return search

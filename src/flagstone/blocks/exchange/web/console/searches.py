# SPDX-License-Identifier: EUPL-1.2
"""Searches of the message log kept under a chance handle, so that no address says what was looked for."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from flagstone.blocks.exchange.contract.log import LogQuery
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind

SEARCHES_MAX = 500
KEPT = timedelta(minutes=30)


class SearchEnded(Fault):
    """A search was made too long ago, or by somebody else."""

    code = "exchange.search-ended"
    kind = Kind.MISSING
    title = "This search has ended"
    remedy = "Search again."


class Searches:
    """At most `SEARCHES_MAX` searches, each for its owner alone and for `KEPT` after it was made."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by `clock`."""
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[datetime, LogQuery]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, owner: str, query: LogQuery) -> str:
        """Keep `query` for `owner` and return its handle."""
        handle = secrets.token_urlsafe(18)
        with self._lock:
            self._kept[owner, handle] = (self._clock.now(), query)
            while len(self._kept) > SEARCHES_MAX:
                self._kept.popitem(last=False)
        return handle

    def find(self, owner: str, handle: str) -> LogQuery:
        """Return what `owner` kept under `handle`; SearchEnded when there is nothing any more."""
        with self._lock:
            made, query = self._kept.get((owner, handle), (None, None))
        if made is None or query is None or self._clock.now() - made > KEPT:
            raise SearchEnded
        return query

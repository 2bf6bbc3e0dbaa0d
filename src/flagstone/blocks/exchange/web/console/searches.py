# SPDX-License-Identifier: EUPL-1.2
"""Searches of the message log kept under a chance handle, so that no address says what was looked for."""

from __future__ import annotations

from datetime import timedelta

from flagstone.blocks.exchange.contract.log import LogQuery
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.shelf import Room, Shelf

ROOM = Room(things_max=500, kept=timedelta(minutes=30))


class SearchEnded(Fault):
    """A search was made too long ago, or by somebody else."""

    code = "exchange.search-ended"
    kind = Kind.MISSING
    title = "This search has ended"
    remedy = "Search again."


class Searches(Shelf[LogQuery]):
    """At most `ROOM` searches, each for its owner alone."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by `clock`."""
        super().__init__(clock, ROOM, SearchEnded)

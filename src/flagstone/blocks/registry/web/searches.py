# SPDX-License-Identifier: EUPL-1.2
"""Searches kept on the server under a chance handle, so that no address carries what was searched for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flagstone.blocks.registry.contract.record import Query
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http.shelf import Room, Shelf

ROOM = Room(things_max=2_000, kept=timedelta(minutes=30))


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


class Searches(Shelf[Search]):
    """At most `ROOM` searches, each for its owner alone."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by `clock`."""
        super().__init__(clock, ROOM, SearchEnded)

    def of(self, owner: str, handle: str, register: str) -> Search:
        """Return what `owner` kept under `handle` for `register`; SearchEnded when there is none."""
        search = self.find(owner, handle)
        if search.register != register:
            raise SearchEnded
        return search

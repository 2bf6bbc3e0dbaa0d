# SPDX-License-Identifier: EUPL-1.2
"""What a visitor left with us between two pages, under a chance handle, so that no address carries it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Generic, TypeVar

from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Room:
    """How much a shelf holds and for how long; `bytes_max` bounds the sum of what `size_of` says."""

    things_max: int
    kept: timedelta
    bytes_max: int = 0


class Shelf(Generic[Thing]):
    """Things in memory, each for its owner alone, the oldest going first. Any thread may call.

    `ended` is raised for a handle that is unknown, too old or somebody else's: the three look alike.
    """

    def __init__(
        self,
        clock: Clock,
        room: Room,
        ended: Callable[[], Fault],
        size_of: Callable[[Thing], int] = lambda _: 0,
    ) -> None:
        """Start empty."""
        self._clock = clock
        self._room = room
        self._ended = ended
        self._size_of = size_of
        self._kept: OrderedDict[tuple[str, str], tuple[datetime, Thing]] = OrderedDict()
        self._lock = Lock()

    def keep(self, owner: str, thing: Thing) -> str:
        """Keep `thing` for `owner` (a session or client) and return its handle, 24 characters of a URL."""
        handle = token_urlsafe(18)
        self._put((owner, handle), thing)
        return handle

    def replace(self, owner: str, handle: str, thing: Thing) -> None:
        """Keep `thing` where something else was; the fault of `ended` when nothing is."""
        self.find(owner, handle)
        self._put((owner, handle), thing)

    def find(self, owner: str, handle: str) -> Thing:
        """Return what `owner` keeps under `handle`; the fault of `ended` when there is nothing any more."""
        with self._lock:
            found = self._kept.get((owner, handle))
        return self._fresh(found)

    def take(self, owner: str, handle: str) -> Thing:
        """Return it and forget it; the fault of `ended` when there is nothing any more."""
        with self._lock:
            found = self._kept.pop((owner, handle), None)
        return self._fresh(found)

    def _fresh(self, found: tuple[datetime, Thing] | None) -> Thing:
        if found is None or self._clock.now() - found[0] > self._room.kept:
            raise self._ended()
        return found[1]

    def _put(self, place: tuple[str, str], thing: Thing) -> None:
        with self._lock:
            self._kept[place] = (self._clock.now(), thing)
            self._kept.move_to_end(place)
            while len(self._kept) > 1 and self._is_too_much():
                self._kept.popitem(last=False)

    def _is_too_much(self) -> bool:
        oldest = next(iter(self._kept.values()))[0]
        held = sum(self._size_of(thing) for _, thing in self._kept.values())
        past = self._clock.now() - oldest > self._room.kept
        return past or len(self._kept) > self._room.things_max or held > self._room.bytes_max

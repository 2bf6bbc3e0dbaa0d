# SPDX-License-Identifier: EUPL-1.2
"""How many calculations one caller may ask for: a bucket for each, whatever the address she calls from."""

from __future__ import annotations

from threading import Lock

from flagstone.blocks.rules.contract.faults import QuotaSpent
from flagstone.kernel.audit import Actor
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.quota import Buckets


class Quota:
    """A lasting rate for each caller, of which a minute's worth may come at once; any thread may draw."""

    def __init__(self, per_minute: int) -> None:
        """Allow `per_minute` calculations to each caller."""
        bounds = Bounds(requests_per_second_per_client=per_minute / 60, requests_burst_per_client=per_minute)
        self._buckets = Buckets(bounds)
        self._lock = Lock()

    def draw(self, actor: Actor, count: int = 1) -> None:
        """Count calculations of a caller; QuotaSpent with the seconds until there are more."""
        key = f"{actor.system}\0{actor.id}"
        with self._lock:
            waits = [self._buckets.draw(key) for _ in range(count)]
        if waits and waits[-1] is not None:
            raise QuotaSpent(retry_after_seconds=waits[-1])

# SPDX-License-Identifier: EUPL-1.2
"""How many requests at once, and how many from one client: places with a short queue, and token buckets."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from time import monotonic

from flagstone.platform.http.bounds import Bounds

Networks = tuple[IPv4Network | IPv6Network, ...]


class Places:
    """Places for requests at work; who finds none waits shortly, the newest first.

    The newest is served first because under overload the oldest has most likely been given up
    by its caller: serving it would be wasted work, and the service would not recover.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._waiting: list[asyncio.Future[None]] = []
        self.busy = 0

    async def take(self) -> bool:
        """Take a place, at once or within `queue_seconds_max`; False when there is none."""
        if self.busy < self._bounds.requests_at_once_max:
            self.busy += 1
            return True
        if len(self._waiting) >= self._bounds.queue_max:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._bounds.queue_seconds_max):
                await turn
        except (TimeoutError, asyncio.CancelledError) as stopped:
            return self._leave(turn, stopped)
        return True

    def _leave(self, turn: asyncio.Future[None], stopped: BaseException) -> bool:
        """Stop waiting; a place handed over in the same instant is kept, or given on when cancelled."""
        handed_over = turn.done() and not turn.cancelled()
        if turn in self._waiting:
            self._waiting.remove(turn)
        if isinstance(stopped, asyncio.CancelledError):
            if handed_over:
                self.give_back()
            raise stopped
        return handed_over

    def give_back(self) -> None:
        """Hand the place to the newest who waits, or leave it free."""
        while self._waiting:
            turn = self._waiting.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self.busy -= 1


class Buckets:
    """One token bucket for each client address; the longest unseen are forgotten first."""

    def __init__(self, bounds: Bounds, *, seconds: Callable[[], float] = monotonic) -> None:
        self._rate = bounds.requests_per_second_per_client
        self._burst = float(bounds.requests_burst_per_client)
        self._clients_max = bounds.clients_tracked_max
        self._seconds = seconds
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def draw(self, key: str) -> int | None:
        """Draw one token of `key`: None when there is one, else the whole seconds until there is."""
        now = self._seconds()
        level, since = self._levels.pop(key, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._rate)
        allowed = level >= 1.0
        self._levels[key] = (level - 1.0 if allowed else level, now)
        if len(self._levels) > self._clients_max:
            self._levels.popitem(last=False)
        return None if allowed else max(1, math.ceil((1.0 - level) / self._rate))


def client_key(address: str) -> str:
    """Return what a quota counts: an IPv4 address, an IPv6 network of 64 bits, or the text as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)


def trusted(address: str, proxies: Networks) -> bool:
    """Tell whether `address` is one of our own proxies."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in proxies)


def client_address(peer: str, forwarded_for: str, proxies: Networks) -> str:
    """Return the last address that is not our own proxy, reading `X-Forwarded-For` from the right.

    Without trusted proxies, or when the peer is not one of them, the header means nothing.
    """
    address = peer
    for hop in reversed([part.strip() for part in forwarded_for.split(",")]):
        if not trusted(address, proxies) or not _is_address(hop):
            break
        address = hop
    return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

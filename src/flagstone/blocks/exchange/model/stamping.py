# SPDX-License-Identifier: EUPL-1.2
"""When messages stop for want of time-stamps, and when the next stamps are due (pure rules).

Messages stop at once where no authority is approved, and when requests for time-stamps have failed for
longer than the acceptable failure period. They pass again with the first stamp that is had. A site that
has nothing to stamp does not fail: the period is counted from the first failed request.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from flagstone.blocks.exchange.contract.evidence import (
    StampingDecision,
    StampingPolicy,
    StampingStanding,
    Stop,
)


def decision(policy: StampingPolicy, standing: StampingStanding, now: datetime) -> StampingDecision:
    """Return whether messages pass at `now`, and when they stop if nothing changes."""
    if standing.authorities == 0:
        return StampingDecision(passes=False, why=Stop.NO_AUTHORITY)
    if standing.failing_since is None:
        return StampingDecision(passes=True)
    stops_at = standing.failing_since + timedelta(seconds=policy.failure_seconds_max)
    if now > stops_at:
        return StampingDecision(passes=False, why=Stop.FAILING, stops_at=stops_at)
    return StampingDecision(passes=True, stops_at=stops_at)


def failed(standing: StampingStanding, now: datetime, fault: str) -> StampingStanding:
    """Return how it stands after a request failed with the code `fault`; the first failure counts."""
    return replace(standing, failing_since=standing.failing_since or now, last_fault=fault)


def succeeded(standing: StampingStanding, now: datetime) -> StampingStanding:
    """Return how it stands after stamps were had: the failure is over."""
    return replace(standing, failing_since=None, last_good_at=now, last_fault="")


def in_order(authorities: tuple[str, ...], last_good: str) -> tuple[str, ...]:
    """Return the authorities' addresses in the order in which to ask: who answered last comes first."""
    if last_good not in authorities:
        return authorities
    at = authorities.index(last_good)
    return (last_good, *authorities[:at], *authorities[at + 1 :])

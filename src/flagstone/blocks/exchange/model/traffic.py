# SPDX-License-Identifier: EUPL-1.2
"""How much passed in equal spans of time: counts, failures, and exact quantiles from counted durations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from flagstone.blocks.exchange.contract.log import Side, Traffic
from flagstone.blocks.exchange.model.names import service_named

SPANS_MAX = 500


@dataclass(frozen=True)
class Counted:
    """How often one duration came in one span, for one service and side."""

    span: int
    service: str
    side: str
    milliseconds: int
    count: int
    failed: int


def span_seconds(since: datetime, until: datetime, spans: int) -> int:
    """Return the length of each of `spans` (1 to `SPANS_MAX`) equal spans that cover a time; ValueError."""
    if not 1 <= spans <= SPANS_MAX or not since < until:
        raise ValueError(f"it must be 1 to {SPANS_MAX} spans of a time that does not end before it begins")
    return max(1, -(-int((until - since).total_seconds()) // spans))


def traffic_of(counted: Iterable[Counted], since: datetime, seconds: int) -> Iterator[Traffic]:
    """Yield the traffic of each span, service and side, from counts in that order and by duration."""
    for (span, service, side), group in groupby(counted, key=lambda one: (one.span, one.service, one.side)):
        durations = list(group)
        yield Traffic(
            at=since + timedelta(seconds=span * seconds),
            seconds=seconds,
            service=service_named(service),
            side=Side(side),
            count=sum(each.count for each in durations),
            failed=sum(each.failed for each in durations),
            milliseconds_median=quantile(durations, 50),
            milliseconds_p95=quantile(durations, 95),
        )


def quantile(durations: list[Counted], percent: int) -> int:
    """Return the smallest duration that at least `percent` of all do not exceed (nearest rank)."""
    rank = -(-sum(each.count for each in durations) * percent // 100)
    for each in durations:
        rank -= each.count
        if rank <= 0:
            return each.milliseconds
    return 0

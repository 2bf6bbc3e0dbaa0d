# SPDX-License-Identifier: EUPL-1.2
"""How much passed, how much failed and how long it took: plots over time, and the same as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query as QueryParameter
from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.log import Side, Traffic
from flagstone.blocks.exchange.web.console.asking import LOOK
from flagstone.blocks.exchange.web.console.messages import SIDES
from flagstone.blocks.exchange.web.console.parts import Desk, caller_of
from flagstone.blocks.exchange.web.console.plots import stacked
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.routes import Routes

SPANS = {
    "hour": (_("The last hour"), timedelta(hours=1), 30),
    "day": (_("The last day"), timedelta(days=1), 24),
    "week": (_("The last week"), timedelta(days=7), 28),
}
Chosen = Annotated[str, QueryParameter(max_length=10)]


@dataclass(frozen=True)
class Moment:
    """One span of time: exchanges that passed and that failed, and the slowest service's 95th percentile."""

    at: datetime
    passed: int
    failed: int
    milliseconds_p95: int


@dataclass(frozen=True)
class Line:
    """One service at one side over the whole time; times are those of its slowest span."""

    service: ServiceId
    side: Side
    count: int
    failed: int
    milliseconds_median: int
    milliseconds_p95: int


class TrafficPages:
    """The page at `/desk/exchange/traffic`."""

    def __init__(self, desk: Desk) -> None:
        """Show the traffic of `desk`."""
        self._desk = desk

    def declare(self, routes: Routes) -> None:
        """Add the page to `routes`."""
        routes.get("/traffic", access=LOOK)(self.traffic)

    def traffic(self, request: Request, span: Chosen = "day") -> Response:
        """Show how much passed in the span of time that was chosen."""
        chosen = span if span in SPANS else "day"
        _words, length, count = SPANS[chosen]
        until = self._desk.clock.now()
        found = self._desk.exchange.traffic(caller_of(request), until - length, until, count)
        moments = over_time(found, until - length, length / count, count)
        return self._desk.show(
            request,
            "traffic",
            spans=SPANS,
            chosen=chosen,
            moments=moments,
            amounts=stacked(
                [each.passed for each in moments], [each.failed for each in moments], ("passed", "failed")
            ),
            times=stacked([each.milliseconds_p95 for each in moments], [0] * len(moments), ("time", "")),
            lines=by_service(found),
            sides=SIDES,
            total=sum(each.count for each in found),
            failed=sum(each.failed for each in found),
        )


def over_time(found: Iterable[Traffic], since: datetime, span: timedelta, count: int) -> list[Moment]:
    """Return `count` equal spans from `since` on, those without traffic too."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in found:
        place = min(max(int((each.at - since) / span), 0), count - 1)
        here = sums[place]
        here[0] += each.count - each.failed
        here[1] += each.failed
        here[2] = max(here[2], each.milliseconds_p95)
    return [Moment(since + span * place, *sums[place]) for place in range(count)]


def by_service(found: Iterable[Traffic]) -> list[Line]:
    """Return a line for each service and side, the busiest first."""
    lines: dict[tuple[ServiceId, Side], Line] = {}
    for each in found:
        before = lines.get((each.service, each.side)) or Line(each.service, each.side, 0, 0, 0, 0)
        lines[each.service, each.side] = Line(
            each.service,
            each.side,
            before.count + each.count,
            before.failed + each.failed,
            max(before.milliseconds_median, each.milliseconds_median),
            max(before.milliseconds_p95, each.milliseconds_p95),
        )
    return sorted(lines.values(), key=lambda line: (-line.count, line.service, line.side.value))

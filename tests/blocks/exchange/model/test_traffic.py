# SPDX-License-Identifier: EUPL-1.2
"""Traffic in equal spans: counts, failures, and quantiles that are those of the durations themselves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.model.traffic import Counted, quantile, span_seconds, traffic_of

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
SERVICE = "XA/GOV/1/registry/x"


@pytest.mark.parametrize(
    ("hours", "spans", "seconds"), [(1, 60, 60), (1, 7, 515), (24, 500, 173), (0.001, 500, 1)]
)
def test_spans_cover_the_time(hours: float, spans: int, seconds: int) -> None:
    assert span_seconds(AT, AT + timedelta(hours=hours), spans) == seconds
    assert seconds * spans >= int(hours * 3_600)


@pytest.mark.parametrize(("hours", "spans"), [(0, 1), (-1, 1), (1, 0), (1, 501)])
def test_what_is_no_span_is_refused(hours: int, spans: int) -> None:
    with pytest.raises(ValueError, match="spans"):
        span_seconds(AT, AT + timedelta(hours=hours), spans)


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([1, 50, 95, 100]))
def test_quantiles_are_those_of_the_durations(durations: list[int], percent: int) -> None:
    counted = [Counted(0, SERVICE, "provider", ms, n, 0) for ms, n in sorted(Counter(durations).items())]
    rank = -(-len(durations) * percent // 100)
    assert quantile(counted, percent) == sorted(durations)[rank - 1]


def test_each_span_service_and_side_is_one_line() -> None:
    counted = [
        Counted(0, SERVICE, "consumer", 5, 2, 0),
        Counted(0, SERVICE, "provider", 5, 1, 1),
        Counted(0, SERVICE, "provider", 9, 3, 0),
        Counted(2, SERVICE, "provider", 1, 1, 0),
    ]
    found = list(traffic_of(counted, AT, 60))
    assert [(each.at - AT, each.side.value, each.count, each.failed) for each in found] == [
        (timedelta(0), "consumer", 2, 0),
        (timedelta(0), "provider", 4, 1),
        (timedelta(seconds=120), "provider", 1, 0),
    ]
    assert (found[1].milliseconds_median, found[1].milliseconds_p95) == (9, 9)

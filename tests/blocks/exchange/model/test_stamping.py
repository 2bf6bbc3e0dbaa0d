# SPDX-License-Identifier: EUPL-1.2
"""When messages stop for want of time-stamps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.evidence import StampingPolicy, StampingStanding, Stop
from flagstone.blocks.exchange.model.stamping import decision, failed, in_order, succeeded

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
POLICY = StampingPolicy(failure_seconds_max=3_600)
WELL = StampingStanding(authorities=2)


def test_without_an_approved_authority_nothing_passes() -> None:
    assert decision(POLICY, StampingStanding(authorities=0), NOW).why is Stop.NO_AUTHORITY


@pytest.mark.parametrize(
    ("seconds", "passes"), [(0, True), (3_599, True), (3_600, True), (3_601, False), (90_000, False)]
)
def test_messages_stop_after_the_acceptable_period(*, seconds: int, passes: bool) -> None:
    standing = failed(WELL, NOW, "exchange.time-stamp-refused")
    found = decision(POLICY, standing, NOW + timedelta(seconds=seconds))
    assert found.passes is passes
    assert found.stops_at == NOW + timedelta(seconds=3_600)
    assert found.why is (None if passes else Stop.FAILING)


def test_the_first_failure_counts_and_a_success_ends_it() -> None:
    later = NOW + timedelta(hours=5)
    standing = failed(failed(WELL, NOW, "a"), later, "b")
    assert (standing.failing_since, standing.last_fault) == (NOW, "b")
    again = succeeded(standing, later)
    assert decision(POLICY, again, later + timedelta(days=9)).passes
    assert (again.failing_since, again.last_good_at, again.last_fault) == (None, later, "")


def test_a_site_that_stamps_nothing_for_days_does_not_fail() -> None:
    assert decision(POLICY, succeeded(WELL, NOW), NOW + timedelta(days=30)).passes


@given(st.lists(st.booleans(), max_size=20), st.integers(0, 20_000))
def test_only_failures_in_a_row_longer_than_the_period_stop(results: list[bool], step: int) -> None:
    standing, now, since = WELL, NOW, None
    for good in results:
        now += timedelta(seconds=step)
        standing = succeeded(standing, now) if good else failed(standing, now, "x")
        since = None if good else since or now
        stopped = since is not None and now - since > timedelta(seconds=3_600)
        assert decision(POLICY, standing, now).passes is not stopped


def test_who_answered_last_is_asked_first() -> None:
    assert in_order(("a", "b", "c"), "b") == ("b", "a", "c")
    assert in_order(("a", "b"), "gone") == ("a", "b")

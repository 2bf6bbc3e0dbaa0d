# SPDX-License-Identifier: EUPL-1.2
"""Back-off and progress, computed without a clock of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flagstone.platform.jobs.work import ONCE, Backoff, Progress, State

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_pauses_double_up_to_the_limit_and_end() -> None:
    backoff = Backoff(attempts=6, first_seconds=2, limit_seconds=20)
    assert [backoff.pause_seconds(made) for made in range(1, 7)] == [2, 4, 8, 16, 20, None]
    assert ONCE.pause_seconds(1) is None


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_pause_is_bounded_however_many_attempts(made: int, attempts: int) -> None:
    pause = Backoff(attempts=attempts).pause_seconds(made)
    assert pause is None if made >= attempts else pause is not None and 1 <= pause <= 3600


def test_the_time_left_follows_the_rate_so_far() -> None:
    started = NOW - timedelta(seconds=10)
    progress = Progress("import", "k", State.RUNNING, done=25, total=100, started_at=started)
    assert progress.seconds_left(NOW) == 30


def test_nothing_is_said_of_the_time_left_without_total_or_when_not_running() -> None:
    unknown = Progress("import", "k", State.RUNNING, done=25, started_at=NOW)
    ended = Progress("import", "k", State.DONE, done=25, total=25, started_at=NOW)
    assert unknown.seconds_left(NOW) is None
    assert ended.seconds_left(NOW) is None

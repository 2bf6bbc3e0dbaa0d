# SPDX-License-Identifier: EUPL-1.2
"""The latest tick of a schedule, by cron line (POSIX crontab) or by seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.jobs.faults import ScheduleUnreadable
from flagstone.platform.jobs.schedule import Cron, Every

INSTANTS = st.integers(1_577_836_800, 2_208_988_800).map(lambda at: datetime.fromtimestamp(at, UTC))
SUNDAY = datetime(2026, 11, 22, 8, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "tick"),
    [
        ("* * * * *", datetime(2026, 11, 22, 8, 0, tzinfo=UTC)),
        ("*/15 * * * *", datetime(2026, 11, 22, 8, 0, tzinfo=UTC)),
        ("30 2 * * *", datetime(2026, 11, 22, 2, 30, tzinfo=UTC)),
        ("0 9 * * *", datetime(2026, 11, 21, 9, 0, tzinfo=UTC)),
        ("0 9 * * 1-5", datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
        ("0 3 * * 0", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("0 3 * * 7", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("0 0 1 * *", datetime(2026, 11, 1, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2024, 2, 29, tzinfo=UTC)),
        ("0 0 1 * 5", datetime(2026, 11, 20, tzinfo=UTC)),
        ("5,10 22-23 31 12 *", datetime(2025, 12, 31, 23, 10, tzinfo=UTC)),
    ],
)
def test_cron_names_the_latest_tick(line: str, tick: datetime) -> None:
    assert Cron(line).latest(SUNDAY) == tick


@pytest.mark.parametrize(
    "line",
    [
        *("", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "a * * * *", "5-1 * * * *", "*/0 * * * *"),
        *("0 0 31 2 *", "-1 * * * *", "² * * * *", "1, * * * *", "@daily", "* * * * * *"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(ScheduleUnreadable):
        Cron(line)


def test_seconds_count_from_the_epoch() -> None:
    assert Every(3600).latest(SUNDAY) == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    with pytest.raises(ScheduleUnreadable):
        Every(0)


@settings(max_examples=50, deadline=None)
@given(
    minute=st.integers(0, 59),
    step=st.integers(1, 12),
    weekday=st.integers(0, 6),
    at=INSTANTS,
)
def test_cron_agrees_with_looking_at_every_minute(minute: int, step: int, weekday: int, at: datetime) -> None:
    tick = at.replace(second=0, microsecond=0)
    while not (tick.minute == minute and tick.hour % step == 0 and tick.isoweekday() % 7 == weekday):
        tick -= timedelta(minutes=1)

    assert Cron(f"{minute} */{step} * * {weekday}").latest(at) == tick


@given(seconds=st.integers(1, 10**6), at=INSTANTS)
def test_a_tick_of_seconds_is_never_late_or_early(seconds: int, at: datetime) -> None:
    tick = Every(seconds).latest(at)
    assert tick is not None
    assert timedelta() <= at - tick < timedelta(seconds=seconds)

# SPDX-License-Identifier: EUPL-1.2
"""Schedules: the latest tick at or before an instant, by cron line or by a number of seconds, in UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flagstone.platform.jobs.faults import ScheduleUnreadable

MARKED_SECONDS_MIN = 60
DAYS_BACK_MAX = 366 * 8 + 1  # 29 February comes at least every eight years

FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 7),
)


@dataclass(frozen=True)
class Every:
    """A tick every `seconds`, counted from the Unix epoch so that all processes agree."""

    seconds: int

    def __post_init__(self) -> None:
        """Refuse a pause that is not at least one second."""
        if self.seconds < 1:
            raise ScheduleUnreadable("a schedule needs at least one second between ticks")

    def latest(self, instant: datetime) -> datetime | None:
        """Return the last tick at or before `instant`."""
        return datetime.fromtimestamp(int(instant.timestamp()) // self.seconds * self.seconds, UTC)


@dataclass(frozen=True)
class Cron:
    """Ticks by five fields in UTC: minute, hour, day of month, month, day of week (0 and 7 are Sunday).

    A field is `*` or a list of numbers and ranges, each with an optional `/step`. As in POSIX crontab,
    a day matches when either of day of month and day of week matches, where both are restricted.
    """

    line: str

    def __post_init__(self) -> None:
        """Refuse a line that cannot be read or never comes."""
        if self.latest(datetime(2026, 1, 1, tzinfo=UTC)) is None:
            raise ScheduleUnreadable("the schedule names a day that never comes")

    def latest(self, instant: datetime) -> datetime | None:
        """Return the last tick at or before `instant`; None when there is none in eight years."""
        minutes, hours, days, months, weekdays = _fields(self.line)
        end = instant.astimezone(UTC)
        for back in range(DAYS_BACK_MAX):
            day = (end - timedelta(days=back)).date()
            if day.month not in months or not _day_matches(
                self.line, days, weekdays, day.isoweekday(), day.day
            ):
                continue
            last = (end.hour, end.minute) if back == 0 else (23, 59)
            times = [(h, m) for h in hours for m in minutes if (h, m) <= last]
            if times:
                hour, minute = max(times)
                return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        return None


@dataclass(frozen=True)
class Schedule:
    """Work that comes again. `work` gets the tick's instant and must be idempotent by it.

    Each tick runs once across all processes of the site and resumes after a crash. Ticks missed while no
    process ran are made up for by one run of the latest of them. A tick is left out while the
    run before it is still going on. A schedule never runs for ticks before it was first known.

    Ticks less than a minute apart are not marked one by one, so that an idle site does not write all the
    time: after a crash the work waits for the next tick.
    """

    name: str
    when: Every | Cron
    work: Callable[[datetime], None]

    @property
    def is_marked(self) -> bool:
        """Tell whether each tick is marked on disk."""
        return not isinstance(self.when, Every) or self.when.seconds >= MARKED_SECONDS_MIN


def _fields(line: str) -> list[frozenset[int]]:
    """Return the five sets of numbers of a cron line."""
    parts = line.split()
    if len(parts) != len(FIELDS):
        raise ScheduleUnreadable("a cron line has five fields")
    return [
        frozenset(number for item in part.split(",") for number in _item(item, name, low, high))
        for part, (name, low, high) in zip(parts, FIELDS, strict=True)
    ]


def _item(item: str, name: str, low: int, high: int) -> range:
    """Return the numbers of one item: `*`, `n`, `a-b`, each with an optional `/step`."""
    span, _, step = item.partition("/")
    first, dash, last = (str(low), "-", str(high)) if span == "*" else span.partition("-")
    end = last if dash else (str(high) if step else first)
    if not all(part.isascii() and part.isdigit() for part in (first, end, step or "1")):
        raise ScheduleUnreadable(f"the {name} field is not a number, range or list")
    if not low <= int(first) <= int(end) <= high or int(step or "1") < 1:
        raise ScheduleUnreadable(f"the {name} field must be within {low}-{high}")
    return range(int(first), int(end) + 1, int(step or "1"))


def _day_matches(line: str, days: frozenset[int], weekdays: frozenset[int], weekday: int, day: int) -> bool:
    """Tell whether a day with ISO `weekday` (Sunday is 7) is meant."""
    _, _, day_field, _, weekday_field = line.split()
    by_day = day in days
    by_weekday = weekday in weekdays or weekday % 7 in weekdays
    if day_field.startswith("*") or weekday_field.startswith("*"):
        return by_day and by_weekday
    return by_day or by_weekday

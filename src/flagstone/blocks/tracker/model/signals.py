# SPDX-License-Identifier: EUPL-1.2
"""Unusual reading: patterns found in tallies of who read how often, by explicit thresholds alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from flagstone.blocks.tracker.contract import SignalKind


@dataclass(frozen=True)
class Thresholds:
    """From when on reading is unusual.

    A sudden rate is a day's reads above both `rate_min` and `rate_factor` times the official's own median of
    the days she worked among the `usual_days` before. `case_free` names registers that need no case.
    """

    case_free: frozenset[str] = frozenset()
    rate_min: int = 50
    rate_factor: int = 5
    usual_days: int = 14
    same_person_min: int = 10
    same_person_days: int = 7

    @property
    def days(self) -> int:
        """Return how many days back the thresholds look."""
        return max(self.usual_days, self.same_person_days)


@dataclass(frozen=True)
class Tally:
    """How often one official read one person's data in one register on one day; `person` is a digest."""

    official: str
    organisation: str
    day: date
    person: str
    register: str
    reads: int
    without_case: int


@dataclass(frozen=True, order=True)
class Pattern:
    """An unusual reading; equal `mark`s are the same one, whose count may have grown since."""

    mark: str
    kind: SignalKind
    organisation: str
    official: str
    register: str
    since: date
    count: int


def patterns(tallies: Iterable[Tally], days: frozenset[date], thresholds: Thresholds) -> tuple[Pattern, ...]:
    """Return the patterns that show on one of `days`, in the order of their marks.

    `tallies` reach back `thresholds.days` before the earliest of them, and come in any order.
    """
    by_official: defaultdict[str, list[Tally]] = defaultdict(list)
    for tally in tallies:
        if tally.official:
            by_official[tally.official].append(tally)
    found = {
        pattern.mark: pattern
        for mine in by_official.values()
        for day in sorted(days)
        for pattern in _of_day(mine, day, thresholds)
    }
    return tuple(found[mark] for mark in sorted(found))


def _of_day(mine: list[Tally], day: date, thresholds: Thresholds) -> Iterator[Pattern]:
    yield from _without_case(mine, day, thresholds)
    yield from _sudden_rate(mine, day, thresholds)
    yield from _same_person(mine, day, thresholds)


def _without_case(mine: list[Tally], day: date, thresholds: Thresholds) -> Iterator[Pattern]:
    """Yield one pattern for each register that was read without a case where one is needed."""
    reads: defaultdict[str, int] = defaultdict(int)
    for tally in mine:
        if tally.day == day and tally.register not in thresholds.case_free:
            reads[tally.register] += tally.without_case
    for register, count in reads.items():
        if count:
            yield _pattern(SignalKind.NO_CASE, mine, register, day, count)


def _sudden_rate(mine: list[Tally], day: date, thresholds: Thresholds) -> Iterator[Pattern]:
    """Yield a pattern when the day's reads are far above the official's usual ones."""
    daily = _daily(mine)
    before = [daily[day - timedelta(days=back)] for back in range(1, thresholds.usual_days + 1)]
    worked = [reads for reads in before if reads]
    usual = median(worked) if worked else 0
    if daily[day] > max(thresholds.rate_min, thresholds.rate_factor * usual):
        yield _pattern(SignalKind.SUDDEN_RATE, mine, "", day, daily[day])


def _same_person(mine: list[Tally], day: date, thresholds: Thresholds) -> Iterator[Pattern]:
    """Yield a pattern for each person read on that day who was read too often in the days up to it."""
    first = day - timedelta(days=thresholds.same_person_days - 1)
    reads: defaultdict[str, int] = defaultdict(int)
    for tally in mine:
        if first <= tally.day <= day:
            reads[tally.person] += tally.reads
    for person in {tally.person for tally in mine if tally.day == day}:
        if reads[person] >= thresholds.same_person_min:
            year, week, _ = day.isocalendar()
            mark = f"{person[:16]}/{year}-W{week:02}"
            yield _pattern(SignalKind.SAME_PERSON_OFTEN, mine, "", first, reads[person], mark=mark)


def _daily(mine: Iterable[Tally]) -> Mapping[date, int]:
    daily: defaultdict[date, int] = defaultdict(int)
    for tally in mine:
        daily[tally.day] += tally.reads
    return daily


def _pattern(
    kind: SignalKind, mine: list[Tally], register: str, since: date, count: int, *, mark: str = ""
) -> Pattern:
    official = mine[0].official
    tail = mark or f"{register}/{since.isoformat()}"
    organisation = max(tally.organisation for tally in mine)
    name = f"{kind.value}/{official}/{tail}"
    return Pattern(name, kind, organisation, official, register, since, count)

# SPDX-License-Identifier: EUPL-1.2
"""What several agencies told as one timeline: chosen, floods folded into a line, grouped, paged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import groupby

from flagstone.blocks.tracker.contract import Period, Usage, UsageKind

FOLDED_MIN = 3
"""Usages that differ in their time alone are one line from this number on."""

LINES_A_PAGE = 25
DAYS = {"week": 7, "month": 30, "year": 365, "all": 0}
"""Periods to choose from, in days; 0 is as far as the logs go."""


class By(Enum):
    """What the timeline is grouped by."""

    TIME = "time"
    CASE = "case"
    REGISTER = "register"
    AGENCY = "agency"


@dataclass(frozen=True)
class Told:
    """A usage and the code of the agency that told of it."""

    agency: str
    usage: Usage


@dataclass(frozen=True)
class Wanted:
    """What a person wants to see; empty text is everything."""

    period: str = "month"
    by: By = By.TIME
    register: str = ""
    receiver: str = ""
    others_only: bool = False
    page: int = 1


@dataclass(frozen=True)
class Line:
    """One line of the timeline: a usage, or several that differ in their time alone, the newest first."""

    told: tuple[Told, ...]

    @property
    def newest(self) -> Told:
        """Return the newest of them."""
        return self.told[0]

    @property
    def oldest(self) -> Told:
        """Return the oldest of them."""
        return self.told[-1]


@dataclass(frozen=True)
class Group:
    """Lines under one heading: `key` is a case, a register or a receiver, empty where there is none."""

    key: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Timeline:
    """One page of the timeline; `total` counts all its lines, `usages` what they stand for."""

    groups: tuple[Group, ...]
    page: int
    total: int
    usages: int


def period_of(choice: str, now: datetime) -> Period:
    """Return the period that a choice of `DAYS` means at `now`."""
    days = DAYS.get(choice, 0)
    return Period(now - timedelta(days=days) if days else None, None)


def timeline(told: Iterable[Told], wanted: Wanted) -> Timeline:
    """Return the page that is wanted; a page past the last is the last."""
    chosen = [one for one in told if _is_chosen(one.usage, wanted)]
    placed = _placed(folded(chosen), wanted.by)
    last = max(1, -(-len(placed) // LINES_A_PAGE))
    page = min(wanted.page, last)
    shown = placed[(page - 1) * LINES_A_PAGE : page * LINES_A_PAGE]
    groups = [
        Group(key, tuple(line for _, line in lines)) for key, lines in groupby(shown, lambda pair: pair[0])
    ]
    return Timeline(tuple(groups), page, len(placed), len(chosen))


def folded(told: Iterable[Told]) -> list[Line]:
    """Return lines, the newest first; a flood of equal automated reads within a day is one of them."""
    ordered = sorted(told, key=lambda one: (one.usage.logtime, one.usage.id), reverse=True)
    floods: dict[tuple[object, ...], list[Told]] = {}
    for one in ordered:
        floods.setdefault(_sort(one), []).append(one)
    lines = []
    for one in ordered:
        flood = floods[_sort(one)]
        if len(flood) < FOLDED_MIN:
            lines.append(Line((one,)))
        elif flood[0] is one:
            lines.append(Line(tuple(flood)))
    return lines


def _sort(one: Told) -> tuple[object, ...]:
    """Return what equal usages have in common; what a human being did is equal to nothing else."""
    usage = one.usage
    if usage.official or usage.kind is not UsageKind.READ:
        return (one.agency, usage.id, usage.logtime, usage.official)
    return (
        one.agency,
        usage.logtime.date(),
        usage.receiver_code,
        usage.receiver_system,
        usage.register,
        usage.action,
        usage.purpose,
        usage.case,
        usage.own,
    )


def key_of(usage: Usage, by: By) -> str:
    """Return what a usage is grouped by."""
    return {By.TIME: "", By.CASE: usage.case, By.REGISTER: usage.register, By.AGENCY: usage.receiver_code}[by]


def _placed(lines: Sequence[Line], by: By) -> list[tuple[str, Line]]:
    """Return lines with their groups' keys; groups in the order of their newest line, none last."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(key_of(line.newest.usage, by), []).append(line)
    without = groups.pop("", [])
    return [(key, line) for key, mine in (*groups.items(), ("", without)) for line in mine]


def _is_chosen(usage: Usage, wanted: Wanted) -> bool:
    """Tell whether a usage is wanted."""
    return (
        wanted.register in ("", usage.register)
        and wanted.receiver in ("", usage.receiver_code)
        and not (wanted.others_only and usage.own)
    )

# SPDX-License-Identifier: EUPL-1.2
"""What a reform may look like before a law is asked: dates that are dates, places that can be, bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.model.situations import pointer
from flagstone.kernel.errors import Flaw

PARAMETERS_MAX = 200
DATES_MAX = 100
NEUTRALIZED_MAX = 200
PACKAGES_MAX = 10
TEXT_LENGTH_MAX = 300
NUMBER_MAX = 1e15
PARTS = ("threshold", "rate", "amount", "average_rate")
"""What a bracket of a scale consists of."""
_PARTS = ", ".join(PARTS)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BRACKET = re.compile(r"(?P<scale>[^\[\]]+)\[(?P<number>\d{1,3})\]\.(?P<part>[a-z_]+)")


@dataclass(frozen=True)
class Change:
    """A value that a parameter gets: from a day, until the last (inclusive) or without end.

    `scale` and `number` name a bracket, `part` which of its parameters; `scale` empty is any other parameter,
    by `path`.
    """

    path: str
    when: str
    start: date
    stop: date | None
    value: JsonValue
    scale: str = ""
    number: int = 0
    part: str = ""

    @property
    def place(self) -> str:
        """The change's place in the reform (RFC 6901)."""
        return pointer("parameters", self.path, self.when)

    @property
    def place_of_path(self) -> str:
        """The place of the parameter in the reform (RFC 6901)."""
        return pointer("parameters", self.path)


def changes_of(reform: Reform) -> tuple[Change, ...]:
    """Return the changes that have dates and values, in the order of their application: by day for each path.

    A later one takes the place of an earlier from its day on; one with an end leaves what was there after it.
    """
    found = []
    for path, dated in reform.parameters.items():
        whole = [_change(path, when, value) for when, value in _items(dated)]
        found.extend(sorted((each for each in whole if each), key=lambda each: each.start))
    return tuple(found)


def shape_flaws(reform: Reform) -> Iterator[Flaw]:
    """Yield what is wrong with a reform whatever the law is."""
    for name, count, most in (
        ("parameters", len(reform.parameters), PARAMETERS_MAX),
        ("neutralized", len(reform.neutralized), NEUTRALIZED_MAX),
        ("packages", len(reform.packages), PACKAGES_MAX),
    ):
        if count > most:
            yield Flaw.filled(pointer(name), "There may be %(most)s at most.", most=most)
    for path, dated in reform.parameters.items():
        yield from _path_flaws(path)
        yield from _dated_flaws(path, dated)


def _path_flaws(path: str) -> Iterator[Flaw]:
    place = pointer("parameters", path[:TEXT_LENGTH_MAX])
    if len(path) > TEXT_LENGTH_MAX or not all(path.split(".")):
        yield Flaw(place, "This is no dotted path of a parameter.")
        return
    if "[" not in path and "]" not in path:
        return
    bracket = _BRACKET.fullmatch(path)
    if bracket is None or bracket["part"] not in PARTS:
        yield Flaw.filled(
            place, "A bracket is named as SCALE[NUMBER].PART, where PART is one of %(parts)s.", parts=_PARTS
        )


def _dated_flaws(path: str, dated: JsonValue) -> Iterator[Flaw]:
    place = pointer("parameters", path)
    if not isinstance(dated, Mapping) or not dated or len(dated) > DATES_MAX:
        yield Flaw.filled(
            place,
            "This is an object of 1 to %(most)s values by day: DAY, or DAY:DAY inclusive.",
            most=DATES_MAX,
        )
        return
    starts: dict[date, str] = {}
    for when, value in dated.items():
        here, span = pointer("parameters", path, when), _span(when)
        if span is None:
            yield Flaw(here, "This is neither a day, YYYY-MM-DD, nor DAY:DAY.")
        elif span[0] in starts:
            other = starts[span[0]]
            yield Flaw.filled(here, "It begins on the same day as %(other)s.", other=other)
        else:
            starts[span[0]] = when
        if isinstance(value, float | int) and not abs(value) <= NUMBER_MAX:
            yield Flaw.filled(here, "A number is at most %(most)s.", most=f"{NUMBER_MAX:.0e}")


def _items(dated: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(dated, Mapping):
        yield from dated.items()


def _change(path: str, when: str, value: JsonValue) -> Change | None:
    span, bracket = _span(when), _BRACKET.fullmatch(path)
    if span is None:
        return None
    if bracket is None:
        return Change(path, when, *span, value)
    return Change(path, when, *span, value, bracket["scale"], int(bracket["number"]), bracket["part"])


def _span(when: str) -> tuple[date, date | None] | None:
    """Return the first and the last day that a text names, None when it is neither a day nor two in order."""
    first, colon, last = when.partition(":")
    start, stop = _day(first), _day(last) if colon else None
    if start is None or (colon and (stop is None or stop < start)):
        return None
    return start, stop


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None

# SPDX-License-Identifier: EUPL-1.2
"""Parts that plots share: legends, axes, and numbers that find room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from flagstone.blocks.rules.model.plots.paper import SMALL, TEXT, Frame, Kind, Paper, Side, width_of
from flagstone.blocks.rules.model.plots.scale import Scale, finite

LINE_HEIGHT = 22.0
GAP = 8.0
_BETWEEN = 22.0
_NUMBER_LENGTH_MAX = 14


class Sample(Enum):
    """What a legend shows: a small area, a piece of a line, or a piece of an outline."""

    AREA = "area"
    LINE = "line"
    OUTLINE = "outline"


@dataclass(frozen=True)
class Entry:
    """What a legend says of a kind of shape, shown by the sample of it."""

    kind: Kind
    words: str
    sample: Sample = Sample.AREA


@dataclass(frozen=True)
class Axis:
    """What an axis counts, and the unit in which its numbers are written (1,000.0 writes thousands)."""

    words: str = ""
    unit: float = 1.0

    def written(self, frame: Frame, value: float, places: int) -> str:
        """Return a value in the axis's unit with so many decimals; a very long number by its power of ten."""
        rounded = round(value / self.unit, places)
        shown = frame.number(0.0 if rounded == 0 else rounded, places)
        return shown if len(shown) <= _NUMBER_LENGTH_MAX else f"{value / self.unit:.0e}"

    def ticks(self, frame: Frame, scale: Scale, *, unsigned: bool = False) -> list[str]:
        """Return what stands at the ticks of a scale that was made of values in the axis's unit."""
        plain = replace(self, unit=1.0)
        shown = map(abs, scale.ticks) if unsigned else scale.ticks
        return [plain.written(frame, tick, scale.places) for tick in shown]


UNNAMED = Axis()
"""An axis without words."""


def legend_height(frame: Frame, entries: Sequence[Entry]) -> float:
    """Return how much of the sheet's height a legend needs."""
    return LINE_HEIGHT * (1 + max((row for row, _, _ in _placed(frame, entries)), default=-1))


def legend(paper: Paper, entries: Sequence[Entry]) -> None:
    """Write a legend at the top, from the side at which reading begins."""
    frame = paper.frame
    sheet = replace(paper, mirrored=frame.right_to_left)
    for row, x, entry in _placed(frame, entries):
        y = LINE_HEIGHT * row + SMALL + 2
        _sample(sheet, x, y, entry)
        sheet.words(x + _sample_width(entry), y, entry.words, strong=True)


def _sample(sheet: Paper, x: float, y: float, entry: Entry) -> None:
    """Draw a piece of what an entry stands for."""
    if entry.sample is Sample.AREA:
        sheet.rectangle(x, y - 12, 16, 14, entry.kind)
    elif entry.sample is Sample.LINE:
        sheet.path([[(x, y - 4.5), (x + 26, y - 4.5)]], entry.kind)
    else:
        sheet.outline([(x, y - 1), (x, y - 10), (x + 13, y - 10), (x + 13, y - 4), (x + 26, y - 4)])


def _sample_width(entry: Entry) -> float:
    return 24.0 if entry.sample is Sample.AREA else 34.0


def _placed(frame: Frame, entries: Sequence[Entry]) -> list[tuple[int, float, Entry]]:
    """Return row and place of each entry; a row ends where the sheet does."""
    placed: list[tuple[int, float, Entry]] = []
    row, x = 0, 0.0
    for entry in entries:
        wide = _sample_width(entry) + width_of(entry.words, TEXT)
        if x > 0 and x + wide > frame.width:
            row, x = row + 1, 0.0
        placed.append((row, x, entry))
        x += wide + _BETWEEN
    return placed


def value_axis(paper: Paper, scale: Scale, labels: Sequence[str], left: float) -> None:
    """Draw a line across the sheet for each tick of an upright scale, its number before `left`."""
    for tick, label in zip(scale.ticks, labels, strict=True):
        y = scale.at(tick)
        paper.rule(left, y, paper.frame.width, y, strong=tick == 0)
        paper.words(left - GAP, y + SMALL * 0.35, label, Side.RIGHT)


def stride(labels: Sequence[str], room: float) -> int:
    """Return that each label, each second, each fifth ... has room for itself, `room` lying between two."""
    widest = max((width_of(label) for label in labels), default=0.0) + GAP
    needed = max(1, math.ceil(widest / max(room, 0.01)))
    return next((each for each in (1, 2, 5, 10, 20, 50) if each >= needed), needed)


def digits(values: Sequence[float], *, told: int) -> int:
    """Return how many decimals tell `told` digits of the largest value."""
    most = max((abs(value) for value in finite(values)), default=0.0)
    return 0 if most == 0 else max(0, min(9, told - 1 - math.floor(math.log10(most))))

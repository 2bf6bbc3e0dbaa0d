# SPDX-License-Identifier: EUPL-1.2
"""Columns: values by tenths or by bins, beside each other or from nothing upward and downward."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flagstone.blocks.rules.model.plots.paper import SMALL, Frame, Kind, Paper, Side, width_of
from flagstone.blocks.rules.model.plots.parts import (
    GAP,
    LINE_HEIGHT,
    UNNAMED,
    Axis,
    Entry,
    Sample,
    digits,
    legend,
    legend_height,
    stride,
    value_axis,
)
from flagstone.blocks.rules.model.plots.scale import Scale, finite, scale

COLUMNS_MAX = 60
_TALL, _LOW = 250.0, 200.0


@dataclass(frozen=True)
class Series:
    """Values that belong together; one that is no finite number has no column."""

    kind: Kind
    words: str
    values: Sequence[float]


@dataclass(frozen=True)
class Columns:
    """What to draw: a label for each column, or one more where they stand at the `edges` of bins.

    `overlaid` series have the same place: one goes up where the other goes down. `told` writes each value
    at its column where there is room. `unsigned` writes what goes down without its sign. At `edges` the law
    is an outline over the reform's columns.
    """

    labels: Sequence[str]
    series: Sequence[Series]
    down: Axis = UNNAMED
    along: Axis = UNNAMED
    edges: bool = False
    overlaid: bool = False
    told: bool = False
    unsigned: bool = False

    @property
    def count(self) -> int:
        """How many columns are drawn, 60 at most."""
        return min(max((len(each.values) for each in self.series), default=0), COLUMNS_MAX)

    @property
    def standing(self) -> Sequence[Series]:
        """The series that stand as columns."""
        return [each for each in self.series if not self.outlines(each)]

    @property
    def lanes(self) -> int:
        """How many columns stand beside each other at one place."""
        return 1 if self.overlaid else max(len(self.standing), 1)

    @property
    def filled(self) -> float:
        """How much of its place a column takes: bins leave little between them."""
        return 0.94 if self.edges else 0.78

    def outlines(self, series: Series) -> bool:
        """Tell whether a series is an outline over the others."""
        return self.edges and series.kind is Kind.LAW and len(self.series) > 1

    def entries(self) -> list[Entry]:
        """Return what the legend says, nothing where all series are the same thing."""
        if len({each.words for each in self.series}) < 2:
            return []
        samples = {True: Sample.OUTLINE, False: Sample.AREA}
        return [Entry(each.kind, each.words, samples[self.outlines(each)]) for each in self.series]


def columns(frame: Frame, drawn: Columns) -> str:
    """Return the picture of `drawn`."""
    entries = drawn.entries()
    top = legend_height(frame, entries) + (LINE_HEIGHT if drawn.down.words else 0) + LINE_HEIGHT
    floor = top + (_LOW if frame.narrow else _TALL)
    paper = Paper(frame, floor + LINE_HEIGHT * (2 if drawn.along.words else 1) + GAP)
    legend(paper, entries)
    values = [value / drawn.down.unit for each in drawn.series for value in finite(each.values)]
    upright = scale(values, floor, top)
    labels = drawn.down.ticks(frame, upright, unsigned=drawn.unsigned)
    left = max(map(width_of, labels)) + GAP
    paper.words(0, top - LINE_HEIGHT + 2, drawn.down.words)
    value_axis(paper, upright, labels, left)
    _stand(paper, drawn, upright, left)
    for each in filter(drawn.outlines, drawn.series):
        paper.outline(_steps(paper, drawn, each, (upright, left)))
    _label(paper, drawn, left, floor)
    return paper.svg()


def _stand(paper: Paper, drawn: Columns, upright: Scale, left: float) -> None:
    """Draw the columns, and their values where wanted."""
    slot = (paper.frame.width - left) / max(drawn.count, 1)
    wide = slot * drawn.filled / drawn.lanes
    values = [value / drawn.down.unit for each in drawn.series for value in each.values]
    places = digits(values, told=2)
    for lane, series in enumerate(drawn.standing):
        for place, value in enumerate(series.values[: drawn.count]):
            if not math.isfinite(value):
                continue
            x = left + slot * (place + (1 - drawn.filled) / 2) + wide * (0 if drawn.overlaid else lane)
            zero, end = upright.at(0), upright.at(value / drawn.down.unit)
            paper.rectangle(x, min(zero, end), wide - (drawn.lanes > 1), abs(zero - end), series.kind)
            if drawn.told and value:
                text = drawn.down.written(paper.frame, abs(value) if drawn.unsigned else value, places)
                _tell(paper, text, (x + wide / 2, end), (slot / drawn.lanes, value > 0))
    paper.rule(left, upright.at(0), paper.frame.width, upright.at(0), strong=True)


def _tell(paper: Paper, text: str, end: tuple[float, float], room: tuple[float, bool]) -> None:
    """Write a value beyond the end of its column, upward or downward, unless it is wider than its place."""
    wide, upward = room
    if width_of(text) <= wide:
        paper.words(end[0], end[1] - 5 if upward else end[1] + SMALL + 1, text, Side.MIDDLE)


def _steps(
    paper: Paper, drawn: Columns, series: Series, place: tuple[Scale, float]
) -> list[tuple[float, float]]:
    """Return the outline of a series over its bins."""
    upright, left = place
    slot = (paper.frame.width - left) / max(drawn.count, 1)
    points = [(left, upright.at(0))]
    for number, value in enumerate(series.values[: drawn.count]):
        y = upright.at(value / drawn.down.unit if math.isfinite(value) else 0)
        points += [(left + slot * number, y), (left + slot * (number + 1), y)]
    return [*points, (left + slot * drawn.count, upright.at(0))]


def _label(paper: Paper, drawn: Columns, left: float, floor: float) -> None:
    """Write the labels below, as many as have room, and what they are."""
    labels = drawn.labels[: drawn.count + drawn.edges]
    slot = (paper.frame.width - left) / max(drawn.count, 1)
    each = stride(labels, slot)
    for place, label in enumerate(labels):
        if place % each == 0:
            x = left + slot * (place + (0 if drawn.edges else 0.5))
            last = drawn.edges and place == drawn.count
            side = Side.RIGHT if last and width_of(label) > GAP else Side.MIDDLE
            paper.words(x, floor + LINE_HEIGHT - 3, label, side, room=slot * each)
    if drawn.along.words:
        paper.words(left, floor + 2 * LINE_HEIGHT - 1, drawn.along.words)

# SPDX-License-Identifier: EUPL-1.2
"""Two lines over one amount: the law as it is, dashed, and the reform."""

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
    legend,
    legend_height,
    stride,
    value_axis,
)
from flagstone.blocks.rules.model.plots.scale import Scale, across, finite, scale

POINTS_MAX = 500
_TALL, _LOW = 300.0, 240.0


@dataclass(frozen=True)
class Line:
    """A line over the amounts; it is broken where a value is no finite number."""

    kind: Kind
    words: str
    values: Sequence[float]


@dataclass(frozen=True)
class Lines:
    """What to draw: lines over the amounts `moved`, each in its axis's unit."""

    moved: Sequence[float]
    lines: Sequence[Line]
    along: Axis = UNNAMED
    down: Axis = UNNAMED


def lines(frame: Frame, drawn: Lines) -> str:
    """Return the picture; of many points 500 are drawn, the first and the last among them."""
    named = drawn.lines if len(drawn.lines) > 1 else ()
    entries = [Entry(each.kind, each.words, Sample.LINE) for each in named]
    top = legend_height(frame, entries) + 2 * LINE_HEIGHT
    floor = top + (_LOW if frame.narrow else _TALL)
    paper = Paper(frame, floor + 2 * LINE_HEIGHT + GAP)
    legend(paper, entries)
    values = [value / drawn.down.unit for each in drawn.lines for value in finite(each.values)]
    upright = scale(values, floor, top)
    labels = drawn.down.ticks(frame, upright)
    left = max(map(width_of, labels)) + GAP
    paper.words(0, top - LINE_HEIGHT + 2, drawn.down.words)
    value_axis(paper, upright, labels, left)
    moved = [value / drawn.along.unit for value in finite(drawn.moved)]
    lying = across(moved, left + 2, frame.width - 4, ticks=4 if frame.narrow else 8)
    _amounts(paper, drawn.along, lying, floor)
    for line in drawn.lines:
        paper.path(_runs(drawn, line, lying, upright), line.kind)
    return paper.svg()


def _amounts(paper: Paper, axis: Axis, lying: Scale, floor: float) -> None:
    """Write the amounts below, as many as have room, and what they are."""
    labels = axis.ticks(paper.frame, lying)
    room = (lying.end - lying.start) / max(len(labels) - 1, 1)
    each = stride(labels, room)
    for place, (tick, label) in enumerate(zip(lying.ticks, labels, strict=True)):
        if place % each == 0:
            x = lying.at(tick)
            paper.rule(x, floor, x, floor + 5, strong=True)
            side = Side.RIGHT if x > lying.end - width_of(label) / 2 else Side.MIDDLE
            paper.words(x + (4 if side is Side.RIGHT else 0), floor + SMALL + 8, label, side)
    paper.words(lying.start, floor + 2 * LINE_HEIGHT, axis.words)


def _runs(drawn: Lines, line: Line, lying: Scale, upright: Scale) -> list[list[tuple[float, float]]]:
    """Return the runs of points between gaps."""
    runs: list[list[tuple[float, float]]] = [[]]
    pairs = list(zip(drawn.moved, line.values, strict=False))
    for place in _picked(len(pairs)):
        moved, value = pairs[place]
        if math.isfinite(moved) and math.isfinite(value):
            runs[-1].append((lying.at(moved / drawn.along.unit), upright.at(value / drawn.down.unit)))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _picked(count: int) -> list[int]:
    """Return which of `count` points are drawn."""
    if count <= POINTS_MAX:
        return list(range(count))
    return [round(place * (count - 1) / (POINTS_MAX - 1)) for place in range(POINTS_MAX)]

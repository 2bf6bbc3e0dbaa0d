# SPDX-License-Identifier: EUPL-1.2
"""Lying bars with words beside them, read from the side at which reading begins; and one bar in parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flagstone.blocks.rules.model.plots.paper import NARROW, SMALL, TEXT, Frame, Kind, Paper, Side
from flagstone.blocks.rules.model.plots.parts import (
    GAP,
    LINE_HEIGHT,
    Axis,
    Entry,
    digits,
    legend,
    legend_height,
)
from flagstone.blocks.rules.model.plots.scale import Scale, finite, scale

BARS_MAX = 40
_THICK = 20.0
_WORDS_SHARE = 0.36
_TOLD_ROOM = 84.0


@dataclass(frozen=True)
class Bar:
    """A value with its words; no finite number has no bar."""

    words: str
    value: float
    strong: bool = False


def bars(frame: Frame, drawn: Sequence[Bar], axis: Axis) -> str:
    """Return bars from nothing to each value, 40 at most: gains full, losses hatched, each with its number.

    The words stand beside their bar, or above it on a narrow sheet.
    """
    drawn = drawn[:BARS_MAX]
    row = (LINE_HEIGHT if frame.narrow else 0) + _THICK + 14
    top = LINE_HEIGHT if axis.words else 0.0
    paper = Paper(frame, top + row * len(drawn) + LINE_HEIGHT + GAP, mirrored=frame.right_to_left)
    paper.words(0, SMALL, axis.words)
    left = 0.0 if frame.narrow else frame.width * _WORDS_SHARE
    lying = _scale(frame, [each.value / axis.unit for each in drawn], left)
    floor = top + row * len(drawn) + 4
    for tick, label in zip(lying.ticks, axis.ticks(frame, lying), strict=True):
        x = lying.at(tick)
        paper.rule(x, top, x, floor, strong=tick == 0)
        paper.words(x, floor + SMALL + 3, label, Side.MIDDLE)
    places = digits([each.value / axis.unit for each in drawn], told=3)
    for number, bar in enumerate(drawn):
        _row(paper, bar, axis, _Place(lying, top + row * number + 6, places))
    return paper.svg()


def _scale(frame: Frame, values: Sequence[float], left: float) -> Scale:
    """Return where values lie, with room at either end for the numbers told there."""
    known = finite(values)
    before = _TOLD_ROOM if min(known, default=0.0) < 0 else GAP
    after = _TOLD_ROOM if max(known, default=0.0) > 0 else 2 * GAP
    return scale(known, left + before, frame.width - after, ticks=3 if frame.width <= NARROW else 5)


@dataclass(frozen=True)
class _Place:
    """Where a bar lies, and with how many decimals its number is told."""

    lying: Scale
    y: float
    places: int


def _row(paper: Paper, bar: Bar, axis: Axis, place: _Place) -> None:
    """Draw one bar with its words and number."""
    frame, lying, y = paper.frame, place.lying, place.y
    room = 0.0 if frame.narrow else frame.width * _WORDS_SHARE - 2 * GAP
    base = y + (SMALL if frame.narrow else _THICK * 0.5 + TEXT * 0.35)
    paper.words(0, base, bar.words, room=room, strong=True)
    if not math.isfinite(bar.value):
        return
    y += LINE_HEIGHT - 2 if frame.narrow else 0
    zero, end = lying.at(0), lying.at(bar.value / axis.unit)
    kind = Kind.GAIN if bar.value >= 0 else Kind.LOSS
    paper.rectangle(min(zero, end), y, abs(end - zero), _THICK, kind)
    text = axis.written(frame, bar.value, place.places)
    side = Side.LEFT if bar.value >= 0 else Side.RIGHT
    paper.words(end + (6 if bar.value >= 0 else -6), y + _THICK * 0.5 + TEXT * 0.35, text, side, strong=True)


@dataclass(frozen=True)
class Part:
    """A part of a whole, from 0 to 1, with its words."""

    kind: Kind
    words: str
    share: float


def parts(frame: Frame, drawn: Sequence[Part]) -> str:
    """Return one bar in parts; shares that do not make a whole are drawn as large as they are."""
    entries = [Entry(each.kind, _told(frame, each)) for each in drawn]
    top = legend_height(frame, entries) + 6
    paper = Paper(frame, top + 44, mirrored=frame.right_to_left)
    legend(paper, entries)
    x = 0.0
    for part in drawn:
        share = min(max(part.share, 0.0), 1.0) if math.isfinite(part.share) else 0.0
        wide = min(share * frame.width, frame.width - x)
        paper.rectangle(x, top, wide - (2 if wide > 4 else 0), 40, part.kind)
        x += wide
    return paper.svg()


def _told(frame: Frame, part: Part) -> str:
    share = frame.number(part.share * 100, 1) if math.isfinite(part.share) else "?"
    return f"{part.words} {share}\u00a0%"

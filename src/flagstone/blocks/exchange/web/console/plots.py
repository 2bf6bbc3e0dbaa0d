# SPDX-License-Identifier: EUPL-1.2
"""Bars over time as SVG made on the server: shapes only, since the page's table says the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 200
LEFT, BOTTOM, TOP = 56, 24, 10
GAP = 1
LINES = 4


@dataclass(frozen=True)
class Rectangle:
    """A bar's place in the picture."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True)
class Line:
    """A horizontal line with the count that it stands for."""

    y: float
    value: int


@dataclass(frozen=True)
class Plot:
    """A picture of counts over equal spans of time: bars in `bars`, the scale in `lines`."""

    bars: tuple[Rectangle, ...]
    lines: tuple[Line, ...]
    top: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


def stacked(lower: Sequence[int], upper: Sequence[int], kinds: tuple[str, str]) -> Plot:
    """Return bars of `lower` with `upper` on top of each, one for each span of time."""
    top = scale(max((low + high for low, high in zip(lower, upper, strict=True)), default=0))
    bars: list[Rectangle] = []
    step = (WIDTH - LEFT) / max(len(lower), 1)
    for place, (low, high) in enumerate(zip(lower, upper, strict=True)):
        x = LEFT + place * step
        below = _height(low, top)
        above = _height(high, top)
        wide = max(step - GAP, 0.5)
        floor = HEIGHT - BOTTOM
        bars += [
            Rectangle(round(x, 2), round(floor - below, 2), round(wide, 2), round(below, 2), kinds[0])
        ] * (low > 0)
        bars += [
            Rectangle(round(x, 2), round(floor - below - above, 2), round(wide, 2), round(above, 2), kinds[1])
        ] * (high > 0)
    return Plot(tuple(bars), _lines(top), top)


def scale(most: int) -> int:
    """Return the least 1, 2 or 5 times a power of ten, and at least 4, that is not below `most`."""
    power = 1
    while power * 10 < most:
        power *= 10
    return max(4, next(factor * power for factor in (1, 2, 5, 10) if factor * power >= most))


def _height(value: int, top: int) -> float:
    return max(value / top * (HEIGHT - BOTTOM - TOP), 1.5 if value else 0.0)


def _lines(top: int) -> tuple[Line, ...]:
    values = sorted({top * part // LINES for part in range(LINES + 1)})
    return tuple(Line(round(HEIGHT - BOTTOM - _exact(value, top), 2), value) for value in values)


def _exact(value: int, top: int) -> float:
    return value / top * (HEIGHT - BOTTOM - TOP)

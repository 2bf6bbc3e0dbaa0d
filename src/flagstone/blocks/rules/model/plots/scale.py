# SPDX-License-Identifier: EUPL-1.2
"""From values to places on paper: scales with round ticks, for any finite numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LARGEST = 1e300
"""Values beyond are drawn as this: their differences still have a size."""
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_PLACES_MAX = 9
_UNITS = (1.0, 1e3, 1e6, 1e9, 1e12)


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on a line from `start` to `end`; `step` lies between the `ticks`."""

    low: float
    high: float
    ticks: tuple[float, ...]
    step: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value, that of the nearer end when it lies beyond."""
        share = (bounded(value) - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    @property
    def places(self) -> int:
        """How many decimals tell the ticks apart."""
        return places_of(self.step)


def scale(values: Iterable[float], start: float, end: float, *, ticks: int = 5, zero: bool = True) -> Scale:
    """Return a scale from `start` to `end` that holds every finite value, and nothing where `zero` says so.

    Its ends are ticks, and about `ticks` lie on it.
    """
    known = finite(values)
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    step = _step(low, high, ticks)
    low, high = _ends(low, high, step)
    count = round((high - low) / step)
    marks = tuple(_exact(low + number * step, step) for number in range(count + 1))
    return Scale(low, high, marks, step, start, end)


def across(values: Sequence[float], start: float, end: float, *, ticks: int = 5) -> Scale:
    """Return a scale whose ends are the least and the most of the values, with round ticks between them."""
    known = finite(values)
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    step = _step(low, high, ticks)
    if high - low < step / 1e6:
        low, high = low - step / 2, high + step / 2
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    marks = tuple(_exact(number * step, step) for number in range(first, last + 1))
    return Scale(low, high, marks, step, start, end)


def finite(values: Iterable[float]) -> list[float]:
    """Return the values that are numbers, bounded."""
    return [bounded(value) for value in values if math.isfinite(value)]


def bounded(value: float) -> float:
    """Return the value, or the largest that is drawn."""
    return min(max(float(value), -LARGEST), LARGEST)


def places_of(step: float) -> int:
    """Return how many decimals a multiple of `step` needs, 9 at most."""
    for places in range(_PLACES_MAX + 1):
        scaled = step * 10**places
        if scaled >= 1 and abs(scaled - round(scaled)) < 1e-6 * scaled:
            return places
    return _PLACES_MAX


def unit_of(values: Iterable[float]) -> float:
    """Return the unit (1, a thousand, a million ...) in which values are short: the most is 10 or more."""
    most = max((abs(value) for value in finite(values)), default=0.0)
    return max((unit for unit in _UNITS if most >= 10 * unit), default=1.0)


def _step(low: float, high: float, ticks: int) -> float:
    """Return a round step by which about `ticks` steps lead from low to high."""
    span = high - low
    least = max(abs(low), abs(high)) * 1e-9
    if span <= max(least, 1e-9):
        span = max(abs(high), 1.0)
    rough = span / max(ticks, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in _STEPS if factor * power >= rough * 0.999)


def _ends(low: float, high: float, step: float) -> tuple[float, float]:
    """Return the ticks around both values, one step apart at least."""
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if first == last:
        first, last = (first - 1, last) if last == 0 and low < 0 else (first, last + 1)
    return first * step, last * step


def _exact(value: float, step: float) -> float:
    """Return a tick without what adding up has left of it; nothing is never negative."""
    rounded = round(value / step) * step
    return 0.0 if abs(rounded) < step / 2 else rounded

# SPDX-License-Identifier: EUPL-1.2
"""Chance that depends on a seed, a household's number and a label alone, and on whole numbers only.

So household 7 of seed 1 is the same on every machine, in every chunk, whatever else was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy

Numbers = Any
"""An array of whole numbers, one for each household."""

_STEP = numpy.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = numpy.uint64(0xBF58476D1CE4E5B9), numpy.uint64(0x94D049BB133111EB)
_FINE_BITS = 20
WHOLE = 1 << 32
"""Draws are from 0 up to this."""


class Chance:
    """The draws of some households, by their numbers in the whole population."""

    def __init__(self, seed: int, households: Numbers) -> None:
        """Draw for `households` (whole numbers from 0) with `seed`."""
        self._seed = seed
        self._households = numpy.asarray(households, dtype=numpy.uint64)

    def draw(self, label: str) -> Numbers:
        """Return for each household a number from 0 to 2**32 - 1, evenly spread, always the same."""
        start = sha256(f"{self._seed}/{label}".encode()).digest()[:8]
        state = numpy.uint64(int.from_bytes(start, "little")) + self._households * _STEP
        return (_mixed(_mixed(state) + _STEP) >> numpy.uint64(32)).astype(numpy.int64)

    def happens(self, label: str, millionths: int) -> Numbers:
        """Tell for each household whether what has a chance of so many millionths happens."""
        return self.draw(label) * 1_000_000 < millionths * WHOLE

    def between(self, label: str, least: Numbers, most: Numbers) -> Numbers:
        """Return whole numbers from `least` to `most`, both included and each below 2**31."""
        return least + (self.draw(label) * (most - least + 1) >> 32)

    def among(self, label: str, weights: Sequence[int]) -> Numbers:
        """Return the place of what is drawn among some that have `weights`."""
        upto = numpy.cumsum(numpy.asarray(weights, dtype=numpy.int64))
        return numpy.searchsorted(upto, self.draw(label) * upto[-1] >> 32, side="right")

    def along(self, label: str, quantiles: Sequence[int]) -> Numbers:
        """Return whole numbers whose quantiles, evenly apart from the least to the most, are these.

        Two neighbours differ by less than 2**43.
        """
        marks = numpy.asarray(quantiles, dtype=numpy.int64)
        place = self.draw(label) * (len(marks) - 1)
        at, rest = place >> 32, (place & (WHOLE - 1)) >> (32 - _FINE_BITS)
        return marks[at] + ((marks[at + 1] - marks[at]) * rest >> _FINE_BITS)


def _mixed(state: Any) -> Any:
    """Return 64 bits of which each depends on all those of `state` (SplitMix64's finish)."""
    state = (state ^ (state >> numpy.uint64(30))) * _FIRST
    state = (state ^ (state >> numpy.uint64(27))) * _SECOND
    return state ^ (state >> numpy.uint64(31))

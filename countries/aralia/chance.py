# SPDX-License-Identifier: EUPL-1.2
"""Chance that falls the same way on every machine and every Python, for made-up data only."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of draws that its name settles for ever.

    Only `random.Random.random` is used, the one method whose sequence Python promises to keep.
    """

    def __init__(self, name: str) -> None:
        """Start the stream called `name`."""
        self._draw = random.Random(f"aralia/{name}").random  # noqa: S311  # no secret depends on it

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to `bound` - 1."""
        return int(self._draw() * bound)

    def between(self, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def odds(self, per_mille: int) -> bool:
        """Return true in `per_mille` of 1,000 draws."""
        return self.below(1000) < per_mille

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of `choices`, which must not be empty."""
        return choices[self.below(len(choices))]

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        """Return one of the things, each as likely as its weight."""
        left = self.below(sum(weight for _, weight in choices))
        for thing, weight in choices:
            left -= weight
            if left < 0:
                return thing
        raise ValueError("the weights must be positive")

    def day(self, first: date, last: date) -> date:
        """Return a day from `first` to `last`, both included; `first` when `last` is before it."""
        return first + timedelta(days=self.between(0, max(0, (last - first).days)))

# SPDX-License-Identifier: EUPL-1.2
"""From the columns of all households to findings; equal however they were parted into chunks.

Sums are exact before they are rounded once (`math.fsum`); ranks go by income, then by the household's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import floor, fsum, log10
from typing import Any

import numpy

from flagstone.blocks.rules.contract.simulation import BudgetLine, Curve, Decile, Findings, Scale
from flagstone.blocks.rules.service.engine.simulation.measuring import Columns
from flagstone.blocks.rules.service.engine.simulation.people import Array

SMALLEST = 0.005
"""A household wins or loses from here on, in units of currency a year: half a hundredth."""

POOR_SHARE = 0.6
_TENTHS = 10
_RATES = (-1.0, *(tenth / 10 for tenth in range(11)), 2.0)
_DIGITS = 6


@dataclass(frozen=True)
class Told:
    """What is told beside the numbers: signs and labels of the budget's variables, the scale, the curve."""

    budget: Mapping[str, int]
    labels: Mapping[str, str]
    scale: Scale
    curve: Curve | None = None


def findings(law: Columns, reform: Columns, told: Told) -> Findings:
    """Return what the two runs over the same households, in the same order, come to."""
    weight, people = law["weight"], law["weight"] * law["people"]
    gain = reform["income"] - law["income"]
    won, lost = gain >= SMALLEST, gain <= -SMALLEST
    before, after = (_Spread(each["income"] / each["units"], people) for each in (law, reform))
    households = total(weight)
    return Findings(
        households=households,
        people=total(people),
        budget=tuple(_budget_line(name, law, reform, told) for name in told.budget),
        winners=_part(weight, won),
        losers=_part(weight, lost),
        unchanged=_part(weight, ~(won | lost)),
        deciles=_deciles(before, after.values, weight, (won, lost)),
        gini_law=before.gini,
        gini_reform=after.gini,
        poor_law=before.poor,
        poor_reform=after.poor,
        gainers=_gainers(gain, weight),
        marginal=_marginal(law, reform),
        curve=told.curve,
        median_law=before.median,
        median_reform=after.median,
        scale=told.scale,
    )


def total(values: Array) -> float:
    """Return the sum, exact until it is rounded once."""
    return fsum(values.tolist())


def _part(weight: Array, these: Array) -> float:
    whole = total(weight)
    return total(weight[these]) / whole if whole else 0.0


def _budget_line(name: str, law: Columns, reform: Columns, told: Told) -> BudgetLine:
    sums = [total(each["weight"] * each[f"budget.{name}"]) for each in (law, reform)]
    return BudgetLine(name, told.labels[name], told.budget[name], sums[0], sums[1])


class _Spread:
    """How values spread over people; `order` is by value, then by number."""

    def __init__(self, values: Array, people: Array) -> None:
        self.values, self.people = values, people
        self.order = numpy.argsort(values, kind="stable")
        self._upto = numpy.cumsum(people[self.order])

    @property
    def median(self) -> float:
        """The least value that at least half of the people do not exceed."""
        if not len(self.order) or not self._upto[-1]:
            return 0.0
        at = int(numpy.searchsorted(self._upto, self._upto[-1] / 2))
        return float(self.values[self.order[at]])

    @property
    def poor(self) -> float:
        """The share of people below 60 % of the median."""
        return _part(self.people, self.values < POOR_SHARE * self.median)

    @property
    def gini(self) -> float:
        """The Gini coefficient; values below 0 count as 0."""
        values, people = numpy.maximum(self.values[self.order], 0), self.people[self.order]
        sums = numpy.cumsum(values * people)
        if not len(sums) or not sums[-1]:
            return 0.0
        under = numpy.concatenate(([0.0], sums[:-1])) + sums
        return 1 - total(people * under) / (float(self._upto[-1]) * float(sums[-1]))

    @property
    def tenths(self) -> Array:
        """Each one's decile from 1: where the middle of her household's people stands."""
        found = numpy.zeros(len(self.values), dtype=numpy.int64)
        if len(self.order) and self._upto[-1]:
            middle = self._upto - self.people[self.order] / 2
            found[self.order] = numpy.minimum(middle * _TENTHS / self._upto[-1], _TENTHS - 1).astype(int) + 1
        return found


def _deciles(
    before: _Spread, after: Array, weight: Array, changed: tuple[Array, Array]
) -> tuple[Decile, ...]:
    tenths, found = before.tenths, []
    for number in range(1, _TENTHS + 1):
        here = tenths == number
        people = before.people[here]
        count = total(people)
        means = [total(each[here] * people) / count if count else 0.0 for each in (before.values, after)]
        won, lost = (_part(weight[here], each[here]) for each in changed)
        found.append(Decile(number, means[0], means[1], won, lost))
    return tuple(found)


def _gainers(gain: Array, weight: Array) -> tuple[tuple[float | None, float | None, float, float], ...]:
    """Return how many households gain how much, in steps that suit the gains; nothing if nobody's changes."""
    changed = numpy.abs(gain)[numpy.abs(gain) >= SMALLEST]
    if not len(changed):
        return ()
    unit = _round_unit(float(numpy.sort(changed)[len(changed) // 2]))
    marks = [SMALLEST, *(unit * each for each in (0.5, 1, 2, 5, 10) if unit * each > SMALLEST)]
    edges = [None, *(-each for each in reversed(marks)), *marks, None]
    found = []
    for low, high in pairwise(edges):
        here = _beyond(gain, low) & ~_beyond(gain, high) if high is not None else _beyond(gain, low)
        found.append((low, high, total(weight[here]), total((weight * gain)[here])))
    return tuple(found)


def _beyond(gain: Array, edge: float | None) -> Any:
    """Tell which gains are beyond an edge; a loss of just its amount lies before it, None is before all."""
    if edge is None:
        return numpy.ones(len(gain), dtype=bool)
    return gain >= edge if edge > 0 else gain > edge


def _round_unit(amount: float) -> float:
    """Return 1, 2 or 5 times a power of ten, the largest that is not above `amount`."""
    power = float(10.0 ** floor(log10(amount)))
    return max((each * power for each in (1, 2, 5) if each * power <= amount), default=power)


def _marginal(law: Columns, reform: Columns) -> tuple[tuple[float, float, float, float], ...]:
    if "marginal" not in law or "marginal" not in reform:
        return ()
    shares = [_rates(each["marginal"], each["weight"]) for each in (law, reform)]
    return tuple(zip(_RATES[:-1], _RATES[1:], *shares, strict=True))


def _rates(rates: Array, weight: Array) -> list[float]:
    """Return which share of those with a rate lies in each step of the histogram."""
    has = ~numpy.isnan(rates)
    place = numpy.searchsorted(numpy.asarray(_RATES[1:-1]), numpy.round(rates[has], _DIGITS), side="right")
    return [_part(weight[has], place == step) for step in range(len(_RATES) - 1)]

# SPDX-License-Identifier: EUPL-1.2
"""Why a value is nothing: which of the values that its formula read would have had to be another.

It is found by trying: the formula alone is computed again with each of them changed, all else as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.model.explanations import signs
from flagstone.blocks.rules.service.engine.calculating import run
from flagstone.blocks.rules.service.engine.experiments import REFUSED, give, inputs, repeated, tiled
from flagstone.blocks.rules.service.engine.lineage import Lineage, Place
from flagstone.blocks.rules.service.engine.recording import Used
from flagstone.blocks.rules.service.engine.scaling import first_threshold

CHILDREN_MAX = 24
LIMITS_MAX = 6
CAUSES_MAX = 4
_CENT = 0.01
_YEARS = (-40, -10, 10, 40)
Change = tuple[Place, JsonValue]


@dataclass(frozen=True)
class Limit:
    """An amount that decides: a parameter's, or that of one or several values together."""

    amount: float
    parameter: str = ""
    parts: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Reason:
    """Why: `kind` is that of a sentence, `parts` the values that it names.

    `limit` is what a part would have to pass.
    """

    kind: str
    parts: tuple[Place, ...] = ()
    limit: Limit | None = None
    scale: Used | None = None


def is_nothing(value: JsonValue) -> bool:
    """Tell whether a value is nothing: 0, or no."""
    return value is False or (isinstance(value, int | float) and value == 0)


class Reasons:
    """Finds out why, each place once."""

    def __init__(self, lineage: Lineage) -> None:
        """Look into a recorded calculation."""
        self._lineage = lineage
        self._found: dict[Place, Reason] = {}
        self._inputs = tuple(inputs(lineage.simulation))

    def of(self, place: Place) -> Reason:
        """Return why the value of a place is nothing."""
        if place not in self._found:
            self._found[place] = self._plainly(place) or self._by_trying(place)
        return self._found[place]

    def _plainly(self, place: Place) -> Reason | None:
        lineage = self._lineage
        if lineage.is_input(place.array):
            return Reason("stated" if lineage.is_stated(place) else "unstated")
        if not lineage.formula(place):
            return Reason("ruleless" if lineage.variable(place).formulas else "unstated")
        return self._balance(place)

    def _balance(self, place: Place) -> Reason | None:
        """Tell whether what is added and what is taken off are the same."""
        amounts = [self._lineage.value(each) for each in self._lineage.children(place)]
        floats = [each for each in amounts if isinstance(each, float) and each]
        value = self._lineage.value(place)
        if isinstance(value, float) and len(floats) > 1 and len(floats) <= CAUSES_MAX and signs(0, floats):
            return Reason("balance")
        return None

    def _by_trying(self, place: Place) -> Reason:
        children = self._lineage.children(place)[:CHILDREN_MAX]
        changes = [(each, other) for each in children for other in self._others(each)]
        helps = self._helps(place, changes)
        wanted = 1 if 1 in helps else -1
        helping = [change for change, way in zip(changes, helps, strict=True) if way == wanted]
        return (
            self._empty(helping)
            or self._scale(place)
            or self._amount(place, helping)
            or self._condition(helping)
            or self._other(helping)
            or self._together(place, children)
            or self._parameter(place)
            or Reason("rule")
        )

    def _condition(self, helping: Sequence[Change]) -> Reason | None:
        """Return the first condition that decides; an amount that could help is told before it."""
        truths = [each for each, other in helping if isinstance(other, bool)]
        return Reason("is", (truths[0],)) if truths else None

    def _empty(self, helping: Sequence[Change]) -> Reason | None:
        """Return the amounts that are nothing, when one of them would be enough."""
        amounts = [each for each, other in helping if not isinstance(other, bool)]
        empty = dict.fromkeys(each for each in amounts if is_nothing(self._lineage.value(each)))
        if len(empty) == 1:
            return Reason("is", tuple(empty))
        return Reason("together", tuple(empty)[:CAUSES_MAX]) if empty else None

    def _scale(self, place: Place) -> Reason | None:
        count = self._lineage.population(place).count
        for used in self._lineage.nodes[place.array].scales:
            if len(used.base) == count and not used.result[place.at]:
                limit = first_threshold(used, place.at)
                if limit is not None and float(used.base[place.at]) <= limit:
                    return Reason("scale", limit=Limit(limit, used.name), scale=used)
        return None

    def _amount(self, place: Place, helping: Sequence[Change]) -> Reason | None:
        """Return an amount that is too little or too much, and for what."""
        for child, other in helping:
            value = self._lineage.value(child)
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not isinstance(other, int | float)
            ):
                continue
            more = other > value
            limit = self._limit(place, child, more=more)
            if limit is None:
                return Reason("low" if more else "high", (child,))
            if len(limit.parts) > 1:
                return Reason("covered", (child,), limit)
            return Reason("below" if more else "above", (child,), limit)
        return None

    def _limit(self, place: Place, child: Place, *, more: bool) -> Limit | None:
        """Return the parameter or value at which a child's being more, or less, begins to help."""
        value = self._lineage.value(child)
        if not isinstance(value, int | float):
            return None
        near = sorted(self._limits(place, child), key=lambda each: abs(each.amount - value))
        known = [each for each in near if (each.amount >= value if more else each.amount <= value)]
        del known[LIMITS_MAX:]
        steps: tuple[float, ...] = (-_CENT, _CENT, 1.0) if isinstance(value, float) else (-1, 0, 1)
        changes: list[Change] = []
        for each in known:
            exact = each.amount if isinstance(value, float) else int(each.amount)
            changes += [(child, exact + step if more else exact - step) for step in steps]
        helps = self._helps(place, changes)
        for at, each in enumerate(known):
            before, *after = helps[at * len(steps) : (at + 1) * len(steps)]
            if before == 0 and 1 in after:
                return each
        return None

    def _limits(self, place: Place, child: Place) -> list[Limit]:
        """Return the parameters and other amounts of a step, each alone and the amounts together."""
        found = [
            Limit(float(read.value), parameter=read.name)
            for read in self._lineage.nodes[place.array].parameters
            if isinstance(read.value, int | float) and not isinstance(read.value, bool)
        ]
        amounts = {
            each: value
            for each in self._lineage.children(place)
            if each != child and isinstance(value := self._lineage.value(each), float) and value
        }
        found += [Limit(value, parts=(each,)) for each, value in amounts.items()]
        if len(amounts) > 1:
            found.append(Limit(sum(amounts.values()), parts=tuple(amounts)))
        return found

    def _other(self, helping: Sequence[Change]) -> Reason | None:
        return Reason("other", (helping[0][0],)) if helping else None

    def _together(self, place: Place, children: Sequence[Place]) -> Reason | None:
        """Return the conditions and amounts that are nothing, when all of them together are why."""
        empty = [each for each in children if is_nothing(self._lineage.value(each))]
        changes = [(each, self._others(each)[0]) for each in empty if self._others(each)]
        if len(changes) > 1 and self._helps(place, changes, at_once=True)[0]:
            return Reason("together", tuple(each for each, _ in changes)[:CAUSES_MAX])
        return None

    def _parameter(self, place: Place) -> Reason | None:
        for read in self._lineage.nodes[place.array].parameters:
            if isinstance(read.value, int | float) and read.value == 0:
                return Reason("parameter", limit=Limit(0.0, read.name))
        return None

    def _others(self, place: Place) -> list[JsonValue]:
        """Return what a value might have been, far off enough to tell."""
        value = self._lineage.value(place)
        variable = self._lineage.variable(place)
        if isinstance(value, bool):
            return [not value]
        if isinstance(value, float):
            return [1_000.0, 1_000_000.0] if value == 0 else [2 * value + 1_000, 100 * value + 100_000, 0.0]
        if isinstance(value, int):
            return [1, 12] if value == 0 else [value + 1, 2 * value + 12, 0]
        if variable.value_type is date and isinstance(value, str):
            return _moved(value)
        if variable.possible_values is not None:
            return [each.name for each in variable.possible_values if each.name != value][:CAUSES_MAX]
        return []

    def _helps(self, place: Place, changes: Sequence[Change], *, at_once: bool = False) -> list[int]:
        """Tell of each change, or all at once: 1 if the value is something then, -1 below nothing, else 0."""
        if not changes:
            return []
        groups = [list(changes)] if at_once else [[each] for each in changes]
        try:
            found = self._computed(place, groups)
        except REFUSED:
            if len(groups) == 1:
                return [0]
            half = len(changes) // 2
            return [*self._helps(place, changes[:half]), *self._helps(place, changes[half:])]
        count = self._lineage.population(place).count
        return [
            _way(self._lineage.of(found[number * count : (number + 1) * count], place))
            for number in range(len(groups))
        ]

    def _computed(self, place: Place, groups: Sequence[Sequence[Change]]) -> Any:
        """Return the place's array for each group of changes, one after the other."""
        lineage, times = self._lineage, len(groups)
        simulation = repeated(lineage.simulation, times)
        node = lineage.nodes[place.array]
        arrays = {key: tiled(array, times) for key, array in self._inputs}
        for key in node.children:
            if lineage.nodes[key].value is not None:
                arrays[key] = tiled(lineage.nodes[key].value, times)
        for number, group in enumerate(groups):
            for child, other in group:
                count = lineage.population(child).count
                encoded = lineage.variable(child).check_set_value(other)
                arrays[child.array][number * count + child.at] = encoded
        for key, array in arrays.items():
            give(simulation, key, array)
        return run(simulation, place.name, place.period, str(place.period))


def _way(value: JsonValue) -> int:
    if is_nothing(value):
        return 0
    return -1 if isinstance(value, int | float) and value < 0 else 1


def _moved(day: str) -> list[JsonValue]:
    found: list[JsonValue] = []
    for years in _YEARS:
        with suppress(ValueError):
            moved = date.fromisoformat(day)
            found.append(moved.replace(year=moved.year + years, day=min(moved.day, 28)).isoformat())
    return found

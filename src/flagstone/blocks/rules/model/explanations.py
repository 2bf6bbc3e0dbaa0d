# SPDX-License-Identifier: EUPL-1.2
"""Which few of a calculation's many steps are told, so that they still lead from the value to its reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import combinations

FADING = 0.7
"""How much less an amount weighs one step further from the value that was asked for."""


@dataclass(frozen=True)
class Weight:
    """How much a step matters: a reason for nothing, one that an input moves, its amount.

    `kind` is the same for values of which one stands for all, as the twelve months of a year.
    """

    reason: bool = False
    decisive: bool = False
    size: float = 0.0
    kind: str = ""

    @property
    def matters(self) -> bool:
        """Tell whether it is worth a line."""
        return self.reason or self.decisive or self.size > 0


@dataclass(frozen=True)
class Line:
    """A step that is told, of what is told that it is made from, and how many are left out."""

    key: str
    from_: tuple[str, ...]
    more: int


Children = Callable[[str], Sequence[str]]
Weigh = Callable[[str], Weight]


def lines(root: str, children: Children, weigh: Weigh, *, most: int, closely: bool = False) -> list[Line]:
    """Return at most `most` steps, the first `root`, each after one that it belongs to.

    The weightiest come first; `closely` tells everything right below the root before anything further.
    """
    told = _chosen(root, children, weigh, most=most, closely=closely)
    ordered: dict[str, Line] = {}
    waiting = [root]
    while waiting:
        key = waiting.pop()
        if key in ordered:
            continue
        below = children(key)
        from_ = tuple(each for each in below if each in told and each != key)
        ordered[key] = Line(key, from_, len(below) - len(from_))
        waiting.extend(reversed(from_))
    return list(ordered.values())


def _chosen(root: str, children: Children, weigh: Weigh, *, most: int, closely: bool) -> set[str]:
    told: set[str] = set()
    heap: list[tuple[tuple[float, ...], int, int, str]] = [((0.0,), 0, 0, root)]
    seen = {root}
    while heap and len(told) < most:
        _rank, _number, depth, key = heappop(heap)
        told.add(key)
        whole = closely and depth == 0
        for each in children(key) if whole else _standing(children(key), weigh):
            if each not in seen:
                seen.add(each)
                heappush(heap, (_rank_of(weigh(each), depth + 1, near=whole), len(seen), depth + 1, each))
    return told


def _standing(keys: Sequence[str], weigh: Weigh) -> list[str]:
    """Return the keys that matter, of each kind the weightiest only."""
    best: dict[str, str] = {}
    for key in keys:
        weight = weigh(key)
        if weight.matters:
            name = weight.kind or key
            known = best.get(name)
            if known is None or _rank_of(weight, 0) < _rank_of(weigh(known), 0):
                best[name] = key
    return list(best.values())


def _rank_of(weight: Weight, depth: int, *, near: bool = False) -> tuple[float, ...]:
    """Return what sorts the weightier first."""
    return (not near, not weight.reason, not weight.decisive, -weight.size * FADING**depth, depth)


PARTS_MAX = 8
_HALF_CENT = 0.005


def signs(total: float, parts: Sequence[float]) -> tuple[int, ...] | None:
    """Return with which signs the parts make up the total to the cent, the fewest minus; None if they don't.

    Up to eight parts are tried; more must simply add up.
    """
    if not parts:
        return None
    if abs(sum(parts) - total) <= _HALF_CENT:
        return (1,) * len(parts)
    if len(parts) > PARTS_MAX:
        return None
    for count in range(1, len(parts) + 1):
        for taken in combinations(range(len(parts)), count):
            if abs(sum(parts) - 2 * sum(parts[each] for each in taken) - total) <= _HALF_CENT:
                return tuple(-1 if each in taken else 1 for each in range(len(parts)))
    return None

# SPDX-License-Identifier: EUPL-1.2
"""Which brackets of a scale an amount went through, and what each made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy
from openfisca_core.taxscales import AmountTaxScaleLike, LinearAverageRateTaxScale, SingleAmountTaxScale

from flagstone.blocks.rules.contract.explanation import Bracket
from flagstone.blocks.rules.service.engine.recording import Used


def brackets(used: Used, index: int) -> tuple[Bracket, ...]:
    """Return the brackets that the amount at `index` reached, whose results make up the scale's."""
    base, factor = float(used.base[index]), _at(used.factor, index)
    if isinstance(used.scale, LinearAverageRateTaxScale):
        return _average(used, index, base)
    if isinstance(used.scale, SingleAmountTaxScale):
        return _single(used, index, base)
    return tuple(_marginal(used, base, factor))


def together(used: Used, indices: list[int]) -> tuple[Bracket, ...]:
    """Return the brackets of several amounts, each with the sums of what fell into it and what it made."""
    merged: dict[int, Bracket] = {}
    for index in indices:
        for each in brackets(used, index):
            known = merged.get(each.number, replace(each, base=0.0, result=0.0))
            whole = replace(each, base=known.base + each.base, result=known.result + each.result)
            merged[each.number] = whole
    return tuple(merged[number] for number in sorted(merged))


def first_threshold(used: Used, index: int) -> float | None:
    """Return from which amount on a scale gives anything; None when it never does."""
    amounts = used.scale.amounts if isinstance(used.scale, AmountTaxScaleLike) else used.scale.rates
    for threshold, each in zip(used.scale.thresholds, amounts, strict=True):
        if each:
            return float(threshold) * _at(used.factor, index)
    return None


def _at(value: Any, index: int) -> float:
    return float(value[index] if isinstance(value, numpy.ndarray) and value.ndim else value)


def _marginal(used: Used, base: float, factor: float) -> Iterator[Bracket]:
    scale = used.scale
    amounts = isinstance(scale, AmountTaxScaleLike)
    steps = scale.amounts if amounts else scale.rates
    moved = [_rounded(float(each) * factor, used.decimals) for each in scale.thresholds]
    for number, (low, high, step) in enumerate(zip(moved, [*moved[1:], float("inf")], steps, strict=True)):
        part = _rounded(max(min(base, high) - low, 0.0), used.decimals)
        if part <= 0:
            continue
        if amounts:
            yield Bracket(number, low, amount=float(step), base=part, result=float(step))
        else:
            yield Bracket(
                number, low, rate=float(step), base=part, result=_rounded(part * float(step), used.decimals)
            )


def _single(used: Used, index: int, base: float) -> tuple[Bracket, ...]:
    result = float(used.result[index])
    at = max((n for n, each in enumerate(used.scale.thresholds) if each <= base), default=None)
    if at is None:
        return ()
    return (Bracket(at, float(used.scale.thresholds[at]), amount=result, base=base, result=result),)


def _average(used: Used, index: int, base: float) -> tuple[Bracket, ...]:
    result = float(used.result[index])
    at = max((n for n, each in enumerate(used.scale.thresholds) if each <= base), default=None)
    if at is None or not base:
        return ()
    return (Bracket(at, float(used.scale.thresholds[at]), rate=result / base, base=base, result=result),)


def _rounded(value: float, decimals: int | None) -> float:
    return value if decimals is None else float(numpy.round(value, decimals))

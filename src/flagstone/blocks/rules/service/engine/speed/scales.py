# SPDX-License-Identifier: EUPL-1.2
"""Tax scales over many people go bracket by bracket, in place of tables of people by brackets.

Sums of many people may differ from OpenFisca's in the last bit, which depends there on how many are computed
together. A few people, as in every decision, are left to OpenFisca.
"""

from __future__ import annotations

from typing import Any

import numpy
from openfisca_core.taxscales import marginal_rate_tax_scale
from openfisca_core.taxscales.marginal_rate_tax_scale import MarginalRateTaxScale

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced
from flagstone.blocks.rules.service.engine.speed.uniform import is_uniform, repeated

MANY = 2_048
_CALC = Target(marginal_rate_tax_scale, "MarginalRateTaxScale.calc")
_plain_calc = MarginalRateTaxScale.calc
_EPSILON = numpy.finfo(numpy.float64).eps


def _calc(self: Any, tax_base: Any, factor: Any = 1.0, round_base_decimals: int | None = None) -> Any:
    """Return the tax for each base."""
    if len(tax_base) < MANY or not self.thresholds:
        if type(tax_base) is numpy.ndarray and self.thresholds:
            return _few(self, tax_base, factor, round_base_decimals)
        return _plain_calc(self, tax_base, factor, round_base_decimals)
    if is_uniform(factor):
        factor = factor[:1]
    if is_uniform(tax_base) and numpy.size(factor) == 1:
        return repeated(_by_brackets(self, tax_base[:1], factor, round_base_decimals), len(tax_base))
    return _by_brackets(self, tax_base, factor, round_base_decimals)


def _by_brackets(self: Any, tax_base: Any, factor: Any, round_base_decimals: int | None) -> Any:
    factors = factor + _EPSILON
    total = numpy.zeros(len(tax_base))
    low = _threshold(factors, self.thresholds[0], round_base_decimals)
    for rate, following in zip(self.rates, [*self.thresholds[1:], numpy.inf], strict=True):
        high = _threshold(factors, following, round_base_decimals)
        part = numpy.minimum(tax_base, high, dtype=numpy.float64)
        part -= low
        numpy.maximum(part, 0, out=part)
        if round_base_decimals is not None:
            numpy.round(part, round_base_decimals, out=part)
        part *= rate
        if round_base_decimals is not None:
            numpy.round(part, round_base_decimals, out=part)
        total += part
        low = high
    return total


def _few(self: Any, tax_base: Any, factor: Any, decimals: int | None) -> Any:
    """Return OpenFisca's sums to the last bit, from tables of the same layout made in fewer steps."""
    base = numpy.empty((len(self.thresholds), len(tax_base)), dtype=tax_base.dtype)
    base[:] = tax_base
    factors = numpy.ones(len(tax_base)) * factor + _EPSILON
    bounds = factors[:, None] * numpy.array([*self.thresholds, numpy.inf])
    if decimals is not None:
        bounds = numpy.round(bounds, decimals)
    parts = numpy.maximum(numpy.minimum(base.T, bounds[:, 1:]) - bounds[:, :-1], 0)
    if decimals is None:
        return numpy.dot(self.rates, parts.T)
    rates = numpy.empty((len(tax_base), len(self.rates)))
    rates[:] = self.rates
    return numpy.round(rates * numpy.round(parts, decimals), decimals).sum(axis=1)


def _threshold(factors: Any, threshold: float, decimals: int | None) -> Any:
    moved = factors * threshold
    return moved if decimals is None else numpy.round(moved, decimals)


def _by_bracket() -> Undo:
    return replaced((_CALC, _calc))


HOOK = Hook("scales-by-bracket", (_CALC,), frozenset({"5030ddb580c3e3ca"}), _by_bracket)

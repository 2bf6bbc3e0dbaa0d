# SPDX-License-Identifier: EUPL-1.2
"""Periods and instants are parsed and moved once each, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from openfisca_core.periods import _parsers, helpers, instant_, period_
from openfisca_core.periods.instant_ import Instant
from openfisca_core.periods.period_ import Period

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced

REMEMBERED = 65_536  # of each kind; a law with its households asks for some hundred different ones

_PARSED_INSTANT, _PARSED_PERIOD = Target(helpers, "parse_instant"), Target(helpers, "parse_period")
_WEIGHTS = Target(helpers, "unit_weights")
_MOVED_INSTANT, _MOVED_PERIOD = Target(instant_, "Instant.offset"), Target(period_, "Period.offset")


def _remember() -> Undo:
    weights = helpers.unit_weights()
    return replaced(
        (_PARSED_INSTANT, lru_cache(REMEMBERED)(_parsers.parse_instant)),
        (_PARSED_PERIOD, lru_cache(REMEMBERED)(_parsers.parse_period)),
        (_WEIGHTS, lambda: weights),
        (_MOVED_INSTANT, _method(Instant.offset)),
        (_MOVED_PERIOD, _method(Period.offset)),
    )


def _method(function: Callable[..., object]) -> Callable[..., object]:
    """Return a function that a class may bind, which remembers what `function` answered."""
    remembered = lru_cache(REMEMBERED)(function)

    def moved(self: object, offset: object, unit: object = None) -> object:
        return remembered(self, offset, unit)

    return moved


_STOP = Target(period_, "Period.stop")
_plain_stop: Any = Period.stop


def _remember_ends() -> Undo:
    return replaced((_STOP, property(lru_cache(REMEMBERED)(_plain_stop.fget))))


ENDS = Hook("ends-remembered", (_STOP,), frozenset({"08c39fcc873710e1"}), _remember_ends)
HOOK = Hook(
    "times-remembered",
    (_PARSED_INSTANT, _PARSED_PERIOD, _WEIGHTS, _MOVED_INSTANT, _MOVED_PERIOD),
    frozenset({"d990513b30a0e8ef", "fc8088ba16d665fe"}),
    _remember,
)

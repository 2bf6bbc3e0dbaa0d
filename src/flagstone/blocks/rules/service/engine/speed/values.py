# SPDX-License-Identifier: EUPL-1.2
"""What a variable accepts and how its values are shown, found out once for all situations."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from math import isfinite
from typing import Any

import numpy
from openfisca_core import holders
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import DateUnit

from flagstone.blocks.rules.service.engine.calculating import plain

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPREADING = (holders.set_input_dispatch_by_period, holders.set_input_divide_by_period)


class Unusual(Exception):
    """A situation is not of the usual kind."""


class Known:
    """A variable, with what would otherwise be asked of it again for every value."""

    def __init__(self, variable: Any) -> None:
        """Look at a variable of OpenFisca."""
        kind = variable.value_type
        self.variable = variable
        self.name = variable.name
        self.key, self.plural = variable.entity.key, variable.entity.plural
        self.unit = variable.definition_period
        self.eternal = self.unit == DateUnit.ETERNITY
        self.end = variable.end
        self._filled = None if kind is Enum else variable.default_value
        self.taken = _reader(variable)
        self.shown = _writer(variable)
        divides = variable.set_input is _SPREADING[1]
        self._plainly = variable.set_input is None or (
            variable.set_input in _SPREADING and not self.eternal and not (divides and kind is not float)
        )

    def defaults(self, count: int) -> Any:
        """Return an array of so many values that are not given."""
        if self._filled is None:
            return self.variable.default_array(count)
        array = numpy.empty(count, dtype=self.variable.dtype)
        array.fill(self._filled)
        return array

    def asked(self, period: Any) -> Any:
        """Return a period for which the variable can be computed; Unusual for another."""
        if self.eternal or (period[0] == self.unit and period[2] == 1):
            return period
        raise Unusual

    def stores(self, period: Any) -> bool:
        """Tell whether an input for a period is kept as it is; Unusual when it cannot be one."""
        if self.eternal:
            if not self._plainly:
                raise Unusual
            return True
        if period[0] == DateUnit.ETERNITY:
            raise Unusual
        return self._plainly and period[0] == self.unit and period[2] == 1


def _reader(variable: Any) -> Callable[[Any], Any]:
    """Return what turns a JSON value into one for the variable's array, or raises Unusual."""
    kind = variable.value_type
    if kind is Enum:
        indices = {item.name: item.index for item in variable.possible_values}
        return indices.__getitem__  # KeyError is unusual too
    readers: dict[Any, Callable[[Any], Any]] = {float: _amount, int: _whole, bool: _truth, date: _day}
    return _text if kind is str and variable.dtype is object else readers.get(kind, _nothing)


def _amount(value: Any) -> Any:
    if (type(value) is float or type(value) is int) and isfinite(value):
        return value
    raise Unusual


def _whole(value: Any) -> Any:
    if type(value) is int:
        return value
    raise Unusual


def _truth(value: Any) -> Any:
    if type(value) is bool:
        return value
    raise Unusual


def _text(value: Any) -> Any:
    if type(value) is str:
        return value
    raise Unusual


def _day(value: Any) -> Any:
    if type(value) is str and _DAY.fullmatch(value):
        return numpy.datetime64(value, "D")
    raise Unusual


def _nothing(_value: Any) -> Any:
    raise Unusual


def _writer(variable: Any) -> Callable[[Any, int], Any]:
    """Return what shows one value of the variable's array; it may return None for a number that is none."""
    kind = variable.value_type
    if kind is float:
        return _shown_amount
    if kind is int or kind is bool:
        return _shown_item
    if kind is Enum:
        names = [item.name for item in variable.possible_values]
        return lambda array, number: _shown_name(names, array, number)
    return _shown_plainly


def _shown_amount(array: Any, number: int) -> Any:
    value = array.item(number)
    return value if isfinite(value) else None


def _shown_item(array: Any, number: int) -> Any:
    return array.item(number)


def _shown_name(names: list[str], array: Any, number: int) -> Any:
    index = array.item(number)
    return names[index] if 0 <= index < len(names) else plain(array[number : number + 1])[0]


def _shown_plainly(array: Any, number: int) -> Any:
    return plain(array[number : number + 1])[0]

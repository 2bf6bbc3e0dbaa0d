# SPDX-License-Identifier: EUPL-1.2
"""An array of many people who all have the same value keeps that value once.

Most values of a law are nothing for most people. Such an array cannot be written to: a formula that writes
where it should only read is run again with arrays that can.
"""

from __future__ import annotations

from typing import Any

import numpy
from openfisca_core.indexed_enums import EnumArray

MANY = 2_048
_BITS = {"f": {4: numpy.int32, 8: numpy.int64}}
_REFUSED = "read-only"


def uniform(array: Any) -> Any:
    """Return an array with its value kept once, when there are many and all are the same to the last bit."""
    count = len(array)
    if count < MANY or array.dtype.hasobject or array.strides[0] == 0:
        return array
    plain = array.view(numpy.ndarray)
    bits = _BITS.get(plain.dtype.kind, {}).get(plain.dtype.itemsize)
    plain = plain.view(bits) if bits is not None else plain
    first = plain[0]
    if plain[-1] != first or plain[count // 2] != first or not (plain == first).all():
        return array
    return repeated(array, count)


def repeated(array: Any, count: int) -> Any:
    """Return the first value of an array so many times, kept once; an enumeration stays one."""
    one = array[:1].view(numpy.ndarray).copy()
    many = numpy.ndarray((count,), one.dtype, one, 0, (0,))
    many.flags.writeable = False
    names: Any = getattr(array, "possible_values", None)
    return EnumArray(many, names) if type(array) is EnumArray else many


def is_uniform(array: Any) -> bool:
    """Tell whether an array keeps its value once."""
    return type(array) is numpy.ndarray and array.strides == (0,) and len(array) >= MANY


def refused(error: ValueError, simulation: Any) -> bool:
    """Tell whether a formula tried to write into an array that keeps its value once; then spread them all."""
    if _REFUSED not in str(error) or simulation.__dict__.get("_spread"):
        return False
    simulation.__dict__["_spread"] = True
    for population in simulation.populations.values():
        for holder in population._holders.values():
            arrays = holder._memory_storage._arrays
            for period, array in arrays.items():
                if not array.flags.writeable:
                    arrays[period] = array.copy()
    return True

# SPDX-License-Identifier: EUPL-1.2
"""Amounts of money to the cent: how they are kept, and the roundings of section 1 of the General Act."""

from typing import Any

import numpy
from numpy.typing import NDArray
from openfisca_core.variables import Variable

_NOISE = 2.0**-49
_BASIS = 10_000


class Amount(Variable):
    """An amount in XAM, or a share of one, kept in 64 bits whatever OpenFisca is set to."""

    def __init__(self, baseline_variable: Any = None) -> None:
        """Take the attributes of the class as any variable does, and widen the array."""
        super().__init__(baseline_variable)
        self.dtype = numpy.dtype(numpy.float64)


def cents(amount: NDArray[Any]) -> Any:
    """Return amounts in XAM rounded to the cent, half a cent away from zero; exact to 1e9 XAM.

    Half a cent is judged on the decimal value: what is short of it by no more than the noise of a few binary
    operations (eight units in the last place) is half a cent. A difference has more noise than that, measured
    by what is left of it: bring it to cents before you multiply it. Section 1 (2).
    """
    scaled = numpy.abs(amount) * 100
    return numpy.copysign(numpy.floor(scaled * (1 + _NOISE) + 0.5), amount) / 100 + 0.0


def whole(amount: NDArray[Any]) -> Any:
    """Return amounts of whole cents, not below zero, rounded down to whole XAM. Section 1 (3)."""
    return numpy.floor_divide(numpy.rint(amount * 100), 100)


def share(part: NDArray[Any], total: NDArray[Any]) -> Any:
    """Return `part` of `total` as a share of four decimals, half rounded up; 0 of nothing. Section 1 (4).

    Both are amounts from 0 to 1e9 XAM; reckoned in whole numbers.
    """
    above = numpy.rint(part * 100).astype(numpy.int64)
    below = numpy.rint(total * 100).astype(numpy.int64)
    some = numpy.maximum(below, 1)
    return numpy.where(below > 0, (2 * above * _BASIS + some) // (2 * some), 0) / _BASIS

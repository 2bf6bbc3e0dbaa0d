# SPDX-License-Identifier: EUPL-1.2
"""Amounts of 64 bits: plain OpenFisca computes money in 32, which is a cent off at 170,000 already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import numpy
from openfisca_core.variables import config

BITS = 64
_WIDE = {int: numpy.int64, float: numpy.float64}
_LOCK = RLock()


@contextmanager
def wide() -> Iterator[None]:
    """Give every variable that is made inside 64-bit amounts; others keep what they have."""
    with _LOCK:
        narrow = {kind: config.VALUE_TYPES[kind]["dtype"] for kind in _WIDE}
        for kind, dtype in _WIDE.items():
            config.VALUE_TYPES[kind]["dtype"] = dtype
        try:
            yield
        finally:
            for kind, dtype in narrow.items():
                config.VALUE_TYPES[kind]["dtype"] = dtype

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
_chosen = BITS


def bits() -> int:
    """Return the width of amounts in this process."""
    return _chosen


def stay_narrow() -> None:
    """Leave the process's amounts at OpenFisca's 32 bits: for tests that expect the errors these make."""
    global _chosen  # noqa: PLW0603 - a width is a process's for life
    _chosen = 32


@contextmanager
def wide() -> Iterator[None]:
    """Give every variable that is made inside 64-bit amounts; others keep what they have."""
    if _chosen != BITS:
        yield
        return
    with _LOCK:
        narrow = {kind: config.VALUE_TYPES[kind]["dtype"] for kind in _WIDE}
        for kind, dtype in _WIDE.items():
            config.VALUE_TYPES[kind]["dtype"] = dtype
        try:
            yield
        finally:
            for kind, dtype in narrow.items():
                config.VALUE_TYPES[kind]["dtype"] = dtype

# SPDX-License-Identifier: EUPL-1.2
"""The two ways to compute: as OpenFisca does it, repaired, and the same faster."""

from __future__ import annotations

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.service.engine import tracing
from flagstone.blocks.rules.service.engine.hooks import Hook, Installed, install
from flagstone.blocks.rules.service.engine.repairs import REPAIRS
from flagstone.blocks.rules.service.engine.speed import (
    copies,
    parameters,
    roles,
    scales,
    situations,
    stepping,
    tables,
    times,
    vectors,
)

SPEED = (
    copies.HOOK,
    times.HOOK,
    times.ENDS,
    tables.HOOK,
    parameters.HOOK,
    stepping.HOOK,
    scales.HOOK,
    roles.HOOK,
    vectors.HOOK,
    situations.HOOK,
)

_BOTH = (*REPAIRS, tracing.HOOK)
_HOOKS: dict[Mode, tuple[Hook, ...]] = {Mode.REFERENCE: _BOTH, Mode.FAST: (*_BOTH, *SPEED)}


def enter(mode: Mode) -> Installed:
    """Put the hooks of a mode in place, for this whole process until they are taken out again."""
    return install(_HOOKS[mode])

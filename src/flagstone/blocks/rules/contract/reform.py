# SPDX-License-Identifier: EUPL-1.2
"""A reform: what would be different from the law as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flagstone.blocks.rules.contract.calculation import JsonValue

Dated = Mapping[str, JsonValue]
"""Values by when they hold: from a day (`2027-01-01`) until changed again, or `DAY:DAY` inclusive."""


@dataclass(frozen=True)
class Reform:
    """Changes of parameters, variables switched off, and reforms that are packages, applied in that order.

    `parameters` names a parameter by its dotted path; a bracket of a scale by its number from 0 and its part
    (`income_tax.scale[1].rate`); a number after the last is a new bracket, and needs each of its parts.
    `neutralized` names variables that count as their default. `packages` are dotted paths of reform classes,
    and only those that a site admits are loaded.
    """

    name: str = ""
    parameters: Mapping[str, Dated] = field(default_factory=dict)
    neutralized: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Tell whether the law stays as it is."""
        return not (self.parameters or self.neutralized or self.packages)

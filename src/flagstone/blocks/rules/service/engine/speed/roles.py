# SPDX-License-Identifier: EUPL-1.2
"""Roles of many people are compared as numbers instead of as objects."""

from __future__ import annotations

from typing import Any

import numpy
from openfisca_core.populations import group_population, population
from openfisca_core.populations.population import Population
from openfisca_core.projectors import projectable

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced

MANY = 64
_HAS_ROLE = Target(population, "Population.has_role")
_ROLES = Target(group_population, "GroupPopulation.members_role")
_plain_has_role = Population.has_role


def _has_role(self: Any, role: Any) -> Any:
    """Tell for each person whether she has the role, or one of its parts."""
    group = self.simulation.get_population(role.entity.plural) if self.simulation and role else None
    if group is None or self.count < MANY:
        return _plain_has_role(self, role)
    codes, numbers = _codes(group)
    wanted = [numbers[each] for each in role.subroles or (role,) if each in numbers]
    if not wanted:
        return numpy.zeros(len(codes), dtype=bool)
    return codes == wanted[0] if len(wanted) == 1 else numpy.isin(codes, wanted)


def _codes(group: Any) -> tuple[Any, dict[Any, int]]:
    """Return a number for each person's role and what the numbers mean; made once for an array of roles."""
    roles = group.members_role
    known = group.__dict__.get("_role_codes")
    if known is None or known[0] is not roles:
        numbers = {role: number for number, role in enumerate(group.entity.flattened_roles)}
        codes = numpy.fromiter((numbers.get(role, -1) for role in roles), dtype=numpy.int8, count=len(roles))
        known = group.__dict__["_role_codes"] = (roles, codes, numbers)
    return known[1], known[2]


def _by_number() -> Undo:
    return replaced((_HAS_ROLE, projectable(_has_role)))


HOOK = Hook("roles-by-number", (_HAS_ROLE, _ROLES), frozenset({"0c303fc6c21ca96c"}), _by_number)

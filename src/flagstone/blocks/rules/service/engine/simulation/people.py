# SPDX-License-Identifier: EUPL-1.2
"""Some households in arrays, and the simulation of OpenFisca that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
from openfisca_core.errors import PeriodMismatchError
from openfisca_core.simulations import SimulationBuilder

from flagstone.blocks.rules.contract.faults import CalculationFailed
from flagstone.blocks.rules.service.engine.loading import Law

Array = Any
"""A numpy array."""


@dataclass(frozen=True)
class Grouping:
    """The groups of one kind: each person's group and role, and each group's household, by number from 0.

    A role's number is its place among the flattened roles of the entity.
    """

    groups: Array
    roles: Array
    homes: Array


@dataclass(frozen=True)
class Input:
    """A variable's values for a period, one for each instance of its entity."""

    variable: str
    period: str
    values: Array


@dataclass(frozen=True)
class People:
    """Households with their weights, and each person's household (`homes`), by number from 0, in order.

    `groups` are by the key of their entity, `inputs` in the order in which they are set.
    """

    weights: Array
    homes: Array
    groups: Mapping[str, Grouping]
    inputs: tuple[Input, ...]

    @property
    def households(self) -> int:
        """How many households there are."""
        return len(self.weights)

    def of_homes(self, entity: str) -> Array:
        """Return the household of each instance of an entity: of each person, or each group."""
        return self.groups[entity].homes if entity in self.groups else self.homes


def simulation_of(law: Law, people: People) -> Any:
    """Return a simulation of these people; CalculationFailed when the law takes none of such inputs."""
    builder = SimulationBuilder()
    builder.create_entities(law.system)
    builder.declare_person_entity(law.catalogue.persons.key, range(len(people.homes)))
    for key, grouping in people.groups.items():
        group = builder.declare_entity(key, range(len(grouping.homes)))
        builder.join_with_persons(group, grouping.groups, grouping.roles)
    simulation = builder.build(law.system)
    for each in people.inputs:
        try:
            simulation.set_input(each.variable, each.period, numpy.array(each.values))
        except (ValueError, TypeError, PeriodMismatchError) as wrong:
            raise CalculationFailed(f"{each.variable}<{each.period}> is no input of this law") from wrong
    return simulation


def seats(law: Law, entity: str) -> dict[str, tuple[int, ...]]:
    """Return the numbers that a role may take in a group, in the order of taking; by each name of it.

    One number means that every person of that role has it.
    """
    found = next(each for each in law.system.group_entities if each.key == entity)
    numbers = {role.key: number for number, role in enumerate(found.flattened_roles)}
    taken: dict[str, tuple[int, ...]] = {}
    for role in found.roles:
        places = tuple(numbers[each.key] for each in role.subroles or (role,))
        taken |= {role.key: places, role.plural or role.key: places}
    return taken | {key: (number,) for key, number in numbers.items() if key not in taken}

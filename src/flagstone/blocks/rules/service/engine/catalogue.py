# SPDX-License-Identifier: EUPL-1.2
"""Says what a loaded law speaks of, as plain values."""

from __future__ import annotations

from typing import Any

from flagstone.blocks.rules.contract.catalogue import Catalogue, Entity, PeriodUnit, Role, ValueKind, Variable


def catalogue_of(system: Any) -> Catalogue:
    """Return the entities and variables of OpenFisca's `system`."""
    entities = {each.plural: entity_of(each) for each in system.entities}
    variables = {name: variable_of(each) for name, each in system.variables.items()}
    return Catalogue(entities, variables)


def entity_of(entity: Any) -> Entity:
    """Return an entity; the one of persons has no roles."""
    roles = () if entity.is_person else tuple(_role(each) for each in entity.roles)
    return Entity(entity.key, entity.plural, roles)


def _role(role: Any) -> Role:
    subroles = tuple(each.key for each in role.subroles or ())
    return Role(role.key, role.plural or "", role.max, subroles)


def variable_of(variable: Any) -> Variable:
    """Return a variable with the dates of its formulas."""
    kind = ValueKind(variable.value_type.__name__)
    return Variable(
        name=variable.name,
        entity=variable.entity.key,
        kind=kind,
        period=PeriodUnit(str(variable.definition_period)),
        label=variable.label or "",
        references=tuple(variable.reference or ()),
        values=tuple(each.name for each in variable.possible_values) if kind is ValueKind.ENUM else (),
        formulas=tuple(variable.formulas),
        end=str(variable.end) if variable.end else "",
        spreads=variable.set_input is not None,
        adds=variable.calculate_output is not None,
    )

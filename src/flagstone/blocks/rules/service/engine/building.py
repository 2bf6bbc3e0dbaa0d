# SPDX-License-Identifier: EUPL-1.2
"""Turns a situation into a simulation of OpenFisca, or says at which place it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openfisca_core.errors import PeriodMismatchError, SituationParsingError
from openfisca_core.simulations import SimulationBuilder

from flagstone.blocks.rules.contract.calculation import JsonValue, Situation
from flagstone.blocks.rules.contract.catalogue import Catalogue, Entity
from flagstone.blocks.rules.contract.faults import SituationInvalid, UnknownVariable
from flagstone.blocks.rules.model.situations import pointer
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.kernel.errors import Fault, Flaw

NOT_FOUND = 404


def build(law: Law, situation: Situation) -> Any:
    """Return a simulation with the situation's inputs; SituationInvalid or UnknownVariable with the place."""
    return built(law, situation)[0]


def built(law: Law, situation: Situation) -> tuple[Any, dict[str, dict[str, Any]]]:
    """Return what `build` does, and the arrays of the inputs by variable and period as they were given."""
    whole = completed(situation, law.catalogue)
    builder = SimulationBuilder()
    try:
        return builder.build_from_entities(law.system, whole), builder.input_buffer
    except SituationParsingError as wrong:
        raise fault_of(wrong) from None
    except PeriodMismatchError as wrong:
        raise SituationInvalid(flaws=(Flaw("", wrong.message),)) from None
    except (ValueError, TypeError, OverflowError, AttributeError) as wrong:
        reason = str(wrong) if isinstance(wrong, ValueError) else "A value is of another type than the law's."
        raise SituationInvalid(flaws=(Flaw("", reason),)) from None


def completed(situation: Situation, catalogue: Catalogue) -> dict[str, JsonValue]:
    """Return the situation with a group of her own for each person whom no group of a kind names.

    The law's engine would add such groups too, but in an order that changes from run to run.
    """
    whole = dict(situation)
    persons = situation.get(catalogue.persons.plural)
    if not isinstance(persons, Mapping):
        return whole
    for plural, entity in catalogue.entities.items():
        groups = situation.get(plural)
        if entity.roles and isinstance(groups, Mapping):
            whole[plural] = {**groups, **_alone(entity, groups, persons)}
    return whole


def _alone(
    entity: Entity, groups: Mapping[str, JsonValue], persons: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    named = {person for group in groups.values() for person in _named(entity, group)}
    first = entity.roles[0].name
    return {each: {first: [each]} for each in persons if each not in named and each not in groups}


def _named(entity: Entity, group: JsonValue) -> Iterator[str]:
    """Yield the persons whom a group lists; one alone may stand without a list."""
    for role in entity.roles:
        listed = group.get(role.name) if isinstance(group, Mapping) else None
        if isinstance(listed, str):
            yield listed
        elif isinstance(listed, list):
            yield from (each for each in listed if isinstance(each, str))


def fault_of(wrong: SituationParsingError) -> Fault:
    """Return OpenFisca's complaint as a fault with its place."""
    path: list[str] = []
    node: Any = wrong.error
    while isinstance(node, dict) and node:
        key, node = next(iter(node.items()))
        path.append(str(key))
    flaw = Flaw(pointer(*path), str(node))
    kind = UnknownVariable if wrong.code == NOT_FOUND else SituationInvalid
    return kind(flaws=(flaw,))

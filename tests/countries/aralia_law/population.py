# SPDX-License-Identifier: EUPL-1.2
"""Puts many households into one simulation of OpenFisca, as arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy
from openfisca_core.simulations import SimulationBuilder

_GROUPS = (
    ("family", "families", ("partners", "partner"), ("children", "child")),
    ("household", "households", ("adults", "adult"), ("children", "child")),
)


class Population:
    """Situations side by side; `places` says where in the arrays each key stands."""

    def __init__(self, system: Any, situations: Iterable[Mapping[str, Any]]) -> None:
        merged: dict[str, dict[str, Any]] = {"persons": {}, "families": {}, "households": {}}
        for situation in situations:
            for plural, members in merged.items():
                members.update(situation[plural])
        self.keys = {plural: list(members) for plural, members in merged.items()}
        self.places = {
            plural: {key: place for place, key in enumerate(keys)} for plural, keys in self.keys.items()
        }
        self._system, self._merged = system, merged
        self._known: dict[tuple[str, str], Any] = {}
        self.simulation = self._made(self._made(None))

    def calculate(self, name: str, period: str) -> Any:
        """Return a variable's array, from memory when it was asked before."""
        if (name, period) not in self._known:
            self._known[name, period] = self.simulation.calculate(name, period)
        return self._known[name, period]

    def _made(self, by_law: Any) -> Any:
        """Return a simulation with the stated facts.

        Where a formula's result is stated for some persons only, the others have what the simulation `by_law`
        computes; without one nothing is stated of it.
        """
        builder = SimulationBuilder()
        builder.create_entities(self._system)
        builder.declare_person_entity("person", numpy.array(self.keys["persons"]))
        for singular, plural, *roles in _GROUPS:
            self._join(builder, singular, self._merged[plural], self.keys[plural], roles)
        simulation = builder.build(self._system)
        for plural, members in self._merged.items():
            for (name, period), stated in self._columns(plural, members).items():
                variable = self._system.get_variable(name)
                if not variable.formulas:
                    values = numpy.full(len(members), variable.default_value).astype(variable.dtype)
                elif by_law is not None:
                    values = by_law.calculate(name, period).copy()
                else:
                    continue
                values[list(stated)] = numpy.array(list(stated.values())).astype(variable.dtype)
                simulation.set_input(name, period, values)
        return simulation

    def _join(
        self, builder: Any, singular: str, groups: Mapping[str, Any], keys: list[str], roles: Any
    ) -> None:
        declared = builder.declare_entity(singular, numpy.array(keys))
        group_of = numpy.empty(len(self.keys["persons"]), dtype=object)
        role_of = numpy.empty(len(self.keys["persons"]), dtype=object)
        for key, group in groups.items():
            for plural, role in roles:
                for person in group[plural]:
                    place = self.places["persons"][person]
                    group_of[place], role_of[place] = key, role
        builder.join_with_persons(declared, group_of.astype(str), roles=role_of.astype(str))

    def _columns(self, plural: str, members: Mapping[str, Any]) -> dict[tuple[str, str], dict[int, Any]]:
        columns: dict[tuple[str, str], dict[int, Any]] = defaultdict(dict)
        for key, facts in members.items():
            for name, dated in facts.items():
                if isinstance(dated, dict):
                    for period, value in dated.items():
                        columns[name, period][self.places[plural][key]] = value
        return columns

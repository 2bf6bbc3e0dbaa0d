# SPDX-License-Identifier: EUPL-1.2
"""Repairs of OpenFisca that both modes compute with: each turns a crash or a mix-up into the right answer.

* a copy of a simulation has values of its own, instead of writing into the original's;
* a group of nobody at the end counts as nobody, instead of breaking every sum;
* an input that is given after a calculation counts, instead of being taken for inconsistent with it;
* a complaint about a place whose name is a number, as a year, takes that name and not so many empty places.
"""

from __future__ import annotations

from typing import Any

import numpy
from openfisca_core.errors import SituationParsingError, situation_parsing_error
from openfisca_core.holders import Holder
from openfisca_core.holders import holder as holder_module
from openfisca_core.populations import group_population
from openfisca_core.populations.group_population import GroupPopulation
from openfisca_core.projectors import projectable

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced

_CLONE = Target(holder_module, "Holder.clone")
_SUM = Target(group_population, "GroupPopulation.sum")
_COUNT = Target(group_population, "GroupPopulation.nb_persons")
_SET_INPUT = Target(holder_module, "Holder.set_input")
_PUT_IN_CACHE = Target(holder_module, "Holder.put_in_cache")

_COMPLAINT = Target(situation_parsing_error, "SituationParsingError.__init__")

_plain_clone = Holder.clone
_plain_sum = GroupPopulation.sum
_plain_count = GroupPopulation.nb_persons
_plain_set_input = Holder.set_input
_plain_put_in_cache = Holder.put_in_cache


def _clone(self: Holder, population: Any) -> Holder:
    """Copy a holder with a store of its own; the arrays in it are shared, since none is written in place."""
    new = _plain_clone(self, population)
    store = type(self._memory_storage)(is_eternal=self._memory_storage.is_eternal)
    store._arrays = dict(self._memory_storage._arrays)
    new._memory_storage = store
    new._computed = set(getattr(self, "_computed", ()))
    return new


def _sum(self: GroupPopulation, array: Any, role: Any = None) -> Any:
    """Sum over each group's members, as many sums as there are groups."""
    if role is not None:
        return _plain_sum(self, array, role=role)
    self.members.check_array_compatible_with_entity(array)
    return numpy.bincount(self.members_entity_id, weights=array, minlength=self.count)


def _count(self: GroupPopulation, role: Any = None) -> Any:
    """Count each group's members, as many counts as there are groups."""
    if role:
        return _plain_count(self, role=role)
    return numpy.bincount(self.members_entity_id, minlength=self.count)


def _put_in_cache(self: Holder, value: Any, period: Any) -> None:
    """Keep a computed array, and note that it was computed."""
    _plain_put_in_cache(self, value, period)
    note_computed(self, period)


def note_computed(holder: Holder, period: Any) -> None:
    """Note that a holder's array of a period was computed, and is no input."""
    holder.__dict__.setdefault("_computed", set()).add(period)


def _set_input(self: Holder, period: Any, array: Any) -> Any:
    """Take an input; what was computed before it was known is forgotten.

    Outside of a calculation that is everything computed in the simulation; inside one, as when a formula sets
    an input, it is this variable's values.
    """
    simulation = self.simulation
    inside = simulation is None or simulation.tracer.stack
    for holder in (self,) if inside else _holders(simulation):
        _forget_computed(holder)
    if self.variable.value_type is float and not isinstance(array, str):
        array = numpy.asarray(array, dtype=self.variable.dtype)  # whole numbers are amounts too
    return _plain_set_input(self, period, array)


def _holders(simulation: Any) -> list[Holder]:
    return [each for population in simulation.populations.values() for each in population._holders.values()]


def _forget_computed(holder: Holder) -> None:
    for period in holder.__dict__.pop("_computed", ()):
        holder._memory_storage.delete(period)


def _complain(self: SituationParsingError, path: list[Any], message: str, code: int | None = None) -> None:
    """Keep the place as nested keys, and the message at the end."""
    node: Any = str(message).strip().replace("\n", " ")
    for key in reversed(path):
        node = {str(key): node}
    self.error = node
    self.code = code
    Exception.__init__(self, str(self.error))


def _name_places() -> Undo:
    return replaced((_COMPLAINT, _complain))


def _isolate_copies() -> Undo:
    return replaced((_CLONE, _clone))


def _count_empty_groups() -> Undo:
    return replaced((_SUM, projectable(_sum)), (_COUNT, projectable(_count)))


def _let_inputs_in() -> Undo:
    return replaced((_PUT_IN_CACHE, _put_in_cache), (_SET_INPUT, _set_input))


REPAIRS = (
    Hook("copies-are-apart", (_CLONE,), frozenset({"c5c0f100fca236dc"}), _isolate_copies),
    Hook("empty-groups-count", (_SUM, _COUNT), frozenset({"5a0d77c3faa97b93"}), _count_empty_groups),
    Hook(
        "inputs-after-calculation",
        (_SET_INPUT, _PUT_IN_CACHE),
        frozenset({"d570e361bdf4bdc1"}),
        _let_inputs_in,
    ),
    Hook("places-by-name", (_COMPLAINT,), frozenset({"e97fbda256fd4bf6"}), _name_places),
)
"""Repairs in the order in which they are put in place."""

# SPDX-License-Identifier: EUPL-1.2
"""What a variable means in a law, found out once, and where a simulation keeps its values."""

from __future__ import annotations

from typing import Any

import numpy
from openfisca_core.data_storage import InMemoryStorage
from openfisca_core.holders import Holder
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.periods import DateUnit

from flagstone.blocks.rules.service.engine.speed.uniform import uniform

FEW = 16


class Meaning:
    """What a variable says of itself, found out once for a law."""

    __slots__ = ("_few", "_many", "dtype", "eternal", "fixed", "formulas", "key", "kind", "live", "name", "unit", "variable")  # fmt: skip  # noqa: E501

    def __init__(self, variable: Any) -> None:
        """Look at a variable of OpenFisca."""
        self.variable, self.name, self.key = variable, variable.name, variable.entity.key
        self.unit = variable.definition_period
        self.eternal: bool = self.unit == DateUnit.ETERNITY
        self.live: bool = not variable.is_neutralized
        self.fixed = self.live and not variable.formulas
        self.dtype = numpy.dtype(variable.dtype)
        self.kind: Any = EnumArray if variable.value_type is Enum else numpy.ndarray
        self.formulas: dict[Any, tuple[Any, bool]] = {}
        self._few: dict[int, Any] = {}
        self._many: Any = None

    def formula(self, period: Any) -> tuple[Any, bool]:
        """Return the formula at a period's start, if there is one, and whether it reads parameters."""
        formula = self.variable.get_formula(period)
        found = self.formulas[period[1]] = (formula, formula is not None and formula.__code__.co_argcount > 2)
        return found

    def default(self, count: int) -> Any:
        """Return a new array of so many values that nobody gave and no formula computes."""
        few = self._few.get(count)
        if few is None:
            few = self.variable.default_array(count)
            if count > FEW:
                return few
            self._few[count] = few
        return few.copy()

    def shared_default(self, count: int) -> Any:
        """Return an array of so many values that nobody gave, which cannot be written to."""
        if self._many is None or len(self._many) != count:
            self._many = uniform(self.variable.default_array(count))
        return self._many

    def __deepcopy__(self, _memo: Any) -> None:
        """Leave a copy of the variable to find out anew."""


def meaning_of(variable: Any) -> Meaning:
    """Return what a variable means, kept with the variable."""
    found: Meaning | None = variable.__dict__.get("_meaning")
    if found is None or found.variable is not variable:
        found = variable.__dict__["_meaning"] = Meaning(variable)
    return found


def holder_of(population: Any, variable: Any) -> Any:
    """Return a new holder that the population keeps, as OpenFisca makes one that is in memory only."""
    simulation = population.simulation
    if simulation is None or simulation.memory_config is not None:
        return population.get_holder(variable.name)
    eternal = variable.definition_period == DateUnit.ETERNITY
    storage = InMemoryStorage.__new__(InMemoryStorage)
    storage.__dict__ = {"_arrays": {}, "is_eternal": eternal}
    holder = population._holders[variable.name] = Holder.__new__(Holder)
    holder.__dict__ = {
        "population": population,
        "variable": variable,
        "simulation": simulation,
        "_eternal": eternal,
        "_memory_storage": storage,
        "_disk_storage": None,
        "_on_disk_storable": False,
        "_do_not_store": False,
    }
    return holder

# SPDX-License-Identifier: EUPL-1.2
"""A made-up French population, computed plainly or in the fast mode; a process of its own for `rules.py`.

`rules_people.py plain|fast COUNT VARIABLE` prints one line of JSON: CPU seconds, sum, megabytes at the peak.
"""

from __future__ import annotations

import json
import resource
import sys
from time import process_time
from typing import Any

import numpy
from openfisca_core.simulations import SimulationBuilder

YEAR = "2023"
SHAPES = ((0,), (0, 1), (0, 2), (0, 1, 2), (0, 2, 2), (0, 1, 2, 2), (0, 1, 2, 2, 2))


def law(mode: str) -> Any:
    """Return France's law, with ours in place for the fast mode."""
    if mode == "plain":
        from openfisca_france import FranceTaxBenefitSystem  # noqa: PLC0415 - nothing of ours may be there

        return FranceTaxBenefitSystem()
    from flagstone.blocks.rules.contract.calculation import Mode  # noqa: PLC0415 - as above
    from flagstone.blocks.rules.contract.law import LawName  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.loading import load  # noqa: PLC0415
    from flagstone.blocks.rules.service.engine.modes import enter  # noqa: PLC0415

    enter(Mode(mode))
    return load(LawName("openfisca_france")).system


def people(system: Any, count: int) -> Any:
    """Return a simulation of households of seven shapes with incomes, ages and rents by chance."""
    chance = numpy.random.default_rng(1)
    roles: list[int] = []
    homes: list[int] = []
    while len(roles) < count:
        shape = SHAPES[int(chance.integers(len(SHAPES)))]
        homes += [homes[-1] + 1 if homes else 0] * len(shape)
        roles += shape
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("individu", range(len(roles)))
    for kind in ("famille", "foyer_fiscal", "menage"):
        group = builder.declare_entity(kind, range(homes[-1] + 1))
        builder.join_with_persons(group, numpy.array(homes), roles)
    simulation = builder.build(system)
    child = numpy.array(roles) == 2
    year = numpy.where(
        child, chance.integers(2004, 2022, len(roles)), chance.integers(1955, 1999, len(roles))
    )
    born = numpy.array([f"{each}-06-15" for each in year], dtype="datetime64[D]")
    simulation.set_input("date_naissance", "2023-01", born)
    simulation.set_input("salaire_de_base", YEAR, numpy.where(child, 0, chance.gamma(2, 12_000, len(roles))))
    return simulation


def main() -> None:
    """Compute and tell."""
    mode, count, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    simulation = people(law(mode), count)
    started = process_time()
    found = simulation.calculate(name, YEAR)
    seconds = process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    persons = simulation.persons.count
    print(
        json.dumps({"seconds": seconds, "sum": float(found.sum()), "megabytes": peak, "persons": persons}),
        flush=True,
    )


if __name__ == "__main__":
    main()

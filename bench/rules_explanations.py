# SPDX-License-Identifier: EUPL-1.2
"""Explanations measured on France beside a calculation and OpenFisca's own trace; prints one line of JSON.

`rules_explanations.py VARIABLE...` in an environment that has openfisca-france, from the root of its
repository. Times are the least of alternating rounds, in CPU seconds. Of each variable it tells: what an
explanation takes compared with a calculation, with and without the search for what was decisive; how many
times smaller it is than the trace; and which part of the steps cites the law. A step counts when a formula
made it from values or parameters; `cited_itself` counts those whose variable, formula or parameters name a
provision, `cited` those too that stand under the provision of the step that asked for them, and
`cited_near` of these only where that is at most three steps away.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from time import process_time
from typing import Any

from flagstone.blocks.rules.contract.calculation import Bounds, Mode
from flagstone.blocks.rules.contract.explanation import Wanted
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.model.explanation_wire import to_wire
from flagstone.blocks.rules.model.situations import asked
from flagstone.blocks.rules.service.engine.building import build
from flagstone.blocks.rules.service.engine.calculating import calculate, computed
from flagstone.blocks.rules.service.engine.citing import Citations
from flagstone.blocks.rules.service.engine.explaining import explain
from flagstone.blocks.rules.service.engine.lineage import Lineage, Place
from flagstone.blocks.rules.service.engine.loading import Law, load, settle
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.blocks.rules.service.engine.nothing import Reasons
from flagstone.blocks.rules.service.engine.recording import record
from flagstone.blocks.rules.service.engine.room import with_room
from flagstone.blocks.rules.service.engine.telling import Teller
from flagstone.blocks.rules.service.engine.tracing import trace

ROUNDS = 3 * int(os.environ.get("FLAGSTONE_BENCH_ROUNDS", "5"))
YEAR = "2023"
NEAR = 3
TARGETS = {"cited": 0.95, "time_vs_calculation": 1.5, "times_smaller_than_trace": 50.0}
FAMILY: dict[str, Any] = {
    "individus": {
        "a": {"date_naissance": {"ETERNITY": "1980-01-01"}, "salaire_de_base": {YEAR: 30000}},
        "b": {"date_naissance": {"ETERNITY": "1982-01-01"}, "salaire_de_base": {YEAR: 20000}},
        "c": {"date_naissance": {"ETERNITY": "2012-01-01"}},
    },
    "familles": {"f": {"parents": ["a", "b"], "enfants": ["c"]}},
    "foyers_fiscaux": {"x": {"declarants": ["a", "b"], "personnes_a_charge": ["c"]}},
    "menages": {"m": {"personne_de_reference": ["a"], "conjoint": ["b"], "enfants": ["c"]}},
}


def about(law: Law, name: str) -> dict[str, Any]:
    """Return the family, asked for one variable of the year."""
    plural = next(
        each.plural
        for each in law.catalogue.entities.values()
        if each.key == law.catalogue.variables[name].entity
    )
    whole = {key: {one: dict(facts) for one, facts in each.items()} for key, each in FAMILY.items()}
    first = next(iter(whole[plural].values()))
    first[name] = {YEAR: None}
    return whole


def size(document: Any) -> int:
    """Return the bytes of a document as JSON."""
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def least(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the least CPU seconds of each way, in alternating rounds."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = process_time()
            way()
            found[name].append(process_time() - started)
    return {name: min(each) for name, each in found.items()}


def cited(law: Law, situation: dict[str, Any]) -> dict[str, float]:
    """Return which part of the calculation's steps cites the law."""
    simulation = build(law, situation)
    recorder = record(simulation)
    for each in asked(situation):
        computed(simulation, each)
    lineage = Lineage(simulation, recorder, frozenset())
    teller = Teller(lineage, Citations(law, ("en",)), Reasons(lineage))
    steps = itself = somewhere = near = 0
    for (name, period), node in recorder.nodes.items():
        place = Place(name, period, 0)
        if not lineage.formula(place) or not (node.children or node.parameters):
            continue
        steps += 1
        found, above = teller.provisions(place)
        own = above is None and bool(found or teller.has_provision(place))
        itself += own
        somewhere += own or bool(found)
        near += own or (above is not None and _way(recorder.nodes, place, above) <= NEAR)
    return {
        "steps": steps,
        "cited_itself": itself / steps,
        "cited_near": near / steps,
        "cited": somewhere / steps,
    }


def _way(nodes: Any, place: Place, above: Place) -> int:
    """Return how many steps one is above another."""
    count, key = 0, place.array
    while key != above.array:
        key = nodes[key].asker
        count += 1
    return count


def measure(law: Law, name: str) -> dict[str, float]:
    """Return every figure of one variable."""
    situation, bounds = about(law, name), Bounds()
    steps_only = Wanted(influences=False)
    calculate(law, situation, bounds)
    seconds = least(
        {
            "calculation": lambda: calculate(law, situation, bounds),
            "explanation": lambda: explain(law, situation, steps_only, bounds, mode=Mode.FAST),
            "with_influences": lambda: explain(law, situation, Wanted(), bounds, mode=Mode.FAST),
        }
    )
    found = explain(law, situation, Wanted(), bounds, mode=Mode.FAST).explanation
    traced = size(trace(law, situation, bounds))
    told = [each for each in found.steps if each.formula]
    with_law = [each for each in told if each.references or any(one.references for one in each.parameters)]
    return {
        "calculation_cpu_seconds": seconds["calculation"],
        "time_vs_calculation": seconds["explanation"] / seconds["calculation"],
        "time_with_influences_vs_calculation": seconds["with_influences"] / seconds["calculation"],
        "explanation_bytes": size(to_wire(found)),
        "trace_bytes": traced,
        "times_smaller_than_trace": traced / size(to_wire(found)),
        "told_steps": len(found.steps),
        "told_cited": len(with_law) / max(len(told), 1),
        **cited(law, situation),
    }


def main() -> None:
    """Measure each variable that is named."""
    enter(Mode.FAST)
    law = load(LawName("openfisca_france"))
    settle()
    names = sys.argv[1:] or ["impot_revenu_restant_a_payer", "revenu_disponible"]
    print(json.dumps({name: measure(law, name) for name in names}), flush=True)


if __name__ == "__main__":
    with_room(main)

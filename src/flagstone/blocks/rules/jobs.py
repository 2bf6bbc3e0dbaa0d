# SPDX-License-Identifier: EUPL-1.2
"""What the rules block does without a request: simulations that wait are run, one after another."""

from __future__ import annotations

from flagstone.blocks.rules.contract.simulation import Simulations

SECONDS = 2
"""How often it is looked whether a simulation waits."""


def run_simulations(simulations: Simulations) -> int:
    """Run what waits until nothing waits or the site stops; return how many.

    For a schedule that leaves ticks out while it runs. What a stop or a crash cuts off goes on with the next
    call, from the last part that was kept.
    """
    count = 0
    while simulations.work():
        count += 1
    return count

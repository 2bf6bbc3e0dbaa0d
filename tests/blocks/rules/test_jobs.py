# SPDX-License-Identifier: EUPL-1.2
"""What waits is run one after another, and once."""

from __future__ import annotations

from tests.blocks.rules.analysts import Kept
from tests.blocks.rules.simulated import PLAN

from flagstone.blocks.rules.contract.roles import ANALYST
from flagstone.blocks.rules.contract.simulation import Progress
from flagstone.blocks.rules.jobs import run_simulations
from flagstone.kernel.audit import Caller, Reason, job


def test_everything_that_waits_is_run() -> None:
    kept, caller, reason = Kept(), Caller(job("test"), frozenset({ANALYST})), Reason("try it")
    started = [kept.start(PLAN, caller, reason).number for _ in range(3)]
    kept.cancel(started[1], caller, reason)
    assert run_simulations(kept) == 2
    states = [kept.find(number, caller).progress for number in started]
    assert states == [Progress.DONE, Progress.CANCELLED, Progress.DONE]
    assert run_simulations(kept) == 0

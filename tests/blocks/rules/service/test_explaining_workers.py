# SPDX-License-Identifier: EUPL-1.2
"""A worker explains as the engine does, under reforms too, and says which step it does not have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flagstone.blocks.rules.contract.calculation import Mode, Situation
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.explanation import Wanted, said_in
from flagstone.blocks.rules.contract.faults import SituationInvalid, StepUnknown
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.model.explanation_wire import canonical_bytes
from flagstone.blocks.rules.service.worker import Task
from flagstone.blocks.rules.service.workers import Pool, PoolBounds

ASKED: Situation = {
    "persons": {
        "me": {
            "birth_date": {"ETERNITY": "1980-05-05"},
            "employment_income": {"2025": 30_000},
            "income_tax": {"2025": None},
        }
    },
    "families": {"f": {"partners": ["me"]}},
    "households": {"h": {"adults": ["me"]}},
}
KEY = "income_tax<2025>@me"
HALVED = Reform("half", {"income_tax.scale[0].rate": {"2025-01-01": 0.1}})


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    found = Pool(Task(LawName("aralia_law"), Mode.FAST), PoolBounds(workers_max=1))
    yield found
    found.close()


def test_a_worker_explains_in_both_modes_alike(pool: Pool) -> None:
    wanted = Wanted(("et", "ar"))
    fast, reference = (pool.explain(ASKED, wanted, Terms(mode)) for mode in (Mode.FAST, Mode.REFERENCE))
    assert (fast.outcome.mode, reference.outcome.mode) == (Mode.FAST, Mode.REFERENCE)
    assert canonical_bytes(fast.explanation) == canonical_bytes(reference.explanation)
    assert fast.read == reference.read != ()
    (step, *_) = fast.explanation.steps
    assert (step.key, step.label) == (KEY, "Aasta tulumaks")
    assert said_in(step.labels, "ar") == "ضريبة الدخل للسنة"
    assert said_in(step.labels, "fi") == "Aasta tulumaks"
    assert said_in((), "fi") == ""


def test_a_reform_is_explained_with_its_own_values(pool: Pool) -> None:
    step = pool.explain(ASKED, Wanted(influences=False), Terms(reform=HALVED)).explanation.step(
        "tax_by_scale<2025>@me"
    )
    assert step is not None
    assert step.parameters[0].brackets[0].rate == 0.1


def test_a_step_that_is_not_there_is_said(pool: Pool) -> None:
    assert pool.explain(ASKED, Wanted(below="taxable_income<2025>@me")).explanation.step(KEY) is None
    with pytest.raises(StepUnknown):
        pool.explain(ASKED, Wanted(below="taxable_income<2024>@me"))
    with pytest.raises(SituationInvalid):
        pool.explain({"persons": {}}, Wanted())

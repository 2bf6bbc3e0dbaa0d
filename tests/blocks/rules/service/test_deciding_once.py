# SPDX-License-Identifier: EUPL-1.2
"""What is confirmed once is decided once, also when two processes of a site are asked at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from tests.blocks.rules.decided import SITE, WHY, Deciding, case, deciding, herself
from tests.blocks.rules.kin import person
from tests.blocks.rules.registers import InMemory, indexed

from aralia.assessment import assessment
from flagstone.blocks.rules.contract.calculation import Outcome, Situation
from flagstone.blocks.rules.contract.decision_faults import DecidedMeanwhile
from flagstone.blocks.rules.contract.engine import USUAL, Terms
from flagstone.blocks.rules.contract.explanation import Explained, Wanted
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.blocks.rules.service.assessment import Asking, Assessing, Confirmed
from flagstone.blocks.rules.service.drawing import Drawing
from flagstone.blocks.rules.store.tables import SCHEMA
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http import asking

if TYPE_CHECKING:
    from tests.blocks.rules.decided import Plain
    from tests.conftest import OpenDatabase

ME = PersonCode("48504120001")
WHO = Asking(ME, Caller(Actor(ActorKind.PERSON, ME)), "request")
MANY = 2


class Together:
    """An engine that lets nobody go on to the writing before all have computed."""

    def __init__(self, engine: Plain, meet: Callable[[], object]) -> None:
        self._engine, self._meet = engine, meet

    def snapshot(self, terms: Terms = USUAL) -> LawSnapshot:
        return self._engine.snapshot(terms)

    def calculate(self, situation: Situation, terms: Terms = USUAL) -> Outcome:
        return self._engine.calculate(situation, terms)

    def explain(self, situation: Situation, wanted: Wanted, terms: Terms = USUAL) -> Explained:
        found = self._engine.explain(situation, wanted, terms)
        self._meet()
        return found


@pytest.fixture
def processes(open_database: OpenDatabase, tmp_path: Path, aralia: Plain) -> list[Deciding]:
    """As much of two processes of one site as their database can see: each has connections of its own."""
    engine = Together(aralia, Barrier(MANY).wait)
    return [deciding(open_database(SCHEMA), tmp_path, engine) for _ in range(MANY)]


def assessing(site: Deciding) -> Assessing:
    plan = assessment()
    rows = indexed({"individuals": [person(ME, household="H1")], "incomes": []})
    bounds = asking.AskingBounds(failures_max=10_000)
    drawing = Drawing(plan, InMemory(rows), asking.Asking(bounds), seconds_max=60)
    clock = SetClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    return Assessing(plan, drawing, site.means.engine, site.service, clock=clock)


def test_two_processes_that_confirm_at_once_make_one_decision(processes: list[Deciding]) -> None:
    pages = [assessing(each) for each in processes]
    view = pages[0].look(WHO, 2025)

    def confirm(page: Assessing) -> Confirmed:
        return page.confirm(WHO, 2025, {}, shown=view.digest, after="", languages=("en",))

    with ThreadPoolExecutor(MANY) as threads:
        done = list(threads.map(confirm, pages))
    (made,) = processes[0].service.newest(SITE)
    assert [each.number for each in done] == [made.number] * MANY
    assert [each.changed for each in done] == [None] * MANY
    assert processes[1].service.verify(SITE).whole


def test_two_that_decide_otherwise_at_once_make_one_and_the_other_hears_of_it(
    processes: list[Deciding],
) -> None:
    def decide(number: int) -> str:
        said = replace(case(1_000.0 * number), after="")
        try:
            signed, _ = processes[number].service.decide(said, herself(), WHY, USUAL)
        except DecidedMeanwhile as fault:
            return f"not {fault.detail}"
        return signed.decision.number

    with ThreadPoolExecutor(MANY) as threads:
        told = sorted(threads.map(decide, range(MANY)))
    (made,) = processes[0].service.newest(SITE)
    assert told == [made.number, f"not {made.number}"]


def test_a_case_comes_after_the_newest_of_its_kind_about_the_person(site: Deciding) -> None:
    first = site.decide().decision.number
    site.service.decide(replace(case(), kind="child-benefit-2026"), herself(), WHY, USUAL)
    for after in ("", "D-0000-0000-0000"):
        with pytest.raises(DecidedMeanwhile) as raised:
            site.service.decide(replace(case(), after=after), herself(), WHY, USUAL)
        assert raised.value.detail == first
    second, _ = site.service.decide(replace(case(), after=first), herself(), WHY, USUAL)
    assert len(site.service.newest(SITE)) == 3
    assert second.decision.number != first

# SPDX-License-Identifier: EUPL-1.2
"""One form makes one decision, however many send it at once; facts are remembered for a while only."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from tests.blocks.rules.assessed import Assessed, assessed
from tests.blocks.rules.kin import person
from tests.blocks.rules.registers import InMemory, indexed

from flagstone.blocks.rules.contract.assessment import PersonNeeded, YearUnknown
from flagstone.blocks.rules.service.assessment import Asking, Confirmed, person_of
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode

ME = PersonCode("100")
WHO = Asking(ME, Caller(Actor(ActorKind.PERSON, ME)), "request")


@pytest.fixture(scope="module")
def site() -> Iterator[Assessed]:
    rows = indexed({"individuals": [person(ME, household="H1")], "incomes": []})
    with assessed(InMemory(rows), SetClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))) as pages:
        yield pages


def test_one_form_sent_by_many_at_once_makes_one_decision(site: Assessed) -> None:
    view = site.assessing.look(WHO, 2025)

    def confirm(_number: int) -> Confirmed:
        return site.assessing.confirm(
            WHO, 2025, {}, shown=view.digest, after=view.latest_number, languages=("en",)
        )

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(confirm, range(16)))
    assert {each.number for each in done} == {"D-0001"}
    assert len(site.decisions.kept) == 1


def test_pages_that_only_try_use_what_was_drawn_and_results_draw_anew(site: Assessed) -> None:
    site.assessing.look(WHO, 2024)
    before = len(site.registers.asked)
    site.assessing.again(WHO, 2024, {})
    assert len(site.registers.asked) == before
    site.assessing.look(WHO, 2024)
    assert len(site.registers.asked) > before
    site.assessing.forget()
    before = len(site.registers.asked)
    site.assessing.again(WHO, 2024, {})
    assert len(site.registers.asked) > before


def test_what_is_explained_is_what_was_told(site: Assessed) -> None:
    view = site.assessing.look(WHO, 2025)
    explained = site.assessing.explain(view, "income_tax", "2025", "en")
    assert explained.explanation.asked == ("income_tax<2025>@me",)
    for variable, period in (("income_tax", "2024"), ("no_such", "2025"), ("", "")):
        with pytest.raises(YearUnknown):
            site.assessing.explain(view, variable, period, "en")


def test_the_years_begin_with_the_last_whole_one(site: Assessed) -> None:
    assert site.assessing.years() == [2025, 2026, 2024]
    with pytest.raises(YearUnknown):
        site.assessing.look(WHO, 2023)


def test_in_ones_own_matter_nobody_has_an_office() -> None:
    caller = Caller(Actor(ActorKind.OFFICIAL, ME), frozenset({"signed-in", "rules-officer"}))
    assert person_of(ME, caller, "r").caller.roles == {"signed-in"}
    with pytest.raises(PersonNeeded):
        person_of(None, caller, "r")

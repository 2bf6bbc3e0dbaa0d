# SPDX-License-Identifier: EUPL-1.2
"""A change of the law that reaches back: which decisions it touches, and what each becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.blocks.rules.decided import MARI, OFFICER, SITE, WHY, Deciding, herself, official

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.decision import Touched
from flagstone.blocks.rules.contract.engine import USUAL, Terms
from flagstone.blocks.rules.contract.faults import NotAllowed
from flagstone.blocks.rules.contract.reform import Reform

EARLY = replace(USUAL, known_at=date(2026, 5, 1))
BEFORE, AFTER = Terms(known_at=date(2026, 6, 14)), Terms(known_at=date(2026, 6, 15))
CHANGED = ("child_benefit.first_children",)


def test_decisions_that_read_what_changed_are_found_with_what_they_become(site: Deciding) -> None:
    march = site.decide(month="2026-03", terms=EARLY).decision
    december = site.decide(month="2025-12", terms=EARLY).decision
    site.decide(month="2026-04")
    found = site.service.touched(BEFORE, AFTER, OFFICER, WHY)
    assert found == [Touched(march.number, CHANGED, {"/families/family/child_benefit/2026-03": 90.25})]
    assert december.number not in {each.number for each in found}
    assert [use.person for use in site.heard.uses] == [MARI]


def test_the_same_knowledge_touches_nothing(lone: Deciding) -> None:
    lone.decide(terms=EARLY)
    assert lone.service.touched(AFTER, Terms(known_at=date(2026, 12, 31)), SITE, WHY) == []


def test_a_decision_that_read_the_parameter_and_stays_is_told_to_stay(lone: Deciding) -> None:
    number = lone.decide(month="2035-03", terms=EARLY).decision.number
    grown = lone.service.touched(BEFORE, AFTER, SITE, WHY)
    assert grown == [Touched(number, CHANGED, {"/families/family/child_benefit/2035-03": 90.25})]
    older = lone.decide(month="2038-03", terms=EARLY).decision.number
    told = {each.number: each.becomes for each in lone.service.touched(BEFORE, AFTER, SITE, WHY)}
    assert told[older] == {}


def test_a_reform_of_a_scale_touches_whoever_read_the_scale(lone: Deciding) -> None:
    number = lone.decide(30_000.0).decision.number
    reform = Reform(parameters={"income_tax.scale[0].rate": {"2025-01-01:2025-12-31": 0.5}})
    (found,) = lone.service.touched(Terms(), Terms(reform=reform), SITE, WHY)
    assert (found.number, found.parameters) == (number, ("income_tax.scale[0].rate",))
    assert set(found.becomes) == {"/persons/me/income_tax/2025"}


def test_a_decision_that_was_replaced_is_not_told(lone: Deciding) -> None:
    number = lone.decide(terms=EARLY).decision.number
    claimed = {"/persons/me/employment_income/2025": 1_000.0}
    appeal = lone.service.appeal(number, claimed, "Otherwise.", herself(), WHY)
    made = lone.service.settle(appeal.number, OFFICER, WHY, upheld=True, words="So it is.")
    assert made is not None
    found = lone.service.touched(BEFORE, AFTER, SITE, WHY)
    assert [each.number for each in found] == [made.decision.number]


def test_what_a_change_touches_is_for_officers_and_auditors(lone: Deciding) -> None:
    lone.service.touched(BEFORE, AFTER, official("auditor"), WHY)
    for caller in (herself(), official("clerk")):
        with pytest.raises(NotAllowed):
            lone.service.touched(BEFORE, AFTER, caller, WHY)


def test_decisions_of_either_mode_are_found(lone: Deciding) -> None:
    number = lone.decide(terms=replace(EARLY, mode=Mode.REFERENCE)).decision.number
    assert [each.number for each in lone.service.touched(BEFORE, AFTER, SITE, WHY)] == [number]

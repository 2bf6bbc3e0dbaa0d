# SPDX-License-Identifier: EUPL-1.2
"""Appeals: what is claimed is computed at once, and an official who is not concerned settles it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.blocks.rules.decided import (
    MARI,
    OFFICER,
    OMAR,
    SITE,
    WHY,
    Claimed,
    Deciding,
    case,
    deciding,
    family,
    herself,
    official,
    pool,
)

import aralia_law
from flagstone.blocks.rules.contract.decision import Appeal, Fact, Origin
from flagstone.blocks.rules.contract.decision_faults import (
    AppealOpen,
    AppealSettled,
    AppealUnknown,
    ClaimInvalid,
    DecisionReplaced,
    DecisionUnknown,
    WordsMissing,
)
from flagstone.blocks.rules.contract.engine import USUAL
from flagstone.blocks.rules.contract.explanation import Explained, Wanted
from flagstone.blocks.rules.contract.faults import NotAllowed
from flagstone.platform.storage.sql import select
from flagstone.platform.storage.tables import person_read

BENEFIT = "/families/family/child_benefit/2026-03"
INCOME, TAX = "/persons/me/employment_income/2025", "/persons/me/income_tax/2025"
LOWER: Claimed = {INCOME: 12_000.0}
SAID = "My employer counted a year twice."


def appealed(site: Deciding, number: str, claimed: Claimed | None = None) -> Appeal:
    return site.service.appeal(number, claimed or LOWER, SAID, herself(), WHY)


def test_an_appeal_says_at_once_what_would_come_out_and_promises_nothing(site: Deciding) -> None:
    made = site.decide()
    found = appealed(site, made.decision.number)
    assert found.outputs[TAX] == site.decide(12_000.0).decision.outputs[TAX]
    assert found.outputs[TAX] != made.decision.outputs[TAX]
    assert (found.decision, found.claimed, found.statement, found.settled) == (
        made.decision.number,
        LOWER,
        SAID,
        "",
    )
    assert site.service.find(made.decision.number, herself(), WHY) == made
    assert site.service.appeals(herself(), WHY, number=made.decision.number) == [found]
    assert site.service.appeals(OFFICER, WHY) == [found]


def test_an_appeal_that_is_upheld_makes_a_new_decision_that_replaces_the_old(site: Deciding) -> None:
    before = site.decide().decision
    waiting = appealed(site, before.number)
    made = site.service.settle(waiting.number, OFFICER, WHY, upheld=True, words="Their books say so.")
    assert made is not None
    assert made.decision.replaces == before.number
    assert made.decision.outputs == waiting.outputs
    assert made.decision.facts == (Fact(INCOME, Origin.PERSON, source=waiting.number),)
    assert (made.decision.subject, made.decision.kind) == (before.subject, before.kind)
    (settled,) = site.service.appeals(herself(), WHY, number=before.number)
    assert (settled.settled, settled.by, settled.words) == (
        "upheld",
        made.decision.number,
        "Their books say so.",
    )
    assert site.service.appeals(OFFICER, WHY) == []
    assert [each.decision.number for each in site.service.about(MARI, herself(), WHY)] == [
        made.decision.number,
        before.number,
    ]
    assert site.service.verify(SITE).whole
    assert site.service.replay(made.decision.number, herself(), WHY).same


def test_what_is_decided_anew_is_explained_in_the_languages_of_the_decision_before(
    site: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    explain = type(site.means.engine).explain

    def spoken(engine: Any, situation: Any, wanted: Wanted, terms: Any = USUAL) -> Explained:
        asked.append(wanted.languages)
        found: Explained = explain(engine, situation, wanted, terms)
        words = tuple((code, "...") for code in wanted.languages)
        steps = tuple(replace(each, words=words) for each in found.explanation.steps)
        return replace(found, explanation=replace(found.explanation, steps=steps))

    monkeypatch.setattr(type(site.means.engine), "explain", spoken)
    signed, _ = site.service.decide(case(), herself(), WHY, USUAL, languages=("et", "ar"))
    waiting = appealed(site, signed.decision.number)
    site.service.settle(waiting.number, OFFICER, WHY, upheld=True, words="So it is.")
    assert asked == [("et", "ar")] * 2


def test_an_appeal_that_is_rejected_leaves_the_decision_and_says_why(site: Deciding) -> None:
    before = site.decide()
    waiting = appealed(site, before.decision.number)
    assert site.service.settle(waiting.number, OFFICER, WHY, upheld=False, words="No proof.") is None
    (settled,) = site.service.appeals(herself(), WHY, number=before.decision.number)
    assert (settled.settled, settled.by, settled.words) == ("rejected", "", "No proof.")
    assert site.service.about(MARI, herself(), WHY) == [before]
    assert appealed(site, before.decision.number).settled == ""


def test_an_appeal_is_settled_once(site: Deciding) -> None:
    waiting = appealed(site, site.decide().decision.number)
    site.service.settle(waiting.number, OFFICER, WHY, upheld=True, words="So it is.")
    for upheld in (True, False):
        with pytest.raises(AppealSettled):
            site.service.settle(waiting.number, OFFICER, WHY, upheld=upheld, words="Again.")
    with pytest.raises(AppealUnknown):
        site.service.settle("A-0000-0000-0000", OFFICER, WHY, upheld=True, words="So it is.")


def test_one_appeal_waits_at_a_time_and_none_against_what_was_replaced(site: Deciding) -> None:
    number = site.decide().decision.number
    waiting = appealed(site, number)
    with pytest.raises(AppealOpen):
        appealed(site, number)
    site.service.settle(waiting.number, OFFICER, WHY, upheld=True, words="So it is.")
    with pytest.raises(DecisionReplaced):
        appealed(site, number)


def test_the_person_appeals_and_an_officer_who_is_not_she_settles(lone: Deciding) -> None:
    number = lone.decide().decision.number
    with pytest.raises(DecisionUnknown):
        lone.service.appeal(number, LOWER, SAID, herself(OMAR), WHY)
    with pytest.raises(NotAllowed):
        lone.service.appeal(number, LOWER, SAID, OFFICER, WHY)
    waiting = appealed(lone, number)
    for caller in (herself(), official("auditor"), official("rules-officer", code=MARI), SITE):
        with pytest.raises(NotAllowed):
            lone.service.settle(waiting.number, caller, WHY, upheld=True, words="So it is.")
    for caller in (herself(), official("clerk")):
        with pytest.raises(NotAllowed):
            lone.service.appeals(caller, WHY)
    with pytest.raises(DecisionUnknown):
        lone.service.appeals(herself(OMAR), WHY, number=number)


@pytest.mark.parametrize("words", ["", "   ", "...", "x" * 4_001])
def test_reasons_are_needed(lone: Deciding, words: str) -> None:
    number = lone.decide().decision.number
    with pytest.raises(WordsMissing):
        lone.service.appeal(number, LOWER, words, herself(), WHY)
    waiting = appealed(lone, number)
    with pytest.raises(WordsMissing):
        lone.service.settle(waiting.number, OFFICER, WHY, upheld=False, words=words)


@pytest.mark.parametrize(
    "claimed",
    [
        {},
        {TAX: 0.0},
        {"/persons/nobody/employment_income/2025": 1.0},
        {"/persons/me/employment_income": 1.0},
        {"/persons/me": 1.0},
        {"": 1.0},
        {"persons/me/employment_income/2025": 1.0},
        {"/families/family/children/0": "me"},
        {"/axes/0/0/count": 3},
        {"/persons/me/no_such_variable/2025": 1.0},
        {"/persons/me/employment_income/soon": 1.0},
        {INCOME: "much"},
        {INCOME: None},
        {INCOME: [1.0]},
        {INCOME: {"2025": 1.0}},
        {INCOME: "x" * 300},
        {f"/persons/me/employment_income/{year}": 1.0 for year in range(1900, 2001)},
    ],
)
def test_what_is_no_fact_of_the_decision_cannot_be_claimed(lone: Deciding, claimed: Any) -> None:
    number = lone.decide().decision.number
    with pytest.raises(ClaimInvalid) as refused:
        lone.service.appeal(number, claimed, SAID, herself(), WHY)
    assert refused.value.flaws
    assert lone.service.appeals(herself(), WHY, number=number) == []


def test_a_fact_that_nobody_told_can_be_claimed(lone: Deciding) -> None:
    number = lone.decide().decision.number
    found = appealed(lone, number, {"/persons/me/donations/2025": 600.0})
    made = lone.service.settle(found.number, OFFICER, WHY, upheld=True, words="Receipts.")
    assert made is not None
    assert made.decision.missing == ()
    assert Fact("/persons/me/donations/2025", Origin.PERSON, source=found.number) in made.decision.facts


def test_an_appeal_is_judged_by_the_law_as_it_was_known_when_it_was_decided(lone: Deciding) -> None:
    early = lone.decide(terms=replace(USUAL, known_at=date(2026, 5, 1))).decision
    waiting = appealed(lone, early.number)
    assert waiting.outputs["/families/family/child_benefit/2026-03"] == 80.25
    made = lone.service.settle(waiting.number, OFFICER, WHY, upheld=True, words="So it is.")
    assert made is not None
    assert made.decision.known_at == early.known_at


def test_an_appeal_is_judged_by_the_law_of_the_decision_when_another_is_installed(
    lone: Deciding, tmp_path: Path
) -> None:
    number = lone.decide().decision.number
    newer = Path(shutil.copytree(Path(aralia_law.__file__).parent, tmp_path / "newer" / "aralia_law"))
    rate = newer / "parameters/child_benefit/first_children.yaml"
    rate.write_text(rate.read_text().replace("90.25", "91.25"))
    engine = pool(path=(str(newer.parent),))
    try:
        now: Any = engine.calculate(family()).values
        assert now["families"]["family"]["child_benefit"]["2026-03"] == 91.25
        assert appealed(deciding(lone.database, tmp_path, engine), number).outputs[BENEFIT] == 90.25
    finally:
        engine.close()


def test_looks_at_appeals_are_recorded_with_the_persons_and_told_to_the_tracker(lone: Deciding) -> None:
    waiting = appealed(lone, lone.decide().decision.number)
    before = len(lone.heard.uses)
    lone.service.appeals(OFFICER, WHY)
    lone.service.settle(waiting.number, OFFICER, WHY, upheld=False, words="No proof.")
    assert [use.person for use in lone.heard.uses[before:]] == [MARI, MARI]
    with lone.database.reading() as view:
        assert {row["person"] for row in view.rows(select(person_read))} == {MARI}

# SPDX-License-Identifier: EUPL-1.2
"""Decisions: computed, explained, signed, chained, kept for ever, and reached by whom they concern."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from tests.blocks.rules.decided import (
    LAW,
    MARI,
    OFFICER,
    OMAR,
    SIGNING,
    SITE,
    WHY,
    Deciding,
    case,
    deciding,
    herself,
    official,
)

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.decision_faults import DecisionUnknown
from flagstone.blocks.rules.contract.engine import USUAL, Terms
from flagstone.blocks.rules.contract.faults import NotAllowed, ReformInvalid
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.model.decisions import content_of, decision_of, digest_of
from flagstone.blocks.rules.model.explanation_wire import canonical_bytes
from flagstone.blocks.rules.service.worker import Task
from flagstone.blocks.rules.service.workers import Pool
from flagstone.platform.crypto.detached import attached
from flagstone.platform.storage.sql import select
from flagstone.platform.storage.tables import person_read

TAX, BENEFIT = "/persons/me/income_tax/2025", "/families/family/child_benefit/2026-03"


def test_a_decision_says_what_was_computed_for_whom_from_which_facts_and_law(site: Deciding) -> None:
    made = site.decide().decision
    assert made.outputs == {TAX: 2752.8, BENEFIT: 90.25}
    assert made.kind == "income-tax-2025"
    assert made.facts == case().facts
    assert made.missing == ("donations",)
    assert made.law.name.package == "aralia_law"
    assert made.known_at == date(2026, 11, 22)
    assert made.mode is Mode.FAST
    assert "openfisca-core" in made.engine
    assert "hooks" in made.engine
    assert "child_benefit.first_children@2026-03-01" in made.read
    assert made.previous == made.replaces == ""


def test_nothing_in_a_decision_or_its_row_tells_the_personal_code(site: Deciding) -> None:
    made = site.decide()
    assert MARI not in made.content.decode()
    assert MARI not in made.decision.number
    with site.database.readers.connect() as connection:
        rows = connection.execute(text("SELECT * FROM decision")).all()
        kept = connection.execute(text("SELECT content FROM kept_part")).all()
    assert MARI not in repr(rows)
    assert all(MARI.encode() not in bytes(each[0]) for each in kept)
    assert site.decide().decision.subject == made.decision.subject
    assert site.decide(person=OMAR).decision.subject != made.decision.subject


def test_decisions_are_chained_in_the_order_in_which_they_were_made(site: Deciding) -> None:
    made = [site.decide(income) for income in (20_000.0, 20_000.0, 30_000.0)]
    assert [each.decision.previous for each in made] == ["", made[0].digest, made[1].digest]
    assert len({each.decision.number for each in made}) == 3
    checked = site.service.verify(SITE)
    assert (checked.decisions, checked.broken) == (3, ())


def test_decisions_made_at_once_stand_in_one_chain(site: Deciding) -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda number: site.decide(1_000.0 * number), range(12)))
    assert len({each.decision.previous for each in made}) == 12
    checked = site.service.verify(SITE)
    assert (checked.decisions, checked.broken) == (12, ())


def test_the_bytes_are_canonical_and_the_signature_is_one_that_any_library_verifies(site: Deciding) -> None:
    made = site.decide()
    assert content_of(decision_of(made.content)) == made.content
    assert digest_of(made.content) == made.digest
    jwk = site.service.public_keys()[0]
    key = ECKey.import_key({name: str(value) for name, value in jwk.items()})
    verified = jws.deserialize_compact(attached(made.jws, made.content), key, ["ES256"])
    assert verified.payload == made.content
    assert json.loads(verified.payload)["number"] == made.decision.number
    assert "d" not in jwk
    assert jwk["kid"] == SIGNING.id


def test_a_person_finds_her_own_and_nobody_elses(site: Deciding) -> None:
    mine, other = site.decide(), site.decide(person=OMAR)
    assert site.service.find(mine.decision.number, herself(), WHY) == mine
    assert [each.decision for each in site.service.about(MARI, herself(), WHY)] == [mine.decision]
    for number in (other.decision.number, "D-0000-0000-0000", "", "D' OR 1=1"):
        with pytest.raises(DecisionUnknown):
            site.service.find(number, herself(), WHY)
    with pytest.raises(NotAllowed):
        site.service.about(OMAR, herself(), WHY)


@pytest.mark.parametrize("role", ["rules-officer", "auditor"])
def test_officers_and_auditors_find_any_and_others_none(site: Deciding, role: str) -> None:
    made = site.decide()
    assert site.service.find(made.decision.number, official(role), WHY) == made
    assert site.service.about(MARI, official(role), WHY) == [made]
    assert [each.number for each in site.service.newest(official(role))] == [made.decision.number]
    with pytest.raises(DecisionUnknown):
        site.service.find(made.decision.number, official("clerk"), WHY)
    with pytest.raises(NotAllowed):
        site.service.newest(official("clerk"))


def test_only_the_person_herself_and_officers_have_decisions_made(site: Deciding) -> None:
    site.service.decide(case(), OFFICER, WHY, USUAL)
    for caller in (herself(OMAR), official("auditor"), official("clerk"), SITE):
        with pytest.raises(NotAllowed):
            site.service.decide(case(), caller, WHY, USUAL)


def test_every_look_is_recorded_with_the_person_and_an_officials_is_told_to_the_tracker(
    site: Deciding,
) -> None:
    made = site.decide()
    site.service.find(made.decision.number, herself(), WHY)
    site.service.explanation(made.decision.number, OFFICER, WHY)
    with site.database.reading() as view:
        rows = view.rows(select(person_read).order_by(person_read.c.id))
    assert [(row["person"], row["register"], row["record_key"]) for row in rows] == [
        (MARI, "decisions", made.decision.number)
    ] * 2
    assert [(use.person, use.official, use.receiver_code) for use in site.heard.uses] == [
        (MARI, "36003030003", "10000002")
    ]


def test_a_look_that_finds_nothing_shows_nothing_and_leaves_no_record(site: Deciding) -> None:
    assert site.service.about(MARI, herself(), WHY) == []
    with pytest.raises(DecisionUnknown):
        site.service.find("D-0000-0000-0000", OFFICER, WHY)
    with site.database.reading() as view:
        assert view.rows(select(person_read)) == []


def test_the_explanation_is_kept_with_the_decision_and_named_by_its_digest(
    lone: Deciding, tmp_path: Path
) -> None:
    engine = Pool(Task(LAW, Mode.FAST))
    try:
        site = deciding(lone.database, tmp_path, engine)
        signed, explained = site.service.decide(case(), herself(), WHY, USUAL, languages=("et", "en"))
    finally:
        engine.close()
    assert site.service.explanation(signed.decision.number, herself(), WHY) == explained.explanation
    assert digest_of(canonical_bytes(explained.explanation)) == signed.decision.explanation
    assert {language for language, _ in explained.explanation.steps[0].words} == {"et", "en"}
    assert "child_benefit.first_children@2026-03-01" in signed.decision.read
    assert site.service.replay(signed.decision.number, herself(), WHY).same


def test_a_decision_is_by_the_law_as_it_is(site: Deciding) -> None:
    reform = Reform(parameters={"child_benefit.third_child": {"2026-01-01": 200}})
    with pytest.raises(ReformInvalid):
        site.service.decide(case(), herself(), WHY, Terms(reform=reform))


def test_rows_of_decisions_can_be_added_and_never_changed_or_removed(site: Deciding) -> None:
    site.decide()
    statements = [
        "UPDATE decision SET kind = 'x'",
        "DELETE FROM decision",
        "UPDATE kept_part SET part = 3",
        "DELETE FROM kept_part",
        "UPDATE archive SET package = 'x'",
        "DELETE FROM archive",
    ]
    for statement in statements:
        with pytest.raises(DatabaseError, match="append-only"), site.database.writers.begin() as connection:
            connection.execute(text(statement))
    assert site.service.verify(SITE).whole


def test_a_law_as_it_was_known_before_gives_what_it_gave_then(site: Deciding) -> None:
    early = site.decide(terms=replace(USUAL, known_at=date(2026, 6, 14)))
    late = site.decide(terms=replace(USUAL, known_at=date(2026, 6, 15)))
    assert (early.decision.outputs[BENEFIT], late.decision.outputs[BENEFIT]) == (80.25, 90.25)
    assert early.decision.law.digest != late.decision.law.digest
    assert early.decision.archive == late.decision.archive

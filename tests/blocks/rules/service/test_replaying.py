# SPDX-License-Identifier: EUPL-1.2
"""Decisions computed again: a fresh process, reference mode, the archived law, the same to the last bit."""

from __future__ import annotations

import json
import random
import struct
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.blocks.rules.decided import (
    OFFICER,
    SITE,
    WHY,
    Deciding,
    Plain,
    deciding,
    herself,
    official,
    pool,
)

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.decision import Decision
from flagstone.blocks.rules.contract.decision_faults import ArchiveBroken, DecisionUnknown
from flagstone.blocks.rules.contract.engine import USUAL
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.model.decisions import bit_differences
from flagstone.blocks.rules.service.archives import packed
from flagstone.blocks.rules.service.worker import Task, Worker


def test_a_decision_replays_to_the_last_bit_for_whom_it_concerns_and_officials(site: Deciding) -> None:
    number = site.decide(24_000.37).decision.number
    again = site.service.replay(number, herself(), WHY)
    assert (again.same, again.differences, again.notes) == (True, (), ())
    assert site.service.replay(number, OFFICER, WHY).same
    with pytest.raises(DecisionUnknown):
        site.service.replay(number, official("clerk"), WHY)


@pytest.mark.slow
def test_two_hundred_decisions_replay_identical_in_one_fresh_process(lone: Deciding) -> None:
    chance = random.Random(20261122)
    for _ in range(200):
        cents = chance.randrange(0, 30_000_000)
        month = f"2026-{chance.randrange(1, 13):02}"
        known = replace(USUAL, known_at=date(2026, chance.randrange(1, 12), 1))
        lone.decide(cents / 100, month=month, terms=known)
    found = list(lone.service.replay_all(SITE))
    assert [each.number for each in found if not each.same] == []
    assert len(found) == 200


def test_named_decisions_replay_and_unknown_numbers_are_refused(lone: Deciding) -> None:
    made = [lone.decide(income).decision.number for income in (1.0, 2.0)]
    assert [each.number for each in lone.service.replay_all(SITE, made[1:])] == made[1:]
    with pytest.raises(DecisionUnknown):
        list(lone.service.replay_all(SITE, ["D-0000-0000-0000"]))


def test_one_bit_in_an_output_is_a_difference() -> None:
    before = {"/a": 2752.8, "/b": 0.0, "/c": 1}
    bits = struct.unpack("<q", struct.pack("<d", 2752.8))[0]
    ulp = struct.unpack("<d", struct.pack("<q", bits + 1))[0]
    assert bit_differences(before, {**before}, "output") == ()
    assert bit_differences(before, {**before, "/a": ulp}, "output") == ("output: /a",)
    assert bit_differences(before, {**before, "/b": -0.0}, "output") == ("output: /b",)
    assert bit_differences(before, {**before, "/c": 1.0}, "output") == ("output: /c",)
    assert bit_differences(before, {"/a": 2752.8, "/b": 0.0}, "output") == ("output: /c",)
    assert bit_differences({}, {"/d": None}, "output") == ("output: /d",)


def test_a_replay_takes_the_archived_law_and_not_the_installed_one(
    lone: Deciding, tmp_path: Path, aralia: Plain
) -> None:
    number = lone.decide().decision.number
    seen: list[Task] = []

    def fresh(task: Task) -> Worker:
        seen.append(task)
        files = sorted(Path(task.path[0]).rglob("*.yaml"))
        assert any(each.name == "first_children.yaml" for each in files)
        return Worker(task)

    again = deciding(lone.database, tmp_path, aralia, fresh=fresh)
    assert again.service.replay(number, herself(), WHY).same
    assert len(seen) == 1


def test_a_law_that_is_not_the_archived_one_is_a_difference(
    lone: Deciding, tmp_path: Path, aralia: Plain
) -> None:
    number = lone.decide().decision.number

    def meddled(task: Task) -> Worker:
        path = Path(task.path[0]) / "aralia_law/parameters/child_benefit/first_children.yaml"
        path.write_text(path.read_text().replace("90.25", "91.25"))
        return Worker(task)

    found = deciding(lone.database, tmp_path, aralia, fresh=meddled).service.replay(number, herself(), WHY)
    assert not found.same
    assert found.differences == (
        "law: packages",
        "law: parameters",
        "output: /families/family/child_benefit/2026-03",
    )


def test_other_versions_of_what_computes_are_noted_and_change_nothing(
    lone: Deciding, tmp_path: Path, aralia: Plain
) -> None:
    number = deciding(lone.database, tmp_path, aralia, program="flagstone 0").decide().decision.number
    found = lone.service.replay(number, herself(), WHY)
    assert found.same
    assert found.notes[0].startswith("then flagstone 0; now flagstone ")


@pytest.mark.parametrize("harm", ["gone", "changed", "cut"])
def test_an_archive_that_is_not_what_its_name_says_is_never_loaded(lone: Deciding, harm: str) -> None:
    made = lone.decide().decision
    path = lone.means.archives.path(made.archive)
    content = path.read_bytes()
    path.unlink()
    if harm != "gone":
        path.write_bytes(content[:-1] if harm == "cut" else content[:100] + b"?" + content[101:])
    with pytest.raises(ArchiveBroken):
        lone.service.replay(made.number, herself(), WHY)
    assert not lone.service.verify(SITE).whole


def test_the_same_law_has_the_same_archive_whenever_it_is_made(lone: Deciding) -> None:
    law = lone.means.engine.snapshot()
    assert packed(law) == packed(law)
    assert lone.decide().decision.archive == lone.decide(1.0).decision.archive
    assert len(list(lone.means.archives.path("0" * 64).parent.iterdir())) == 1


def test_a_law_that_came_as_a_distribution_replays_too(lone: Deciding, tmp_path: Path) -> None:
    engine = pool(LawName("openfisca_country_template"))
    try:
        law = engine.snapshot()
        digest = lone.means.archives.keep(law)
        with lone.means.archives.unpacked(digest) as folder:
            worker = Worker(Task(law.name, Mode.REFERENCE, path=(str(folder),)))
            worker.end()
        assert worker.snapshot.parts == law.parts
        assert law.parts[0].version
    finally:
        engine.close()


@pytest.mark.long
def test_ten_thousand_decisions_replay_identical(lone: Deciding) -> None:
    chance = random.Random(1)
    for _ in range(10_000):
        lone.decide(chance.randrange(0, 30_000_000) / 100, month=f"2026-{chance.randrange(1, 13):02}")
    found = list(lone.service.replay_all(SITE))
    assert len(found) == 10_000
    assert all(each.same for each in found)


def test_a_decision_names_everything_that_its_replay_needs(lone: Deciding) -> None:
    said = json.loads(lone.decide().content)
    needed = set(Decision.__dataclass_fields__) | {"format"}
    assert set(said) == needed
    assert said["law"]["core_version"]

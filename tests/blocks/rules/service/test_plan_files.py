# SPDX-License-Identifier: EUPL-1.2
"""Plans and reforms are read from files strictly: a mistake is named with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.contract.faults import PlanInvalid, ReformInvalid
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import Line, Population
from flagstone.blocks.rules.service.plan_files import planned, reform_of

PLAN = """
law: aralia_law
extensions: [more_law]
name: A name
year: 2026
reform:
  parameters: {a.b: {2026-01-01: 1.5, "2026-01-01:2026-06-30": 2}}
  neutralized: [x]
population: {households: 50, seed: 3}
line: {variable: salary, least: 0, most: 100, household: [adult]}
budget: {income_tax: 1}
"""


def put(folder: Path, text: str, name: str = "plan.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_a_plan_is_read(tmp_path: Path) -> None:
    found = planned(put(tmp_path, PLAN))
    assert found.law == LawName("aralia_law", ("more_law",))
    assert found.plan.reform == Reform(
        parameters={"a.b": {"2026-01-01": 1.5, "2026-01-01:2026-06-30": 2}}, neutralized=("x",)
    )
    assert found.plan.population == Population(households=50, seed=3)
    assert found.plan.line == Line("salary", 0, 100, household=("adult",))
    assert dict(found.plan.budget) == {"income_tax": 1}


def test_json_says_the_same_and_files_lie_beside_it(tmp_path: Path) -> None:
    put(tmp_path, json.dumps({"name": "r", "parameters": {"a": {"2026-01-01": 1}}}), "reform.json")
    put(tmp_path, "members: {}", "people.yaml")
    plan = {
        "law": "l",
        "year": 2026,
        "reform": "reform.json",
        "population": {"survey": "s.csv", "pattern": "people.yaml"},
    }
    found = planned(put(tmp_path, json.dumps(plan), "mine.json"))
    assert found.plan.name == "mine"
    assert found.plan.reform == reform_of(tmp_path / "reform.json")
    assert found.survey == str((tmp_path / "s.csv").resolve())
    assert found.pattern == "members: {}"


@pytest.mark.parametrize(
    ("change", "fault", "place"),
    [
        (("law: aralia_law", ""), PlanInvalid, "/law"),
        (("law: aralia_law", "law: [1]"), PlanInvalid, "/law"),
        (("[more_law]", "[7]"), PlanInvalid, "/extensions/0"),
        (("year: 2026", ""), PlanInvalid, "/year"),
        (("year: 2026", "year: soon"), PlanInvalid, "/year"),
        (("name: A name", "colour: red"), PlanInvalid, "/colour"),
        (("seed: 3", "seed: x"), PlanInvalid, "/population/seed"),
        (("most: 100", "most: x"), PlanInvalid, "/line/most"),
        (("neutralized: [x]", "neutralized: x"), ReformInvalid, "/reform/neutralized"),
        (("neutralized: [x]", "wishes: x"), ReformInvalid, "/reform/wishes"),
        (("income_tax: 1", "income_tax: 1.5"), PlanInvalid, "/budget/income_tax"),
    ],
)
def test_a_mistake_has_its_place(
    tmp_path: Path, change: tuple[str, str], fault: type[PlanInvalid], place: str
) -> None:
    with pytest.raises(fault) as refused:
        planned(put(tmp_path, PLAN.replace(*change)))
    assert refused.value.flaws[0].pointer == place


@pytest.mark.parametrize(
    "text", ["", "- 1", "[", "a: b: c", "!!python/object:os.system {}", "\0", "x" * 1_000_001]
)
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PlanInvalid):
        planned(put(tmp_path, text))
    with pytest.raises(ReformInvalid):
        reform_of(put(tmp_path, text))


def test_what_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid):
        planned(tmp_path / "none.yaml")
    with pytest.raises(ReformInvalid):
        planned(put(tmp_path, "law: x\nyear: 2026\nreform: none.yaml"))
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanInvalid):
        planned(tmp_path / "bytes.yaml")
    deep = "a: " + "[" * 60 + "]" * 60
    with pytest.raises(PlanInvalid):
        planned(put(tmp_path, deep))


@given(st.text(max_size=200))
def test_any_text_is_refused_or_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(f"law: a\nyear: 1\n{text}".encode(errors="replace"))
    try:
        planned(file)
    except (PlanInvalid, ReformInvalid) as refused:
        assert refused.detail or refused.flaws  # noqa: PT017 - or read

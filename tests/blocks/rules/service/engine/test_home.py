# SPDX-License-Identifier: EUPL-1.2
"""A law that asks for its files by names that hang on the folder finds them, and it is told that it does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flagstone.blocks.rules.contract.calculation import Mode, Situation
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.suite import SuiteRun
from flagstone.blocks.rules.service import suites
from flagstone.blocks.rules.service.engine.home import home_of, watched
from flagstone.blocks.rules.service.worker import Task
from flagstone.blocks.rules.service.workers import Fresh

pytestmark = pytest.mark.slow

LAWS = Path(__file__).parents[2] / "laws"
LAW = LawName("local_law")
YEAR = "2023"
PLAIN = """
import json, sys
from local_law import CountryTaxBenefitSystem
from openfisca_core.simulations import SimulationBuilder
case = {"persons": {"a": {"rent": {"2023": 6000}}}}
simulation = SimulationBuilder().build_from_entities(CountryTaxBenefitSystem(), case)
print(json.dumps(simulation.calculate("local_tax", "2023").tolist()))
"""


@pytest.fixture
def laws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with the law, and let this and its processes work in another."""
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(LAWS / "local_law", tmp_path / "local_law")
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return tmp_path


def suite_of(laws: Path) -> SuiteRun:
    return suites.run(LAW, [laws / "local_law" / "tests"], Mode.FAST)


def test_plain_local_rates_are_silently_nothing(laws: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [0]


def test_the_law_finds_its_rates_and_it_is_told_that_it_hangs_on_the_folder(laws: Path) -> None:
    done = suite_of(laws)
    assert (done.passed, done.failed, done.home) == (1, (), str(laws))
    assert set(done.hanging) == {"local_law/assets/towns.txt", "local_law/assets/rates.csv"}
    assert done.same_elsewhere


def test_another_law_in_an_empty_folder_is_told(laws: Path) -> None:
    (laws / "local_law" / "assets" / "towns.txt").write_text("0.1")
    assert not suite_of(laws).same_elsewhere


def test_a_law_that_asks_for_nothing_hangs_on_nothing(laws: Path) -> None:
    done = suites.run(LawName("openfisca_country_template"), [], Mode.FAST)
    assert (done.passed, done.hanging, done.same_elsewhere) == (38, (), True)


def test_a_worker_computes_at_the_laws_home(laws: Path) -> None:
    situation: Situation = {"persons": {"a": {"rent": {YEAR: 6000}, "local_tax": {YEAR: None}}}}
    found: Any = Fresh(Task(LAW, Mode.REFERENCE, path=(str(laws),))).calculate(situation).values
    assert found["persons"]["a"]["local_tax"][YEAR] == 1200


def test_only_the_laws_own_asking_is_noted() -> None:
    with watched(["openfisca_country_template"]) as asked:
        Path("nowhere").exists()
    assert asked == []


def test_a_package_in_no_folder_has_no_home() -> None:
    assert home_of("no_such_law") is None
    assert home_of("json.tool") is None
    assert home_of("openfisca_country_template") is not None

# SPDX-License-Identifier: EUPL-1.2
"""The given/expect cases of the package pass in both modes of the block, and under plain OpenFisca."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.countries.aralia_law.test_text import CASES, LAW

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.suites import run

COUNT = sum(len(yaml.safe_load(path.read_text())) for path in CASES)


@pytest.mark.slow
@pytest.mark.parametrize("mode", Mode)
def test_all_cases_pass_through_the_block(mode: Mode) -> None:
    done = run(LawName("aralia_law"), [], mode)
    assert (done.passed, done.failed) == (COUNT, ())


@pytest.mark.slow
def test_all_cases_pass_under_plain_openfisca(tmp_path: Path) -> None:
    openfisca = Path(sys.executable).with_name("openfisca")
    command = [str(openfisca), "test", "-c", "aralia_law", str(LAW / "tests")]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"{COUNT} passed" in ended.stdout, ended.stdout[-2000:]

# SPDX-License-Identifier: EUPL-1.2
"""A law's own tests run through both modes, and what fails is counted and named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import openfisca_country_template
import pytest

from flagstone.blocks.rules.contract.calculation import Mode

pytestmark = pytest.mark.slow

TESTS = Path(openfisca_country_template.__file__).parent / "tests"
RUN = """
import json, sys
from dataclasses import asdict
from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.suites import run
done = run(LawName("openfisca_country_template"), sys.argv[2:], Mode(sys.argv[1]))
print("\\n" + json.dumps(asdict(done), default=str))
"""


def counted(mode: Mode, *paths: Path) -> dict[str, Any]:
    command = [sys.executable, "-c", RUN, mode.value, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("mode", list(Mode))
def test_all_tests_of_the_country_template_pass(mode: Mode) -> None:
    found = counted(mode, TESTS)
    assert (found["passed"], found["failed"], found["hooks_off"]) == (38, [], [])


def test_every_failure_is_counted(tmp_path: Path) -> None:
    case = "- {name: wrong, period: 2017-01, input: {salary: 1000}, output: {income_tax: %s}}\n"
    (tmp_path / "wrong.yaml").write_text(case % 1 + case % 150 + case % 2)
    (tmp_path / "broken.yaml").write_text("- [unclosed")
    found = counted(Mode.FAST, tmp_path)
    assert (found["passed"], len(found["failed"])) == (1, 3)

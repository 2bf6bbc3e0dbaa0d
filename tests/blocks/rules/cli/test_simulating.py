# SPDX-License-Identifier: EUPL-1.2
"""`flagstone rules simulate` runs a plan, stops on Ctrl-C, goes on, and says what is wrong with a plan."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.blocks.rules.populated import PATTERN

pytestmark = pytest.mark.slow

PLAN = """
law: openfisca_country_template
name: Another rate
year: 2017
reform: {parameters: {taxes.income_tax_rate: {2017-01-01: 0.2}}}
population: {households: 40, seed: 2, pattern: people.yaml}
chunk_households: 10
"""
COMMAND = [sys.executable, "-W", "ignore", "-m", "flagstone", "rules", "simulate", "plan.yaml"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.yaml").write_text(PATTERN)
    (tmp_path / "plan.yaml").write_text(PLAN)
    return tmp_path


def run(folder: Path, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [*COMMAND, *more],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_plan_is_run_and_told(folder: Path) -> None:
    status, said = run(folder, "--households", "parquet", "--workers", "2", "--language", "ar")
    assert status == 0, said
    assert "40 households" in said
    assert "8 chunks, law" in said
    reports = folder / "simulations" / "plan"
    told = json.loads((reports / "report.json").read_text())
    assert told["findings"]["households"] == 40
    assert told["plan"]["name"] == "Another rate"
    assert 'dir="rtl"' in (reports / "report.html").read_text()
    assert (reports / "households.parquet").read_bytes()[:4] == b"PAR1"
    status, said = run(folder, "--resume")
    assert status == 0
    assert "8 chunks, 8 of them computed before" in said
    again = json.loads((reports / "report.json").read_text())
    assert again["findings"] == told["findings"]
    status, said = run(folder)
    assert "8 chunks, 4 of them computed before" in said


def test_ctrl_c_stops_and_says_how_to_go_on(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("households: 10", "households: 1"))
    running = subprocess.Popen(
        [*COMMAND, "--workers", "1"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    while running.poll() is None and not list(folder.glob("simulations/columns/*/*.chunk")):
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    said = running.communicate()[0]
    assert running.returncode == 130, said
    assert "of 80 chunks are done" in said
    assert "flagstone rules simulate plan.yaml --out simulations --resume" in said
    status, said = run(folder, "--resume")
    assert status == 0
    assert "80 chunks" in said
    assert "computed before" in said


def test_what_is_wrong_with_a_plan_is_named(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("income_tax_rate", "no_such_rate"))
    status, said = run(folder)
    assert status == 1
    assert "/parameters/taxes.no_such_rate" in said
    assert "Correct what is named" in said
    (folder / "plan.yaml").write_text("law: 1")
    assert run(folder)[0] == 1

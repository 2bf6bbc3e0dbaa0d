# SPDX-License-Identifier: EUPL-1.2
"""`flagstone rules test` runs a law's own tests and says how they went."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flagstone.blocks.rules.cli.commands import Served, commands
from flagstone.blocks.rules.service.decisions import Service

pytestmark = pytest.mark.slow

TEMPLATE = "openfisca_country_template"


def never(_wanted: Served) -> None:
    raise AssertionError("nothing is to be served")


def nothing() -> AbstractContextManager[Service]:
    raise AssertionError("no site is to be opened")


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(commands(never, nothing), arguments)
    return done.exit_code, done.output


@pytest.mark.parametrize("mode", ["fast", "reference"])
def test_the_tests_that_a_package_ships_pass(mode: str) -> None:
    status, said = run("test", TEMPLATE, "--mode", mode)
    assert status == 0
    assert f"38 passed, 0 failed, 0 skipped ({mode} mode" in said


def test_a_failure_is_told_and_the_status_is_1(tmp_path: Path) -> None:
    case = tmp_path / "wrong.yaml"
    case.write_text("- {name: wrong, period: 2017-01, input: {salary: 1000}, output: {income_tax: 1}}\n")
    status, said = run("test", TEMPLATE, str(case))
    assert status == 1
    assert "0 passed, 1 failed" in said
    assert "differs from" in said


def test_a_test_that_expects_the_errors_of_narrow_amounts_is_passed_and_told(tmp_path: Path) -> None:
    case = tmp_path / "narrow.yaml"
    given = "{name: %s, period: 2017-01, input: {salary: 20000001.37}, output: {income_tax: %s}}"
    case.write_text(f"- {given % ('narrow', 3000000.5)}\n- {given % ('wrong', 1)}\n")
    status, said = run("test", TEMPLATE, str(case))
    assert status == 1
    assert "1 passed, 1 failed" in said
    assert "narrow.yaml#1" in said.replace("\n", "")
    assert "narrow.yaml#2" not in said.replace("\n", "")


def test_nothing_to_run_is_no_success(tmp_path: Path) -> None:
    assert run("test", TEMPLATE, str(tmp_path))[0] == 1


@pytest.mark.parametrize("package", ["no_such_law", "json"])
def test_a_law_that_is_not_there_is_named(package: str) -> None:
    status, said = run("test", package)
    assert status == 1
    assert package in said

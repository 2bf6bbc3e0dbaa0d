# SPDX-License-Identifier: EUPL-1.2
"""`flagstone rules decisions | replay | touched` on a site that decided, and what they never print."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.blocks.rules.decided import MARI, SIGNING, Deciding, Plain, deciding
from typer.testing import CliRunner

from flagstone.blocks.rules.cli.commands import Served, commands
from flagstone.blocks.rules.contract.engine import USUAL
from flagstone.blocks.rules.service.decisions import Service
from flagstone.blocks.rules.service.worker import Task, Worker

EARLY = replace(USUAL, known_at=date(2026, 5, 1))


def never(_wanted: Served) -> None:
    raise AssertionError("nothing is to be served")


def run(site: Deciding, *arguments: str) -> tuple[int, str]:
    @contextmanager
    def opened() -> Iterator[Service]:
        yield site.service

    done = CliRunner().invoke(commands(never, opened), arguments)
    assert MARI not in done.output
    return done.exit_code, done.output


def test_decisions_are_listed_by_number_and_verified(lone: Deciding) -> None:
    number = lone.decide().decision.number
    status, said = run(lone, "decisions")
    assert (status, number in said, "income-tax-2025" in said) == (0, True, True)
    assert run(lone, "decisions", "verify") == (0, "1 decisions, 0 broken\n")


def test_what_is_broken_is_named_and_the_status_is_1(lone: Deciding) -> None:
    number = lone.decide().decision.number
    with lone.database.writers.begin() as connection:
        connection.execute(text("DROP TRIGGER decision_no_update"))
        connection.execute(text("UPDATE decision SET kind = 'other'"))
    status, said = run(lone, "decisions", "verify")
    assert status == 1
    assert f"broken: {number}: its row says another kind" in said


def test_all_or_named_decisions_are_replayed(lone: Deciding) -> None:
    numbers = [lone.decide(income).decision.number for income in (1.0, 2.0)]
    assert run(lone, "replay", "--all") == (0, "2 identical, 0 differ\n")
    assert run(lone, "replay", numbers[0]) == (0, "1 identical, 0 differ\n")


@pytest.mark.parametrize("arguments", [("replay",), ("replay", "--all", "D-1"), ("touched",)])
def test_what_is_not_said_clearly_is_refused(lone: Deciding, arguments: tuple[str, ...]) -> None:
    assert run(lone, *arguments)[0] == 2


def test_an_unknown_number_is_said_with_a_remedy(lone: Deciding) -> None:
    status, said = run(lone, "replay", "D-0000-0000-0000")
    assert status == 1
    assert "There is no such decision. D-0000-0000-0000" in said


def test_an_archive_that_is_gone_is_said_with_a_remedy(lone: Deciding) -> None:
    made = lone.decide().decision
    lone.means.archives.path(made.archive).unlink()
    status, said = run(lone, "replay", made.number)
    assert status == 1
    assert "The archive of the law cannot be used" in said


def test_a_replay_that_differs_is_named_with_its_places_and_the_status_is_1(
    lone: Deciding, tmp_path: Path, aralia: Plain
) -> None:
    number = lone.decide().decision.number

    def meddled(task: Task) -> Worker:
        path = Path(task.path[0]) / "aralia_law/parameters/child_benefit/first_children.yaml"
        path.write_text(path.read_text().replace("90.25", "91.25"))
        return Worker(task)

    status, said = run(deciding(lone.database, tmp_path, aralia, fresh=meddled), "replay", number)
    assert status == 1
    assert f"differs: {number}: output: /families/family/child_benefit/2026-03" in said
    assert said.endswith("0 identical, 1 differ\n")


def test_decisions_that_a_change_touches_are_listed_without_amounts(lone: Deciding) -> None:
    number = lone.decide(terms=EARLY).decision.number
    later = lone.decide(month="2025-03", terms=EARLY).decision.number
    status, said = run(lone, "touched", "--known-at", "2026-06-14", "--known-at", "2026-06-15")
    assert status == 0
    assert f"{number}: 1 values become others (child_benefit.first_children)" in said
    assert later not in said
    assert "90.25" not in said
    assert said.endswith("1 decisions touched, 1 change\n")


def test_a_day_that_is_none_is_refused(lone: Deciding) -> None:
    assert run(lone, "touched", "--known-at", "soon", "--known-at", "2026-06-15")[0] == 2


def test_the_key_is_rotated_and_the_one_before_still_verifies(lone: Deciding) -> None:
    lone.decide()
    status, said = run(lone, "keys", "rotate")
    assert status == 0
    assert run(lone, "keys", "list") == (0, f"{said.strip()} signs\n{SIGNING.id} verifies\n")
    lone.decide()
    assert run(lone, "decisions", "verify") == (0, "2 decisions, 0 broken\n")

# SPDX-License-Identifier: EUPL-1.2
"""A process killed at any step of a decision: it is there whole or not at all, and the chain goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from tests.blocks.rules.decided import (
    OFFICER,
    SITE,
    WHY,
    Deciding,
    Plain,
    deciding,
    family,
    herself,
)

from flagstone.blocks.rules.contract.calculation import Outcome, Situation
from flagstone.blocks.rules.contract.engine import USUAL, Terms
from flagstone.blocks.rules.contract.explanation import Explained, Explanation, Wanted
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.blocks.rules.model.wire import from_wire, on_wire
from flagstone.blocks.rules.service import keeping
from flagstone.blocks.rules.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.verification import verify

T = TypeVar("T")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEPS = [
    "computed",
    "archived",
    "signed",
    "row-written:1",
    "row-written:3",
    "entries-written",
    "before-commit",
]
CHILD = """
import sys
from pathlib import Path
from tests.blocks.rules.service.test_deciding_crash import life
life(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
"""


class Known:
    """An engine that knows one answer, computed before."""

    def __init__(self, law: LawSnapshot, reached: Callable[[str], None]) -> None:
        self._law, self._reached = law, reached

    def snapshot(self, terms: Terms = USUAL) -> LawSnapshot:
        return self._law

    def calculate(self, situation: Situation, terms: Terms = USUAL) -> Outcome:
        values = family()
        values["persons"]["me"]["income_tax"]["2025"] = 1.0
        values["families"]["family"]["child_benefit"]["2026-03"] = 2.0
        return Outcome(values, self._law.digest, USUAL.mode)

    def explain(self, situation: Situation, wanted: Wanted, terms: Terms = USUAL) -> Explained:
        found = Explained(
            self.calculate(situation, terms), Explanation(self._law.digest, (), ()), ("a@2026-01-01",)
        )
        self._reached("computed")
        return found


def opened(folder: Path, probe: Callable[[str], None]) -> Database:
    location = engine.sqlite(folder / "rules.sqlite")
    database = Database(SCHEMA, location, "aralia/test/rules", clock=SetClock(NOON), probe=probe)
    migration.migrate(database)
    return database


def site_in(folder: Path, reached: Callable[[str], None] = lambda _step: None) -> Deciding:
    """Return a site on a folder that holds the fingerprint of its law."""

    law = from_wire(LawSnapshot, json.loads((folder / "law.json").read_text()))
    return deciding(opened(folder, reached), folder, Known(law, reached))


def life(folder: Path, deed: str, step: str) -> None:
    """Decide or uphold an appeal, and die at `step`."""
    counts: dict[str, int] = {}

    def reached(name: str) -> None:
        counts[name] = counts.get(name, 0) + 1
        if step in (name, f"{name}:{counts[name]}"):
            os._exit(9)

    site = site_in(folder, reached)
    counts.clear()
    keep, sign = site.means.archives.keep, keeping._signed
    object.__setattr__(site.means.archives, "keep", lambda law: _then(keep(law), reached, "archived"))
    keeping._signed = lambda means, decision: _then(sign(means, decision), reached, "signed")
    if deed == "decide":
        site.decide()
    else:
        waiting = site.service.appeals(OFFICER, WHY)[0]
        counts.clear()
        site.service.settle(waiting.number, OFFICER, WHY, upheld=True, words="So it is.")
    print("done", flush=True)


def _then(result: T, reached: Callable[[str], None], step: str) -> T:
    reached(step)
    return result


def killed(folder: Path, deed: str, step: str) -> None:
    command = [sys.executable, "-c", CHILD, str(folder), deed, step]
    root = Path(__file__).parents[4]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 9, done.stderr
    assert "done" not in done.stdout


@pytest.fixture
def folder(tmp_path: Path, aralia: Plain) -> Path:
    """A folder with a site that made one decision."""

    (tmp_path / "law.json").write_text(json.dumps(on_wire(aralia.snapshot())))
    site = site_in(tmp_path)
    site.decide()
    site.database.close()
    return tmp_path


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_while_deciding_leaves_nothing_half_kept_and_the_chain_whole(folder: Path, step: str) -> None:
    killed(folder, "decide", step)
    site = site_in(folder)
    checked = site.service.verify(SITE)
    assert (checked.decisions, checked.broken) == (1, ())
    made = site.decide().decision
    first = site.service.newest(SITE)[-1].number
    assert made.previous == site.service.find(first, SITE, WHY).digest
    assert site.service.verify(SITE).whole
    assert verify(site.database).sound
    site.database.close()


def test_a_kill_after_the_commit_leaves_the_decision_whole(folder: Path) -> None:
    killed(folder, "decide", "after-commit")
    site = site_in(folder)
    checked = site.service.verify(SITE)
    assert (checked.decisions, checked.broken) == (2, ())
    site.database.close()


@pytest.mark.parametrize("step", ["signed", "row-written:4", "before-commit"])
def test_a_kill_while_an_appeal_is_upheld_leaves_it_open_and_no_new_decision(folder: Path, step: str) -> None:
    site = site_in(folder)
    number = site.service.newest(SITE)[0].number
    claimed = {"/persons/me/employment_income/2025": 1_000.0}
    site.service.appeal(number, claimed, "Otherwise.", herself(), WHY)
    site.database.close()
    killed(folder, "uphold", step)
    site = site_in(folder)
    (waiting,) = site.service.appeals(OFFICER, WHY)
    assert site.service.verify(SITE).decisions == 1
    made = site.service.settle(waiting.number, OFFICER, WHY, upheld=True, words="So it is.")
    assert made is not None
    assert site.service.verify(SITE).whole
    site.database.close()

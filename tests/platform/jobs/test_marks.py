# SPDX-License-Identifier: EUPL-1.2
"""The mark of a schedule says when it was first known, what is unfinished, and which ticks are new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flagstone.platform.jobs.marks import FilePlace, Mark, Marks, place

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ONE, TWO = NOON + timedelta(hours=1), NOON + timedelta(hours=2)


@pytest.fixture
def marks(jobs_url: str) -> Marks:
    kept_in = place(jobs_url, "interior")
    kept_in.prepare()
    kept_in.prepare()
    return Marks(kept_in, "interior")


def test_a_schedule_is_first_seen_once(marks: Marks) -> None:
    assert marks.read("sweep") is None
    marks.see("sweep", NOON)
    marks.see("sweep", ONE)
    assert marks.read("sweep") == Mark(NOON)
    assert marks.read("other") is None


def test_a_run_is_unfinished_until_it_is_marked_ended(marks: Marks) -> None:
    marks.see("sweep", NOON)
    marks.begin("sweep", ONE)
    begun = marks.read("sweep")
    assert begun is not None
    assert begun.unfinished == ONE
    marks.end("sweep", ONE, "OSError")
    assert marks.read("sweep") == Mark(NOON, ONE, ONE, "OSError")
    marks.begin("sweep", TWO)
    marks.end("sweep", TWO, "")
    assert marks.read("sweep") == Mark(NOON, TWO, TWO, "")


def test_a_tick_is_new_after_the_last_that_ended_or_the_first_sight() -> None:
    assert not Mark(NOON).is_new(None)
    assert not Mark(NOON).is_new(NOON)
    assert Mark(NOON).is_new(ONE)
    assert not Mark(NOON, ONE, ONE).is_new(ONE)
    assert Mark(NOON, ONE, ONE).is_new(TWO)


def test_a_file_is_its_owners_alone_and_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    kept_in = FilePlace(path)
    kept_in.prepare()
    assert path.stat().st_mode & 0o077 == 0
    assert kept_in.ask("PRAGMA journal_mode") == [("wal",)]
    with pytest.raises(FileNotFoundError):
        FilePlace(tmp_path / "missing" / "jobs.sqlite").prepare()

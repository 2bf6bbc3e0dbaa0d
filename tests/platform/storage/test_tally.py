# SPDX-License-Identifier: EUPL-1.2
"""Readings are counted once they are committed, for whoever counts, and for nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

import pytest

from flagstone.kernel.audit import Reason, job
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.tally import tallied
from tests.platform.storage.toy import SCHEMA

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


def look(database: Database, persons: int) -> None:
    with database.reading_person(job("test"), Reason("Test")) as view:
        for number in range(persons):
            view.saw(PersonCode(f"4800101571{number}"), "people", "P-1", ["name"])
        if not persons:
            view.saw_nobody()


def test_every_person_seen_counts(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    look(database, 1)
    with tallied() as outer, tallied() as inner:
        look(database, 2)
        look(database, 0)
        look(database, 1)
    look(database, 1)
    assert (outer.readings, inner.readings) == (0, 3)


def test_a_thread_with_a_copy_of_the_context_counts_too(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    with ThreadPoolExecutor(1) as pool, tallied() as tally:
        pool.submit(copy_context().run, look, database, 2).result()
        pool.submit(look, database, 4).result()
    assert tally.readings == 2


def test_what_was_not_committed_does_not_count(open_database: OpenDatabase) -> None:
    def probe(step: str) -> None:
        if step == "before-commit":
            raise OSError("gone")

    database = open_database(SCHEMA, probe=probe)
    with tallied() as tally, pytest.raises(OSError, match="gone"):
        look(database, 1)
    assert tally.readings == 0

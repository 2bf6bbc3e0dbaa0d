# SPDX-License-Identifier: EUPL-1.2
"""A process killed between any two steps of a write loses nothing acknowledged and shows nothing half."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flagstone.kernel.audit import Reason, job
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import Location
from flagstone.platform.storage.sql import select
from flagstone.platform.storage.tables import outbox
from flagstone.platform.storage.verification import verify
from tests.platform.storage.toy import SCHEMA, stone

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

STEPS = [
    "row-written:1",
    "row-written:2",
    "event-written:1",
    "entries-written:1",
    "before-commit:1",
    "after-commit:1",
]

CHILD = """
import os, sys
from collections import Counter
from datetime import UTC, datetime
from sqlalchemy import make_url
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import Location
from tests.platform.storage.test_crash import change
from tests.platform.storage.toy import SCHEMA

step, url, schema = sys.argv[1:4]
seen = Counter()

def probe(name):
    seen[name] += 1
    if f"{name}:{seen[name]}" == step:
        os._exit(9)

clock = SetClock(datetime(2026, 11, 22, tzinfo=UTC))
database = Database(SCHEMA, Location(make_url(url), schema), "aralia/test/toy", clock=clock, probe=probe)
change(database)
print("acknowledged", flush=True)
"""


def change(database: Database) -> None:
    """Insert one row, change another, and tell the world, in one transaction."""
    from flagstone.blocks.registry.contract.events import RegisterPublished

    with database.writing(job("crash"), Reason("Crash test")) as write:
        write.insert(stone, {"quarry": "n", "number": 2, "data": {"w": 2}, "polished": False})
        write.update(stone, {"quarry": "n", "number": 1}, {"data": {"w": 100}})
        write.publish(RegisterPublished("r", "1"))


def url_of(location: Location) -> str:
    return location.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step(open_database: OpenDatabase, step: str) -> None:
    database = open_database(SCHEMA)
    with database.writing(job("test"), Reason("Test")) as write:
        write.insert(stone, {"quarry": "n", "number": 1, "data": {"w": 1}, "polished": False})
    child = subprocess.run(
        [sys.executable, "-c", CHILD, step, url_of(database.location), database.location.schema],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert child.returncode == 9, child.stderr
    assert child.stdout == ""
    with database.reading() as reading:
        weights = {row["number"]: row["data"]["w"] for row in reading.rows(select(stone))}
        news = len(reading.rows(select(outbox)))
    committed = step == "after-commit:1"
    assert weights == ({1: 100, 2: 2} if committed else {1: 1})
    assert news == (1 if committed else 0)
    assert database.journal.head()[0] == (3 if committed else 1)
    assert verify(database).sound
    if not committed:
        change(database)
        assert verify(database).sound

# SPDX-License-Identifier: EUPL-1.2
"""A site killed at any step of an event's way loses nothing, and its effect is there exactly once."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.news.rig import DEATH, MARI, SITE, WHY, Rig

from flagstone.blocks.exchange.contract.news import DeliveryQuery, State
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.store.tables import SCHEMA as REGISTRY_SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.verification import verify

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEPS = [
    "push.due",
    "event.taken",  # the subscriber has it, the publisher does not know
    "push.sent",
    "push.marked",
    "reaction.due",
    "reaction.done",  # the register has the change, the inbox does not know
    "reaction.marked",
    "commit:1",
    "commit:2",
    "commit:3",
    "commit:4",
    "commit:5",
]

CHILD = """
import sys
from pathlib import Path
from tests.blocks.exchange.service.news.test_crash import life
life(Path(sys.argv[1]), sys.argv[2])
"""


def site(folder: Path, clock: SetClock, probe: object = None) -> Rig:
    opened = []
    for schema in (SCHEMA, REGISTRY_SCHEMA):
        path = engine.sqlite(folder / f"{schema.block}.sqlite")
        options = {"probe": probe} if probe else {}
        database = Database(schema, path, f"aralia/test/{schema.block}", clock=clock, **options)  # type: ignore[arg-type]
        migration.migrate(database)
        opened.append(database)
    return Rig(opened[0], opened[1], clock)


def life(folder: Path, step: str) -> None:
    """Do everything that the site has to do, and die at `step`."""
    commits = 0

    def storage(name: str) -> None:
        nonlocal commits
        commits += name == "before-commit"
        if name == "before-commit" and step == f"commit:{commits}":
            os._exit(9)

    def reached(name: str) -> None:
        if name == step:
            os._exit(9)

    rig = site(folder, SetClock(NOON + timedelta(minutes=1)), storage)
    rig.probe = reached
    work(rig)
    print("done", flush=True)


def work(rig: Rig) -> None:
    rig.hear()
    rig.courier.deliver_due()
    rig.inbox.react_due()


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_site_goes_on(tmp_path: Path, step: str) -> None:
    first = site(tmp_path, SetClock(NOON))
    first.prepare()
    data = {"personal_code": MARI, "given_name": "Mari", "born": "1980-01-01"}
    person = first.registry.create(SITE, "people", data, WHY).id
    work(first)
    first.registry.update(SITE, "people", person, {"note": "died"}, WHY)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), step],
        capture_output=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[5],
    )
    assert (child.returncode, child.stdout) == (9, b""), child.stderr.decode()
    rig = site(tmp_path, SetClock(NOON + timedelta(hours=1)))
    for _ in range(2):
        work(rig)
    (sent,) = rig.news.deliveries(SITE, DeliveryQuery(type=DEATH)).deliveries
    assert sent.state is State.ACKNOWLEDGED
    taken = [each for each in rig.inbox.taken(SITE) if each.reaction == "end-permits"]
    assert [each.state for each in taken] == [State.ACKNOWLEDGED]
    (permit,) = rig.registry.find(SITE, "permits", Query(), WHY).records
    assert (permit.data["status"], permit.revision) == ("ended", 2)
    for database in (rig.news.database, rig.registers):
        assert verify(database).sound

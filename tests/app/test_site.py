# SPDX-License-Identifier: EUPL-1.2
"""A site opened, served over real sockets, visited meanwhile, and closed in order."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

import pytest

from flagstone.app import checkpoints
from flagstone.app.folder import FolderInUse
from flagstone.app.site import Site, at_work, claimed, make, served, visited
from flagstone.app.work import CHECKPOINT_SECONDS
from flagstone.country import Country
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http import server
from flagstone.platform.storage.checkpoint import CheckpointUnreadable
from flagstone.platform.storage.faults import MigrationsPending
from flagstone.platform.storage.verification import Damage, Verdict
from flagstone.settings.options import DatabaseOptions, GovstackOptions, Settings

CLOCK = SystemClock()
SECONDS_MAX = 30


@pytest.fixture
def made(settings: Settings, country: Country) -> Settings:
    """The settings of a site that is made."""
    with claimed(settings, country, CLOCK) as site:
        make(site, lambda _what, _count: None)
    return settings


@dataclass(frozen=True)
class Door:
    """Where a site answers."""

    port: int

    def get(self, path: str) -> tuple[int, str]:
        with closing(HTTPConnection("localhost", self.port, timeout=SECONDS_MAX)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def ready(self, status: int = 200) -> dict[str, object]:
        """Wait until the site says `status` of its readiness and return what it says."""
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            found, body = self.get("/health/ready")
            said: dict[str, object] = json.loads(body)
            if found == status:
                return said
            time.sleep(0.05)
        raise AssertionError(f"{found} {body}")


@contextmanager
def answering(settings: Settings, country: Country) -> Iterator[tuple[Door, Site]]:
    """Serve the site in a thread, as `flagstone up` does in a process."""
    with server.bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        own = replace(settings, http=replace(settings.http, port=port))
        with served(own, country, CLOCK) as site, at_work(site, CLOCK) as (web, _jobs):
            running = server.server(web)
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield Door(port), site
            finally:
                running.should_exit = True
                thread.join(SECONDS_MAX)
                assert not thread.is_alive()


def verdicts(settings: Settings, country: Country) -> dict[str, Verdict]:
    with visited(settings, country, CLOCK) as site:
        found = checkpoints.verify_all(site.folder, site.databases)
    return {verdict.origin: verdict for verdict in found}


@pytest.mark.slow
def test_a_site_answers_and_stops_cleanly(made: Settings, country: Country) -> None:
    before = {thread.name for thread in threading.enumerate()}
    with answering(made, country) as (door, site):
        assert set(door.ready()["checks"]) == {*site.databases, "jobs"}  # type: ignore[call-overload]
        assert door.get("/health/live")[0] == 200
        status, page = door.get("/")
        assert status == 200
        assert "<html" in page
        status, document = door.get("/openapi/registry.json")
        assert (status, json.loads(document)["openapi"][:2]) == (200, "3.")
        assert door.get("/openapi/none.json")[0] == 404
    left = {thread.name for thread in threading.enumerate()} - before
    assert not {name for name in left if name.startswith("jobs")}
    with answering(made, country) as (door, _site):
        assert door.ready()["status"] == "ok"


@pytest.mark.slow
def test_a_served_site_is_visited_but_not_had_twice(made: Settings, country: Country) -> None:
    with answering(made, country) as (door, _site):
        for twice in (claimed, served):
            with pytest.raises(FolderInUse), twice(made, country, CLOCK):
                pass
        assert all(verdict.sound for verdict in verdicts(made, country).values())
        assert door.get("/health/live")[0] == 200
    with served(made, country, CLOCK) as site:
        assert site.folder.mark.made


@pytest.mark.slow
def test_the_heads_are_signed_at_stop(made: Settings, country: Country) -> None:
    folder = made.data / made.site / "checkpoints"
    assert not folder.exists()
    with answering(made, country), visited(made, country, CLOCK) as site:
        head = site.databases["registry"].journal.head()
    newest = (folder / "registry.txt").read_text().splitlines()[-1]
    assert newest.startswith(f"{head[0]} {head[1].hex()} ")
    assert all(verdict.sound for verdict in verdicts(made, country).values())


@pytest.mark.slow
def test_heads_that_cannot_be_signed_do_not_keep_a_site_from_stopping(
    made: Settings, country: Country
) -> None:
    with answering(made, country) as (_door, site):
        assert not site.folder.checkpoints.exists()
        site.folder.checkpoints.write_text("in the way")
    with served(made, country, CLOCK):
        pass


@pytest.mark.slow
def test_a_site_whose_durable_work_cannot_start_says_that_it_is_not_ready(
    made: Settings, country: Country
) -> None:
    (made.data / made.site / "jobs.sqlite").write_bytes(b"this is not a database" * 100)
    with answering(made, country) as (door, _site):
        said = door.ready(503)
        well = {"registry": "ok", "identity": "ok", "portal": "ok", "tracker": "ok"}
        assert said["checks"] == {**well, "jobs": "failed"}
        assert door.get("/health/live")[0] == 200


def test_checkpoints_are_due_every_minute() -> None:
    assert CHECKPOINT_SECONDS == 60


@contextmanager
def _outside(settings: Settings) -> Iterator[sqlite3.Connection]:
    """Open the registry's file round every door, as an intruder would."""
    with closing(sqlite3.connect(settings.data / settings.site / "registry.sqlite")) as connection:
        yield connection
        connection.commit()


def _note(settings: Settings, country: Country) -> None:
    """Write one newest entry and sign the heads."""
    with claimed(settings, country, CLOCK) as site:
        with site.databases["registry"].reading_person(job("test"), Reason("Test")) as view:
            view.saw("48001010000", "individuals", "P-1", ["name"])  # type: ignore[arg-type]
        checkpoints.sign_all(site.folder, site.databases)


def _cut(settings: Settings) -> None:
    """Remove the newest entry together with the row that it explains."""
    triggers = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('journal', 'person_read')"
    )
    with _outside(settings) as connection:
        for (name,) in connection.execute(triggers).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM journal WHERE sequence = (SELECT max(sequence) FROM journal)")
        connection.execute("DELETE FROM person_read")


def _found(settings: Settings, country: Country) -> Damage | None:
    discovery = verdicts(settings, country)["tiny/state/registry"].discovery
    return discovery.damage if discovery else None


def test_a_newest_entry_that_was_cut_or_rewritten_is_caught_by_its_checkpoint_alone(
    made: Settings, country: Country
) -> None:
    _note(made, country)
    signed = made.data / made.site / "checkpoints"
    _cut(made)
    assert _found(made, country) is Damage.REMOVED
    signed.rename(signed.with_name("away"))
    assert _found(made, country) is None
    _note(made, country)
    assert _found(made, country) is None
    shutil.rmtree(signed)
    signed.with_name("away").rename(signed)
    assert _found(made, country) is Damage.EDITED


def test_a_forged_checkpoint_or_a_lost_key_is_told(made: Settings, country: Country) -> None:
    _note(made, country)
    folder: Path = made.data / made.site
    file, key = folder / "checkpoints" / "registry.txt", folder / "keys" / "checkpoints.pem"
    text = file.read_text()
    file.write_text(text.replace(text.split()[1], "00" * 32, 1))
    with pytest.raises(CheckpointUnreadable, match="line 1"):
        verdicts(made, country)
    file.write_text(text)
    key.rename(key.with_name("away.pem"))
    with pytest.raises(CheckpointUnreadable, match="line 1"):
        verdicts(made, country)
    assert not key.exists()


def test_a_site_is_not_looked_for_on_the_other_engine(made: Settings, country: Country) -> None:
    other = replace(made, database=DatabaseOptions(url="postgresql://nobody@localhost/none"))
    with pytest.raises(SettingsFault, match="made with SQLite"), visited(other, country, CLOCK):
        pass


def test_a_site_behind_its_migrations_is_neither_served_nor_visited(made: Settings, country: Country) -> None:
    with _outside(made) as connection:
        connection.execute("DELETE FROM registry_version")
    for opened in (served, visited):
        with pytest.raises(MigrationsPending), opened(made, country, CLOCK):
            pass


@pytest.mark.slow
def test_the_dialect_of_the_test_suite_needs_a_sandbox(made: Settings, country: Country) -> None:
    own = replace(made, govstack=GovstackOptions(registries_dialect=True))
    serious = replace(country, sandbox=False)
    with (
        served(own, serious, CLOCK) as site,
        pytest.raises(SettingsFault, match="sandbox"),
        at_work(site, CLOCK),
    ):
        pass

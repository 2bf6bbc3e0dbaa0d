# SPDX-License-Identifier: EUPL-1.2
"""Making a site: killed between any two steps and repeated, it ends as if it had never been killed."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flagstone.app import seeding
from flagstone.app.checkpoints import verify_all
from flagstone.app.folder import Folder, FolderDamaged, FolderNotMade
from flagstone.app.site import Site, claimed, is_made, make, served, visited
from flagstone.blocks.registry.contract.faults import DefinitionInvalid
from flagstone.blocks.registry.contract.record import Query
from flagstone.country import Country, Row
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage.database import Database
from flagstone.settings.options import DatabaseOptions, Settings

COUNTS = {"individuals": 8, "places": 3}
WHY = Reason("Counting in a test")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """A site of the tiny country on either engine."""
    if request.param == "sqlite":
        return settings
    return replace(settings, database=DatabaseOptions(url=request.getfixturevalue("postgresql_database")))


def nothing(_what: str, _count: int) -> None:
    pass


def making(settings: Settings, country: Country, clock: SetClock) -> None:
    with claimed(settings, country, clock) as site:
        make(site, nothing)


def counts(site: Site) -> dict[str, int]:
    registry = site.services.registry
    return {name: registry.find(seeding.SEEDER, name, Query(), WHY).total for name in COUNTS}


def check_made(settings: Settings, country: Country, clock: SetClock) -> None:
    """Check that the site is made, whole and sound."""
    with visited(settings, country, clock) as site:
        assert all(verdict.sound for verdict in verify_all(site.folder, site.databases))
        assert counts(site) == COUNTS
        assert [person.name for person in seeding.test_persons(site.folder.path)] == ["Ada Tiny"]
        assert not list(site.folder.path.rglob(".*"))


def test_a_site_is_made_once(settings: Settings, country: Country, clock: SetClock) -> None:
    assert not is_made(settings, country)
    making(settings, country, clock)
    assert is_made(settings, country)
    check_made(settings, country, clock)
    with visited(settings, country, clock) as site:
        before = {block: base.journal.head() for block, base in site.databases.items()}

    def forbidden(_register: str) -> Iterator[Row]:
        raise AssertionError("a made site is not filled again")

    making(settings, replace(country, rows=forbidden), clock)
    with visited(settings, country, clock) as site:
        assert {block: base.journal.head() for block, base in site.databases.items()} == before


def test_what_was_made_is_told(settings: Settings, country: Country, clock: SetClock) -> None:
    told: dict[str, int] = {}
    with claimed(settings, country, clock) as site:
        make(site, told.__setitem__)
    assert told == COUNTS


def killed(life: Callable[[], None]) -> int:
    """Run `life` in a process of its own and return the signal that ended it, 0 for none."""
    child = os.fork()
    if child == 0:
        try:
            life()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Deaths:
    """Counts the steps of a making and kills the process at the one that is asked for.

    With a folder, `new` are the steps that find there what the step before did not.
    """

    def __init__(self, at: int = 0, folder: Path | None = None) -> None:
        self.at = at
        self.steps = 0
        self.new: list[int] = []
        self._folder = folder
        self._found = b""

    def step(self, *_arguments: object) -> None:
        self.steps += 1
        if self.steps == self.at:
            die()
        if self._folder is not None:
            before, self._found = self._found, kept(self._folder)
            self.new += [self.steps] if self._found != before else []

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with a step before and after it."""

        def stepped(*arguments: Any, **options: Any) -> Any:
            self.step()
            value = function(*arguments, **options)
            self.step()
            return value

        return stepped


def watched(deaths: Deaths, patch: pytest.MonkeyPatch) -> None:
    """Make every write to a database, key, mark or list a step."""
    plain = Database.__init__

    def probed(self: Database, *arguments: Any, **options: Any) -> None:
        plain(self, *arguments, **{**options, "probe": deaths.step})

    patch.setattr(Database, "__init__", probed)
    patch.setattr("flagstone.platform.crypto.keys._write_draft", deaths.around(_write_draft()))
    patch.setattr("flagstone.platform.storage.steps.take", deaths.around(_take()))
    patch.setattr(Folder, "complete", deaths.around(Folder.complete))
    patch.setattr(seeding, "_publish", deaths.around(seeding._publish))
    patch.setattr(seeding, "_load", deaths.around(seeding._load))


def _write_draft() -> Callable[..., Any]:
    from flagstone.platform.crypto import keys

    return keys._write_draft


def _take() -> Callable[..., Any]:
    from flagstone.platform.storage import steps

    return steps.take


def kept(folder: Path) -> bytes:
    """Return a digest of all that a killed process leaves in `folder`; SQLite's shared memory is not kept."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if not path.name.endswith("-shm")):
        digest.update(f"{path}\n{path.stat().st_mode}\n".encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.digest()


def steps_of_a_making(settings: Settings, country: Country, clock: SetClock) -> Deaths:
    """Return the steps that a making has, in a folder beside."""
    with pytest.MonkeyPatch.context() as patch:
        deaths = Deaths(folder=settings.data)
        watched(deaths, patch)
        making(settings, country, clock)
    return deaths


def die_at(step: int, settings: Settings, country: Country, clock: SetClock) -> None:
    """Make the site in a process that dies at `step`."""

    def life() -> None:
        with pytest.MonkeyPatch.context() as patch:
            watched(Deaths(step), patch)
            making(settings, country, clock)

    assert killed(life) == signal.SIGKILL


@pytest.mark.slow
def test_a_making_killed_at_any_step_is_completed(
    settings: Settings, country: Country, clock: SetClock, request: pytest.FixtureRequest
) -> None:
    elsewhere = replace(settings, site="counted")
    deaths = steps_of_a_making(elsewhere, country, clock)
    assert deaths.steps > 60
    assert len(deaths.new) > 25
    in_folder = request.node.callspec.params["settings"] == "sqlite"  # all that a making leaves
    for step in deaths.new if in_folder else range(1, deaths.steps + 1, 5):
        own = replace(settings, site=f"s{step}")
        die_at(step, own, country, clock)
        making(own, country, clock)
        check_made(own, country, clock)


def test_a_making_killed_again_and_again_is_completed(
    settings: Settings, country: Country, clock: SetClock
) -> None:
    for step in (3, 11, 6, 5, 4):
        die_at(step, settings, country, clock)
        assert not is_made(settings, country)
    making(settings, country, clock)
    check_made(settings, country, clock)


def test_a_half_made_site_is_neither_served_nor_visited(
    settings: Settings, country: Country, clock: SetClock
) -> None:
    die_at(20, settings, country, clock)
    for opened in (visited, served):
        with pytest.raises(FolderNotMade), opened(settings, country, clock):
            pass


def test_rows_that_the_countrys_own_definition_refuses_are_named(
    settings: Settings, country: Country, clock: SetClock
) -> None:
    def bad(register: str) -> Iterator[Row]:
        yield from country.rows(register) if register == "individuals" else ({"code": "T-1"},)

    with pytest.raises(DefinitionInvalid, match="places: row 1, column name"):
        making(settings, replace(country, rows=bad), clock)
    making(settings, country, clock)
    check_made(settings, country, clock)


@pytest.mark.parametrize("content", [b"", b"{", b"[5]", b'[{"name": "Ada"}]', b"\xff"])
def test_a_damaged_list_of_test_persons_is_told(
    settings: Settings, country: Country, clock: SetClock, content: bytes
) -> None:
    with claimed(settings, country, clock) as site:
        file = site.folder.path / seeding.TEST_PERSONS
        file.touch(mode=0o600)
        file.write_bytes(content)
        with pytest.raises(FolderDamaged):
            seeding.test_persons(site.folder.path)


def test_the_list_of_test_persons_is_for_its_owner_only(
    settings: Settings, country: Country, clock: SetClock
) -> None:
    making(settings, country, clock)
    file: Path = settings.data / settings.site / seeding.TEST_PERSONS
    assert file.stat().st_mode & 0o777 == 0o600

# SPDX-License-Identifier: EUPL-1.2
"""The first content of a site: migrations, registers published, records loaded through the importer.

Every step can be repeated: what a killed start left half-written, the next start completes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from flagstone.app.folder import Folder, FolderDamaged
from flagstone.app.services import Services
from flagstone.blocks.exchange.service.news.planting import plant as plant_news
from flagstone.blocks.exchange.service.planting import plant
from flagstone.blocks.registry.contract.faults import DefinitionInvalid, RegisterMissing
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.country import Country, SitePlan, TestPerson
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto.keys import read_private, write_private
from flagstone.platform.storage import migration
from flagstone.platform.storage.database import Database

SEEDER = Caller(job("first-content"), frozenset({"registrar", "analyst"}))
REASON = Reason("First content of the register", "Register Act § 1")
TEST_PERSONS = "test-persons.json"
ANCHORS = "anchors"
"""Folder beside those of the sites, in which the centre leaves its anchors."""

Tell = Callable[[str, int], None]
"""Told what was made and how many of it."""


def migrate(databases: Mapping[str, Database]) -> None:
    """Bring every database up to date."""
    for database in databases.values():
        migration.migrate(database)


def seed(country: Country, plan: SitePlan, services: Services, folder: Folder, tell: Tell) -> None:
    """Publish the site's registers and load their first records; a site that signs in keeps test persons."""
    for definition in country.definitions():
        if definition.code in plan.registers:
            _publish(definition, services)
            tell(definition.code, _load(definition, country, services))
    exchange = country.exchange()
    if exchange is not None and services.exchange is not None:
        plant(services.exchange.service, exchange, plan.code)
        services.exchange.configuring.plant(folder.path.parent / ANCHORS)
    if services.announcing is not None:
        carried = services.exchange.service.snapshot().clients if services.exchange else ()
        plant_news(services.announcing.news, services.announcing.plan, carried)
    if plan.identity:
        persons = [_plain(person) for person in country.test_persons()]
        write_private(folder.path / TEST_PERSONS, json.dumps(persons).encode(), replace=True)


def test_persons(folder: Path) -> tuple[TestPerson, ...]:
    """Return the test persons that the seeding kept; FolderDamaged when their file is not as it was."""
    try:
        kept = json.loads(read_private(folder / TEST_PERSONS))
        return tuple(
            TestPerson(PersonCode(each["personal_code"]), each["name"], each["part"], each["try_this"])
            for each in kept
        )
    except (ValueError, TypeError, KeyError) as error:
        raise FolderDamaged(f"{TEST_PERSONS} cannot be read") from error


def _publish(definition: RegisterDefinition, services: Services) -> None:
    """Publish a register unless this version is there."""
    with suppress(RegisterMissing):
        services.registry.definition(definition.code, definition.version)
        return
    services.registry.publish(SEEDER, definition, REASON)


def _load(definition: RegisterDefinition, country: Country, services: Services) -> int:
    """Load a register's rows; DefinitionInvalid names the first that its own definition refuses."""
    rows = country.rows(definition.code)
    report = services.registry.load(SEEDER, definition.code, rows, REASON, dry_run=False)
    if not report.clean:
        first = report.findings[0]
        raise DefinitionInvalid(
            f"{definition.code}: row {first.row}, column {first.column}: {first.message} ({first.code})"
        )
    return report.rows


def _plain(person: TestPerson) -> dict[str, object]:
    """Return a test person as JSON."""
    return {
        "personal_code": person.personal_code,
        "name": person.name,
        "part": dict(person.part),
        "try_this": dict(person.try_this),
    }

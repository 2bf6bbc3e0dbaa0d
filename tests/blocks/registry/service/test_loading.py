# SPDX-License-Identifier: EUPL-1.2
"""An import that dies between any two steps is repeated and ends as if it had never died."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from tests.contracts.registers import CHECKS, PEOPLE, PLACES, SITE, WHY, definition
from tests.contracts.sealer import ToySealer

from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.contract.register import Data
from flagstone.blocks.registry.service import loading
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA
from flagstone.platform.storage.sql import select

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


class Killed(BaseException):
    """Stands for the death of the process."""


class Probe:
    """Dies at the step with number `at`, counted from when it is armed."""

    def __init__(self) -> None:
        self.left = -1

    def __call__(self, _step: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


def people(count: int) -> list[Data]:
    return [{"personal_code": f"{number:011}", "note": f"note {number}"} for number in range(count)]


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 7, 9, 11, 13, 1_000])
def test_a_killed_import_is_completed_by_its_repetition(
    open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(loading, "CHUNK_ROWS", 10)
    probe = Probe()
    database = open_database(SCHEMA, probe=probe)
    service = Service(database, ToySealer(), CHECKS)
    for data in (PLACES, PEOPLE):
        service.publish(SITE, definition(data), WHY)
    probe.left = at
    try:
        service.load(SITE, "people", people(35), WHY, dry_run=False)
    except Killed:
        probe.left = -1
    service.load(SITE, "people", people(35), WHY, dry_run=False)
    page = service.find(SITE, "people", Query(page_size=100), WHY)
    assert [one.id for one in page.records] == [f"P-{number:06}" for number in range(1, 36)]
    assert [one.data["personal_code"] for one in page.records] == [f"{number:011}" for number in range(35)]
    assert {one.revision for one in page.records} == {1}
    assert service.load(SITE, "people", people(35), WHY, dry_run=True).unchanged == 35


def test_no_secret_reaches_storage_in_clear(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    service = Service(database, ToySealer(), CHECKS)
    for data in (PLACES, PEOPLE):
        service.publish(SITE, definition(data), WHY)
    secret = hashlib.sha256(b"secret").hexdigest()
    service.load(SITE, "people", [{"personal_code": "1" * 11, "note": secret}], WHY, dry_run=False)
    service.update(SITE, "people", "P-000001", {"note": f"{secret} again"}, WHY)
    everything = []
    with database.reading() as view:
        for table in (*SCHEMA.metadata.sorted_tables,):
            everything += [str(dict(row)) for row in view.rows(select(table))]
    everything += [str(entry.document) for entry in database.journal.entries()]
    assert not any(secret in one for one in everything)

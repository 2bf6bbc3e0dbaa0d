# SPDX-License-Identifier: EUPL-1.2
"""What the registry promises of imports and exports, on every form of it."""

from __future__ import annotations

from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.contract.register import Data
from flagstone.blocks.registry.contract.registry import Registry
from tests.contracts.registers import (
    ALL,
    JAAN,
    MARI,
    NOBODY,
    REGISTRAR,
    WHY,
    ids,
    person,
    place,
    someone,
)


def rows(*codes: str) -> list[Data]:
    return [{"code": code, "name": f"Place {code}", "residents": "12", "is_town": "true"} for code in codes]


def test_a_dry_run_writes_nothing_and_tells_what_would_happen(registry: Registry) -> None:
    report = registry.load(REGISTRAR, "places", rows("a", "b"), WHY, dry_run=True)
    assert (report.rows, report.created, report.clean, report.dry_run) == (2, 2, True, True)
    assert ids(registry, NOBODY, "places") == []


def test_an_import_creates_updates_and_leaves_equal_rows(registry: Registry) -> None:
    registry.load(REGISTRAR, "places", rows("a", "b"), WHY, dry_run=False)
    changed = [*rows("a"), {"code": "b", "name": "New", "residents": ""}, *rows("c")]
    report = registry.load(REGISTRAR, "places", changed, WHY, dry_run=False)
    assert (report.created, report.updated, report.unchanged) == (1, 1, 1)
    b = registry.read(NOBODY, "places", "b", WHY)
    assert (b.revision, b.data) == (2, {"code": "b", "name": "New", "is_town": True})
    assert registry.read(NOBODY, "places", "a", WHY).revision == 1


def test_findings_name_row_and_column_and_nothing_is_written(registry: Registry) -> None:
    bad: list[Data] = [
        *rows("a"),
        {"code": "b", "residents": "many"},
        {"code": "a", "name": "Again"},
    ]
    report = registry.load(REGISTRAR, "places", bad, WHY, dry_run=False)
    assert [(one.row, one.column, one.code) for one in report.findings] == [
        (2, "name", "invalid-value"),
        (2, "residents", "invalid-value"),
        (3, "code", "twice-in-file"),
    ]
    assert ids(registry, NOBODY, "places") == []


def test_an_import_checks_links_uniqueness_and_archived_records(registry: Registry) -> None:
    place(registry, "a")
    someone(registry, MARI)
    people: list[Data] = [
        {"personal_code": JAAN, "address": "nowhere"},
        {"id": "P-000009", "personal_code": MARI},
        {"id": "weird", "personal_code": "11111111111"},
    ]
    report = registry.load(REGISTRAR, "people", people, WHY, dry_run=True)
    assert [(one.row, one.column, one.code) for one in report.findings] == [
        (1, "address", "dangling-link"),
        (2, "personal_code", "taken"),
        (3, "id", "unknown-record"),
    ]
    registry.archive(REGISTRAR, "places", "a", WHY)
    report = registry.load(REGISTRAR, "places", rows("a"), WHY, dry_run=True)
    assert [(one.row, one.code) for one in report.findings] == [(1, "archived-record")]


def test_an_import_matches_people_by_their_unique_code_and_repeats_safely(registry: Registry) -> None:
    people: list[Data] = [
        {"personal_code": MARI, "note": "secret", "languages": '["et","en"]'},
        {"personal_code": JAAN},
    ]
    assert registry.load(REGISTRAR, "people", people, WHY, dry_run=False).created == 2
    assert registry.load(REGISTRAR, "people", people, WHY, dry_run=False).unchanged == 2
    assert registry.read(person(MARI), "people", "P-000001", WHY).data["languages"] == ["et", "en"]
    named: list[Data] = [{"id": "P-000077", "personal_code": "11111111111"}]
    assert registry.load(REGISTRAR, "people", named, WHY, dry_run=False).created == 1
    assert someone(registry, "22222222222").id == "P-000078"


def test_an_export_yields_everything_by_id(registry: Registry) -> None:
    registry.load(
        REGISTRAR, "places", rows(*(f"c{number:04}" for number in range(1_100))), WHY, dry_run=False
    )
    exported = [one.id for one in registry.export(REGISTRAR, "places", Query(search="place"), WHY)]
    assert exported == [f"c{number:04}" for number in range(1_100)]
    some = registry.export(REGISTRAR, "places", Query(filters={"code": "c0007"}), WHY)
    assert [one.id for one in some] == ["c0007"]


def test_every_service_has_a_name_that_permits_know() -> None:
    assert len(ALL) == 11

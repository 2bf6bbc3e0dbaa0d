# SPDX-License-Identifier: EUPL-1.2
"""What the registry promises, on every form of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from flagstone.blocks.registry.contract import (
    OWN_ACCESS,
    BreakingChangeUndeclared,
    Data,
    NotPermitted,
    PurposeMissing,
    Query,
    QueryInvalid,
    Record,
    RecordChangedMeanwhile,
    RecordExists,
    RecordInvalid,
    RecordMissing,
    RegisterMissing,
    Registry,
    VersionPublished,
)
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from tests.contracts.registers import (
    ALL,
    ANALYST,
    CLERK,
    JAAN,
    MARI,
    NOBODY,
    PEOPLE,
    PLACES,
    REGISTRAR,
    SITE,
    WHY,
    changed_field,
    definition,
    person,
)


def place(registry: Registry, code: str, **data: Any) -> Record:
    return registry.create(REGISTRAR, "places", {"code": code, "name": f"Place {code}", **data}, WHY)


def someone(registry: Registry, code: str = MARI, **data: Any) -> Record:
    return registry.create(REGISTRAR, "people", {"personal_code": code, **data}, WHY)


def ids(registry: Registry, caller: Caller, register: str, **query: Any) -> list[str]:
    return [record.id for record in registry.find(caller, register, Query(**query), WHY).records]


# Registers and versions


def test_lists_the_registers_that_a_caller_may_use(registry: Registry) -> None:
    assert [one.code for one in registry.definitions(NOBODY)] == ["places"]
    assert [one.code for one in registry.definitions(person(MARI))] == ["people", "places"]
    assert registry.definition("people").legal_basis == "People Act § 1"


def test_missing_registers_and_versions_are_named_missing(registry: Registry) -> None:
    with pytest.raises(RegisterMissing):
        registry.definition("ghosts")
    with pytest.raises(RegisterMissing):
        registry.definition("people", "9.9")
    with pytest.raises(RegisterMissing):
        registry.read(REGISTRAR, "ghosts", "1", WHY)


def test_only_analysts_publish(registry: Registry) -> None:
    with pytest.raises(NotPermitted):
        registry.publish(REGISTRAR, definition(PLACES, version="1.1"), WHY)
    registry.publish(ANALYST, definition(PLACES, version="1.1"), WHY)
    assert registry.definition("places").version == "1.1"


def test_publishing_again_changes_nothing_and_another_content_is_refused(registry: Registry) -> None:
    registry.publish(SITE, definition(PLACES), WHY)
    with pytest.raises(VersionPublished):
        registry.publish(SITE, definition(PLACES, title={"en": "Other"}), WHY)


@pytest.mark.parametrize(
    "change",
    [
        {"fields": [one for one in PLACES["fields"] if one["code"] != "is_town"]},
        {"fields": changed_field(PLACES, "residents", type="text", minimum=None)},
        {"fields": changed_field(PLACES, "area", required=True)},
        {"fields": changed_field(PLACES, "name", unique=True)},
        {"fields": changed_field(PLACES, "name", length_max=10)},
        {"fields": changed_field(PLACES, "name", pattern="[A-Z]+")},
        {"fields": changed_field(PLACES, "residents", minimum="5")},
        {
            "fields": [
                *PLACES["fields"],
                {"code": "new", "type": "text", "title": {"en": "x"}, "required": True},
            ]
        },
        {"key": "name"},
    ],
)
def test_a_silent_break_is_refused(registry: Registry, change: dict[str, Any]) -> None:
    with pytest.raises(BreakingChangeUndeclared):
        registry.publish(SITE, definition(PLACES, version="2.0", **change), WHY)


def test_old_and_new_versions_show_the_same_records(registry: Registry) -> None:
    someone(registry, given_name="Mari", born="1980-01-01")
    fields = changed_field(PEOPLE, "given_name", code="first_name")
    fields.append({"code": "status", "type": "text", "title": {"en": "Status"}, "default": "alive"})
    renaming = [{"field": "given_name", "why": "One word for it", "renamed_to": "first_name"}]
    newer = definition(PEOPLE, version="2.0", fields=fields, breaking=renaming, display=["first_name"])
    registry.publish(SITE, newer, WHY)

    new = registry.read(REGISTRAR, "people", "P-000001", WHY)
    assert (new.data["first_name"], new.data["status"]) == ("Mari", "alive")
    old = registry.read(REGISTRAR, "people", "P-000001", WHY, version="1.0")
    assert old.data["given_name"] == "Mari"
    assert "status" not in old.data

    registry.update(REGISTRAR, "people", "P-000001", {"status": "deceased"}, WHY)
    registry.update(REGISTRAR, "people", "P-000001", {"given_name": "Maria"}, WHY, version="1.0")
    both = registry.read(REGISTRAR, "people", "P-000001", WHY).data
    assert (both["first_name"], both["status"]) == ("Maria", "deceased")
    assert ids(registry, CLERK, "people", search="maria") == ["P-000001"]


def test_a_field_that_changes_its_type_never_shows_values_of_the_old_one(registry: Registry) -> None:
    place(registry, "a", residents=5)
    fields = changed_field(PLACES, "residents", type="text", minimum=None)
    declared = [{"field": "residents", "why": "Now in words"}]
    registry.publish(SITE, definition(PLACES, version="2.0", fields=fields, breaking=declared), WHY)
    assert "residents" not in registry.read(NOBODY, "places", "a", WHY).data
    registry.update(REGISTRAR, "places", "a", {"residents": "five"}, WHY)
    assert registry.read(NOBODY, "places", "a", WHY).data["residents"] == "five"
    assert registry.read(NOBODY, "places", "a", WHY, version="1.0").data["residents"] == 5
    assert ids(registry, NOBODY, "places", filters={"residents": "five"}) == ["a"]


# Create, read, update, archive


def test_generates_ids_in_order(registry: Registry) -> None:
    assert [someone(registry, code).id for code in (MARI, JAAN)] == ["P-000001", "P-000002"]


def test_keeps_values_in_canonical_form(registry: Registry) -> None:
    record = place(registry, "a", name="Cafe\u0301", longitude="024.750", residents=7, is_town=True)
    assert record.data["name"] == "Caf\u00e9"
    assert record.data["longitude"] == "24.750"
    assert registry.read(NOBODY, "places", "a", WHY).data == {
        key: value for key, value in record.data.items() if key != "survey"
    }


def test_names_all_flaws_at_once(registry: Registry) -> None:
    bad: Data = {"code": "a/b", "residents": -1, "is_town": "maybe", "longitude": "east", "colour": "red"}
    with pytest.raises(RecordInvalid) as caught:
        registry.create(REGISTRAR, "places", bad, WHY)
    places = {flaw.pointer for flaw in caught.value.flaws}
    assert places == {"/code", "/name", "/residents", "/is_town", "/longitude", "/colour"}


@pytest.mark.parametrize("text", ["nul\x00", "half \ud800", "\x1b[31m", "x" * 1_001])
def test_refuses_text_that_cannot_be_kept(registry: Registry, text: str) -> None:
    with pytest.raises(RecordInvalid):
        place(registry, "a", name=text)


def test_refuses_a_second_record_of_one_key_or_unique_value(registry: Registry) -> None:
    place(registry, "a")
    with pytest.raises(RecordExists):
        place(registry, "a")
    someone(registry)
    with pytest.raises(RecordExists):
        someone(registry)


def test_a_hard_link_must_lead_somewhere(registry: Registry) -> None:
    with pytest.raises(RecordInvalid) as caught:
        someone(registry, address="nowhere")
    assert [flaw.pointer for flaw in caught.value.flaws] == ["/address"]
    place(registry, "a")
    assert someone(registry, address="a").data["address"] == "a"


def test_update_changes_the_named_fields_and_null_removes(registry: Registry) -> None:
    place(registry, "a", residents=5, area="1.5")
    record = registry.update(REGISTRAR, "places", "a", {"residents": None, "name": "New"}, WHY)
    assert record.revision == 2
    assert record.data == {"code": "a", "name": "New", "area": "1.5"}


def test_an_update_that_changes_nothing_writes_nothing(registry: Registry) -> None:
    place(registry, "a", residents=5)
    assert registry.update(REGISTRAR, "places", "a", {"residents": 5}, WHY).revision == 1


def test_the_key_cannot_change(registry: Registry) -> None:
    place(registry, "a")
    with pytest.raises(RecordInvalid):
        registry.update(REGISTRAR, "places", "a", {"code": "b"}, WHY)


def test_a_stale_update_is_refused(registry: Registry) -> None:
    place(registry, "a")
    registry.update(REGISTRAR, "places", "a", {"name": "One"}, WHY, expected_revision=1)
    with pytest.raises(RecordChangedMeanwhile):
        registry.update(REGISTRAR, "places", "a", {"name": "Two"}, WHY, expected_revision=1)


def test_an_archived_record_leaves_searches_and_keeps_its_history(registry: Registry) -> None:
    place(registry, "a")
    registry.archive(REGISTRAR, "places", "a", WHY)
    assert ids(registry, NOBODY, "places") == []
    assert ids(registry, NOBODY, "places", search="place") == []
    for service in (registry.read, registry.archive):
        with pytest.raises(RecordMissing):
            service(REGISTRAR, "places", "a", WHY)
    with pytest.raises(RecordMissing):
        registry.update(REGISTRAR, "places", "a", {"name": "x"}, WHY)
    operations = [one.operation for one in registry.history(REGISTRAR, "places", "a", WHY)]
    assert operations == ["archive", "create"]


def test_bulk_takes_all_or_none(registry: Registry) -> None:
    good = [{"code": f"c{number}", "name": "x"} for number in range(3)]
    with pytest.raises(RecordInvalid) as caught:
        registry.create_many(REGISTRAR, "places", [*good, {"code": "z"}], WHY)
    assert [flaw.pointer for flaw in caught.value.flaws] == ["/3/name"]
    assert ids(registry, NOBODY, "places") == []
    assert len(registry.create_many(REGISTRAR, "places", good, WHY)) == 3
    with pytest.raises(RecordExists):
        registry.create_many(REGISTRAR, "places", [{"code": "d", "name": "x"}, good[0]], WHY)
    assert ids(registry, NOBODY, "places") == ["c0", "c1", "c2"]


# Finding


def test_finds_words_by_their_beginning_without_case_and_accents(registry: Registry) -> None:
    place(registry, "a", name="Põlva Vald")
    place(registry, "b", name="مدينة النور")
    place(registry, "c", name="Põltsamaa")
    assert ids(registry, NOBODY, "places", search="POL") == ["a", "c"]
    assert ids(registry, NOBODY, "places", search="val põlv") == ["a"]
    assert ids(registry, NOBODY, "places", search="النو") == ["b"]
    assert ids(registry, NOBODY, "places", search="\"x' OR *") == []
    assert ids(registry, NOBODY, "places", search="***") == []
    registry.update(REGISTRAR, "places", "a", {"name": "Tartu"}, WHY)
    assert ids(registry, NOBODY, "places", search="polva") == []
    assert ids(registry, NOBODY, "places", search="tartu") == ["a"]


def test_filters_by_values_of_every_type(registry: Registry) -> None:
    place(registry, "a", residents=5, area="1.50", is_town=True)
    place(registry, "b", residents=12, area="10", is_town=False)
    assert ids(registry, NOBODY, "places", filters={"residents": "5"}) == ["a"]
    assert ids(registry, NOBODY, "places", filters={"area": "1.5"}) == ["a"]
    assert ids(registry, NOBODY, "places", filters={"is_town": "false"}) == ["b"]
    assert ids(registry, NOBODY, "places", filters={"code": "b"}) == ["b"]
    assert ids(registry, NOBODY, "places", filters={"name": "Place a", "is_town": "true"}) == ["a"]
    assert ids(registry, NOBODY, "places", filters={"residents": "many"}) == []
    assert ids(registry, NOBODY, "places", filters={"residents": "5"}, search="place") == ["a"]


def test_orders_by_value_and_counts_pages(registry: Registry) -> None:
    for code, residents, area in (("a", 9, "9"), ("b", 10, "10.5"), ("c", 100, "1")):
        place(registry, code, residents=residents, area=area)
    place(registry, "d")
    assert ids(registry, NOBODY, "places", order_by="residents") == ["a", "b", "c", "d"]
    assert ids(registry, NOBODY, "places", order_by="-residents") == ["c", "b", "a", "d"]
    assert ids(registry, NOBODY, "places", order_by="-area") == ["b", "a", "c", "d"]
    assert ids(registry, NOBODY, "places", order_by="-id") == ["d", "c", "b", "a"]
    page = registry.find(NOBODY, "places", Query(page=2, page_size=3), WHY)
    assert ([one.id for one in page.records], page.total) == (["d"], 4)
    assert registry.find(NOBODY, "places", Query(page=9, page_size=3), WHY).total == 4


@pytest.mark.parametrize(
    "query",
    [
        Query(page_size=201),
        Query(page=0),
        Query(filters={"longitude": "1"}),
        Query(filters={"ghost": "1"}),
        Query(filters={"survey": "1"}),
        Query(order_by="survey"),
        Query(order_by="name; DROP TABLE record"),
        Query(search="x" * 201),
    ],
)
def test_refuses_what_is_not_declared_or_not_to_be_seen(registry: Registry, query: Query) -> None:
    with pytest.raises(QueryInvalid):
        registry.find(NOBODY, "places", query, WHY)


def test_exists_by_example(registry: Registry) -> None:
    place(registry, "a", residents=5)
    assert registry.exists(NOBODY, "places", {"residents": 5, "name": "Place a"}, WHY)
    assert not registry.exists(NOBODY, "places", {"residents": 6}, WHY)
    with pytest.raises(QueryInvalid):
        registry.exists(NOBODY, "places", {"survey": "x"}, WHY)


# Rights


def test_fields_with_read_roles_are_shown_to_these_only(registry: Registry) -> None:
    place(registry, "a", survey="1931")
    assert "survey" not in registry.read(NOBODY, "places", "a", WHY).data
    assert registry.read(REGISTRAR, "places", "a", WHY).data["survey"] == "1931"
    assert ids(registry, REGISTRAR, "places", filters={"survey": "1931"}) == ["a"]


def test_secrets_open_for_their_roles_and_for_nobody_else(registry: Registry) -> None:
    someone(registry, note="allergic")
    assert registry.read(REGISTRAR, "people", "P-000001", WHY).data["note"] == "allergic"
    assert registry.read(person(MARI), "people", "P-000001", WHY).data["note"] == "allergic"
    assert "note" not in registry.read(CLERK, "people", "P-000001", WHY).data
    assert all("note" not in one.data for one in registry.find(CLERK, "people", Query(), WHY).records)
    assert all("note" not in one.record.data for one in registry.history(CLERK, "people", "P-000001", WHY))
    registry.update(REGISTRAR, "people", "P-000001", {"given_name": "Mari"}, WHY)
    assert registry.read(REGISTRAR, "people", "P-000001", WHY).data["note"] == "allergic"


def test_without_a_permit_everything_is_refused(registry: Registry) -> None:
    someone(registry)
    for refused in (
        lambda: registry.find(NOBODY, "people", Query(), WHY),
        lambda: registry.read(NOBODY, "people", "P-000001", WHY),
        lambda: registry.exists(NOBODY, "people", {"personal_code": MARI}, WHY),
        lambda: registry.create(CLERK, "people", {"personal_code": JAAN}, WHY),
        lambda: registry.create_many(CLERK, "people", [], WHY),
        lambda: registry.update(CLERK, "people", "P-000001", {}, WHY),
        lambda: registry.archive(CLERK, "people", "P-000001", WHY),
        lambda: registry.history(NOBODY, "people", "P-000001", WHY),
        lambda: registry.read_log(NOBODY, "people", "P-000001"),
        lambda: registry.load(CLERK, "people", [], WHY, dry_run=True),
        lambda: list(registry.export(CLERK, "people", Query(), WHY)),
        lambda: registry.facts_about(CLERK, PersonCode(MARI), WHY),
        lambda: registry.readings_of(CLERK, PersonCode(MARI)),
    ):
        with pytest.raises(NotPermitted):
            refused()


def test_a_person_reads_her_own_record_and_learns_nothing_of_others(registry: Registry) -> None:
    someone(registry)
    assert registry.read(person(MARI), "people", "P-000001", WHY).data["personal_code"] == MARI
    for record_id in ("P-000001", "P-000099"):
        with pytest.raises(RecordMissing):
            registry.read(person(JAAN), "people", record_id, WHY)
        with pytest.raises(RecordMissing):
            registry.history(person(JAAN), "people", record_id, WHY)
        with pytest.raises(RecordMissing):
            registry.read_log(person(JAAN), "people", record_id)


def test_facts_about_a_person_come_from_every_register(registry: Registry) -> None:
    someone(registry, given_name="Mari", note="x")
    someone(registry, JAAN)
    (fact,) = registry.facts_about(person(MARI), PersonCode(MARI), WHY)
    assert (fact.register, fact.data["note"]) == ("people", "x")
    with pytest.raises(NotPermitted):
        registry.facts_about(person(MARI), PersonCode(JAAN), WHY)


# Readings


def test_every_read_of_personal_data_is_recorded_for_the_person(registry: Registry) -> None:
    someone(registry, given_name="Mari")
    mari = PersonCode(MARI)
    assert registry.readings_of(person(MARI), mari) == ()
    registry.read(CLERK, "people", "P-000001", WHY)
    registry.find(CLERK, "people", Query(), WHY)
    registry.exists(CLERK, "people", {"personal_code": MARI}, WHY)
    registry.history(CLERK, "people", "P-000001", WHY)
    list(registry.export(REGISTRAR, "people", Query(), WHY))
    readings = registry.readings_of(person(MARI), mari)
    assert len(readings) == 5
    assert {one.fields for one in readings} == {("given_name", "personal_code"), ("personal_code",)}
    assert {one.reason.purpose for one in readings} == {"Handling a case"}
    assert {one.reason.legal_basis for one in readings} == {"People Act § 1"}
    assert {one.reason.message_reference for one in readings} == {"case-7"}
    assert {one.actor_name for one in readings} == {"Officer"}
    assert registry.read_log(person(MARI), "people", "P-000001") == readings


def test_misses_and_impersonal_registers_record_nothing(registry: Registry) -> None:
    someone(registry)
    place(registry, "a")
    assert not registry.exists(CLERK, "people", {"personal_code": JAAN}, WHY)
    registry.find(CLERK, "people", Query(search="nobody"), WHY)
    registry.read(CLERK, "places", "a", WHY)
    assert registry.readings_of(person(MARI), PersonCode(MARI)) == ()


def test_a_purpose_is_needed_but_for_own_access(registry: Registry) -> None:
    someone(registry)
    for refused in (
        lambda: registry.read(CLERK, "people", "P-000001", Reason("-")),
        lambda: registry.find(CLERK, "people", Query(), Reason("...")),
        lambda: registry.exists(CLERK, "people", {"personal_code": MARI}, Reason("!")),
    ):
        with pytest.raises(PurposeMissing):
            refused()
    registry.read(person(MARI), "people", "P-000001", Reason("-"))
    (reading,) = registry.readings_of(person(MARI), PersonCode(MARI))
    assert reading.reason.purpose == OWN_ACCESS


# History


def test_history_tells_who_changed_what_and_why(registry: Registry, clock: SetClock) -> None:
    someone(registry, given_name="Mari")
    clock.advance(timedelta(days=1))
    registry.update(REGISTRAR, "people", "P-000001", {"given_name": "Maria"}, Reason("A slip"))
    newer, older = registry.history(CLERK, "people", "P-000001", WHY)
    assert (newer.record.data["given_name"], older.record.data["given_name"]) == ("Maria", "Mari")
    assert (newer.operation, newer.actor_name, newer.reason.purpose) == ("update", "Officer", "A slip")
    assert newer.record.recorded_at - older.record.recorded_at == timedelta(days=1)
    assert newer.journal_sequence > older.journal_sequence


def test_as_of_knows_valid_time_and_recorded_time(registry: Registry, clock: SetClock) -> None:
    first = clock.now()
    registry.create(REGISTRAR, "places", {"code": "a", "name": "Old"}, WHY, valid_from=date(2000, 1, 1))
    clock.advance(timedelta(days=10))
    later = clock.now()
    registry.update(REGISTRAR, "places", "a", {"name": "New"}, WHY, valid_from=date(2020, 1, 1))

    def name(valid_on: date, recorded_by: Any) -> Any:
        asked = registry.as_of(REGISTRAR, "places", "a", WHY, valid_on=valid_on, recorded_by=recorded_by)
        return asked.data["name"]

    assert name(date(2026, 1, 1), later) == "New"
    assert name(date(2026, 1, 1), first) == "Old"
    assert name(date(2010, 1, 1), later) == "Old"
    with pytest.raises(RecordMissing):
        name(date(1990, 1, 1), later)
    with pytest.raises(RecordInvalid):
        registry.update(REGISTRAR, "places", "a", {"name": "x"}, WHY, valid_from=date(2030, 1, 1))


# Import and export


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

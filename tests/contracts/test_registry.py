# SPDX-License-Identifier: EUPL-1.2
"""What the registry promises of registers and records, on every form of it."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.blocks.registry.contract.faults import (
    BreakingChangeUndeclared,
    NotPermitted,
    RecordChangedMeanwhile,
    RecordExists,
    RecordInvalid,
    RecordMissing,
    RegisterMissing,
    VersionPublished,
)
from flagstone.blocks.registry.contract.register import Data
from flagstone.blocks.registry.contract.registry import Registry
from tests.contracts.registers import (
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
    ids,
    person,
    place,
    someone,
)


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


def test_a_soft_link_may_name_a_register_that_is_kept_elsewhere(registry: Registry) -> None:
    elsewhere = [{"field": "name", "register": "towns", "hard": False}]
    registry.publish(ANALYST, definition(PLACES, version="1.1", links=elsewhere), WHY)
    assert place(registry, "T-9", name="T-77").data["name"] == "T-77"
    rows = [{"code": "T-10", "name": "T-78"}]
    assert registry.load(REGISTRAR, "places", rows, WHY, dry_run=False).clean


def test_a_hard_link_to_a_register_that_is_not_here_leads_nowhere(registry: Registry) -> None:
    strange = [*PLACES["fields"], {"code": "town", "type": "text", "title": {"en": "Town"}}]
    links = [{"field": "town", "register": "towns"}]
    registry.publish(ANALYST, definition(PLACES, version="1.1", fields=strange, links=links), WHY)
    with pytest.raises(RecordInvalid):
        place(registry, "T-9", town="T-77")

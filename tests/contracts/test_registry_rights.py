# SPDX-License-Identifier: EUPL-1.2
"""What the registry promises of rights, readings and history, on every form of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from flagstone.blocks.registry.contract.faults import (
    NotPermitted,
    PurposeMissing,
    RecordInvalid,
    RecordMissing,
)
from flagstone.blocks.registry.contract.record import OWN_ACCESS, Query
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from tests.contracts.registers import (
    CLERK,
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

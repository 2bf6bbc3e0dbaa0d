# SPDX-License-Identifier: EUPL-1.2
"""Aralia's definitions: complete in three languages, personal data marked, every permit deliberate."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aralia.definitions import ORDER, definitions
from aralia.offices import offices
from flagstone.blocks.registry.contract.register import Field, RegisterDefinition, RegisterKind, Service
from flagstone.blocks.registry.model.definition_reader import as_mapping, parse_definition

LANGUAGES = {"en", "et", "ar"}
BUILT_IN = {"anyone", "signed-in", "self"}
ROLES = {
    "registrar",
    "clerk",
    "analyst",
    "auditor",
    "operator",
    "trust-officer",
    "rules-officer",
    "rules-analyst",
    "identity",
    "exchange",
    "tracker",
}
WRITES = {Service.CREATE, Service.UPDATE, Service.BULK, Service.ARCHIVE, Service.IMPORT}

every_register = pytest.mark.parametrize("register", definitions(), ids=ORDER)


def every_field(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from every_field(field.properties)
        if field.items is not None:
            yield from every_field((field.items,))


def test_the_five_kinds_are_there() -> None:
    kinds = {register.kind for register in definitions()}
    assert kinds == set(RegisterKind)


@every_register
def test_all_words_are_there_in_each_language(register: RegisterDefinition) -> None:
    words = [register.title, register.description, register.owner_name]
    for field in every_field(register.fields):
        words += [field.title, *(option.title for option in field.options)]
    for one in words:
        assert set(one) == LANGUAGES
        assert all(text.strip() for text in one.values())
        assert any("\u0600" <= letter <= "\u06ff" for letter in one["ar"])


@every_register
def test_the_owner_is_an_office_by_its_name(register: RegisterDefinition) -> None:
    office = next(one for one in offices() if register.owner == f"XA/GOV/{one.code}")
    assert dict(register.owner_name) == {"en": office.name, "et": office.name_et, "ar": office.name_ar}
    assert register.legal_basis.split("§")[0].strip().endswith("Act")


@every_register
def test_only_known_roles_are_permitted_and_only_officials_write(register: RegisterDefinition) -> None:
    assert {role.removesuffix("@owner") for role in register.permits} <= BUILT_IN | ROLES
    for role, services in register.permits.items():
        assert role.endswith("@owner") or not services & WRITES
    for role in BUILT_IN & set(register.permits):
        assert not register.permits[role] & WRITES


@every_register
def test_a_register_of_persons_is_closed_to_strangers(register: RegisterDefinition) -> None:
    if register.persons:
        assert register.permits.get("anyone", frozenset()) <= {Service.EXISTS}
        assert Service.READ_LOG in register.permits["self"]


def test_in_the_population_register_every_field_is_personal() -> None:
    individuals = next(register for register in definitions() if register.code == "individuals")
    assert all(field.personal for field in individuals.fields)
    assert Service.EXISTS not in individuals.permits.get("anyone", frozenset())


@every_register
def test_officials_of_others_read_about_persons_only_over_the_exchange(register: RegisterDefinition) -> None:
    if register.persons:
        offices = set(register.permits) - BUILT_IN - {"exchange", "tracker", "identity", "auditor"}
        assert all(role.endswith("@owner") for role in offices)


@every_register
def test_a_register_of_persons_opens_its_log_to_the_tracker(register: RegisterDefinition) -> None:
    if register.persons:
        assert register.permits["tracker"] == {Service.READ_LOG}


@every_register
def test_systems_of_others_only_look(register: RegisterDefinition) -> None:
    looks = {Service.LIST, Service.READ, Service.EXISTS}
    assert register.permits.get("exchange", frozenset()) in (frozenset(), looks)


@every_register
def test_secret_fields_name_who_may_read_them(register: RegisterDefinition) -> None:
    assert all(field.read_roles for field in every_field(register.fields) if field.secret)


@every_register
def test_a_definition_written_back_is_the_same(register: RegisterDefinition) -> None:
    assert parse_definition(as_mapping(register)) == register

# SPDX-License-Identifier: EUPL-1.2
"""Persons and their offices, found in the registers: the directory that a sign-in asks.

It reads as the system `identity`, with a role of that name, and each read is recorded like any other.
"""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.blocks.identity.contract import (
    Office,
    OfficeRegister,
    Person,
    PersonPage,
    PersonRegister,
)
from flagstone.blocks.registry.contract.faults import RegisterMissing
from flagstone.blocks.registry.contract.record import Query, Record
from flagstone.blocks.registry.contract.register import Value
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.language import marked

_ = marked

ROLE = "identity"
CALLER = Caller(Actor(ActorKind.SYSTEM, ROLE, _("Identity provider")), frozenset({ROLE}))
LISTING = Reason(_("List of test persons to sign in as"), "Identity Act § 4")
SIGNING_IN = Reason(_("Sign-in"), "Identity Act § 3")
SIGNING_OUT = Reason(_("Ending sign-ins of a person who has died"), "Identity Act § 5")


class RegisterDirectory:
    """Keeps `contract.PersonDirectory` over a registry."""

    def __init__(self, registry: Registry, persons: PersonRegister, offices: OfficeRegister) -> None:
        """Look persons up in the register that `persons` names and their offices in that of `offices`."""
        self._registry = registry
        self._persons = persons
        self._offices = offices

    def search(self, words: str, limit: int, page: int) -> PersonPage:
        """Return the `page` of at most `limit` living persons whose name or code begins with each word."""
        names = self._persons
        alive = {names.status: names.status_alive}
        query = Query(words, alive, page=page, page_size=limit, fields=self._needed)
        found = self._registry.find(CALLER, names.register, query, LISTING)
        return PersonPage(tuple(self._person(record, ()) for record in found.records), found.total)

    def find(self, personal_code: PersonCode, *, listed: bool = False) -> Person | None:
        """Return one living person with her offices, or None."""
        names, why = self._persons, LISTING if listed else SIGNING_IN
        filters = {names.personal_code: str(personal_code), names.status: names.status_alive}
        query = Query(filters=filters, page_size=1, fields=self._needed)
        found = self._registry.find(CALLER, names.register, query, why)
        if not found.records:
            return None
        return self._person(found.records[0], self._offices_of(personal_code, why))

    @property
    def register(self) -> str:
        """Return the register that knows the persons."""
        return self._persons.register

    @property
    def status_field(self) -> str:
        """Return the field that tells the living."""
        return self._persons.status

    def dead_person(self, record_id: str) -> PersonCode | None:
        """Return whose record it is when that person is no longer alive, None for the living."""
        names = self._persons
        data = self._registry.read(CALLER, names.register, record_id, SIGNING_OUT).data
        alive = data.get(names.status) == names.status_alive
        return None if alive else PersonCode(str(data[names.personal_code]))

    @property
    def _needed(self) -> frozenset[str]:
        """Return the fields that a sign-in needs of a person."""
        names = self._persons
        return frozenset({names.personal_code, names.given_name, names.family_name, names.birth_date})

    def _offices_of(self, personal_code: PersonCode, why: Reason) -> tuple[Office, ...]:
        """Return the offices that a person holds; none in a country without such a register."""
        names = self._offices
        query = Query(filters={names.personal_code: str(personal_code)}, page_size=20)
        try:
            found = self._registry.find(CALLER, names.register, query, why)
        except RegisterMissing:
            return ()
        return tuple(self._office(record.data) for record in found.records)

    def _office(self, data: Mapping[str, Value]) -> Office:
        """Return one appointment as an office."""
        names, roles = self._offices, data.get(self._offices.roles)
        name = str(data[names.organisation_name])
        held = frozenset(str(role) for role in roles) if isinstance(roles, list | tuple) else frozenset()
        return Office(str(data[names.organisation]), {"en": name}, held)

    def _person(self, record: Record, offices: tuple[Office, ...]) -> Person:
        """Return a record of the population register as a person."""
        names, data = self._persons, record.data
        return Person(
            PersonCode(str(data[names.personal_code])),
            str(data.get(names.given_name) or ""),
            str(data.get(names.family_name) or ""),
            str(data.get(names.birth_date) or ""),
            offices,
        )

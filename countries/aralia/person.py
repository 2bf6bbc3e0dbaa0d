# SPDX-License-Identifier: EUPL-1.2
"""One made-up person, and her row in the population register."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from flagstone.blocks.registry.contract.register import Value

TODAY = date(2026, 11, 1)
"""The day on which Aralia's made-up registers stand."""

ADULT_YEARS = 18


@dataclass(eq=False)
class Person:
    """A person while the population is being made; relatives are named by personal code."""

    code: str
    birth: date
    sex: str
    given: str
    family: str = ""
    death: date | None = None
    marital: str = "single"
    spouse: str = ""
    parents: list[tuple[str, str]] = field(default_factory=list)  # code, role
    children: list[str] = field(default_factory=list)
    custody: list[tuple[str, str, date]] = field(default_factory=list)  # holder, kind, since
    household: str = ""
    address: str = ""
    address_since: date | None = None
    protected_address: str = ""
    nationalities: tuple[str, ...] = ("XA",)
    languages: tuple[str, ...] = ("en",)
    email: str = ""
    phone: str = ""

    @property
    def age(self) -> int:
        """Return the age in whole years on `TODAY`, or at death."""
        return years_between(self.birth, self.death or TODAY)

    @property
    def alive(self) -> bool:
        """Tell whether the person lives on `TODAY`."""
        return self.death is None

    @property
    def adult(self) -> bool:
        """Tell whether the person lives and is of age."""
        return self.alive and self.age >= ADULT_YEARS


def years_between(first: date, last: date) -> int:
    """Return the whole years from `first` to `last`; a birthday on 29 February counts from 1 March."""
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def row(person: Person) -> dict[str, Value]:
    """Return the row of the register of individuals for `person`; what is not known is left out."""
    known: dict[str, Value] = {
        "personal_code": person.code,
        "given_name": person.given,
        "family_name": person.family,
        "birth_date": person.birth.isoformat(),
        "sex": person.sex,
        "status": "alive" if person.alive else "deceased",
        "death_date": person.death.isoformat() if person.death else None,
        "marital_status": person.marital,
        "spouse": person.spouse,
        "parents": [{"personal_code": code, "role": role} for code, role in person.parents],
        "children": list(person.children),
        "custody": [
            {"personal_code": holder, "kind": kind, "since": since.isoformat()}
            for holder, kind, since in person.custody
        ],
        "household": person.household,
        "address": person.address,
        "address_since": person.address_since.isoformat() if person.address_since else None,
        "protected_address": person.protected_address,
        "nationalities": list(person.nationalities),
        "languages": list(person.languages),
        "email": person.email,
        "phone": person.phone,
    }
    return {name: value for name, value in known.items() if value not in ("", None, [])}

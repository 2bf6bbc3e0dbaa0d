# SPDX-License-Identifier: EUPL-1.2
"""Who holds an office of Aralia's state, and with which roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from aralia.offices import office_codes, offices
from aralia.people import people
from aralia.person import Person
from flagstone.blocks.registry.contract.register import Value

# office and roles, in the order in which living adults are appointed
_POSTS = (
    ("interior", ("registrar",)),
    ("interior", ("clerk",)),
    ("digital", ("analyst",)),
    ("interior", ("auditor",)),
    ("digital", ("operator",)),
    ("justice", ("registrar",)),
    ("environment", ("registrar",)),
    ("land", ("registrar",)),
    ("benefits", ("clerk",)),
    ("tax", ("clerk",)),
    ("police", ("clerk",)),
    ("elections", ("clerk",)),
    ("audit", ("auditor",)),
    ("interior", ("registrar", "clerk")),
    ("district-d01", ("clerk",)),
    ("district-d02", ("clerk",)),
    ("interior", ("operator",)),
    ("justice", ("operator",)),
    ("tax", ("operator",)),
    ("environment", ("operator",)),
    ("tax", ("registrar",)),
    ("digital", ("registrar", "clerk")),
    ("justice", ("clerk",)),
    ("environment", ("clerk",)),
    ("protection", ("auditor",)),
    ("justice", ("auditor",)),
    ("tax", ("auditor",)),
    ("environment", ("auditor",)),
    ("digital", ("auditor",)),
    ("digital", ("trust-officer",)),
    ("digital", ("trust-officer",)),
    ("tax", ("rules-officer",)),
    ("tax", ("rules-analyst",)),
)
_STRIDE = 977  # so that appointed persons are not neighbours in the register


@dataclass(frozen=True)
class Official:
    """One appointment: the person's code, the organisation in whose name she acts, and her roles."""

    personal_code: str
    organisation: str
    roles: tuple[str, ...]


@lru_cache(maxsize=1)
def officials() -> tuple[Official, ...]:
    """Return every appointment, always the same; all are living adults of 25 to 60 with both names."""
    able = [person for person in people() if _able(person)]
    return tuple(
        Official(able[(at + 1) * _STRIDE % len(able)].code, office_codes()[office], roles)
        for at, (office, roles) in enumerate(_POSTS)
    )


def appointments() -> Iterator[Mapping[str, Value]]:
    """Yield the rows of the register of appointments."""
    names = {office.code: office.name for office in offices()}
    for number, official in enumerate(officials(), 1):
        yield {
            "code": f"T-{number:04d}",
            "personal_code": official.personal_code,
            "organisation": official.organisation,
            "organisation_name": names[official.organisation],
            "roles": list(official.roles),
        }


def _able(person: Person) -> bool:
    return (
        person.adult
        and 25 <= person.age <= 60
        and bool(person.family and person.address)
        and person.given.isascii()
        and person.family.isascii()
    )

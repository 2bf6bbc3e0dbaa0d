# SPDX-License-Identifier: EUPL-1.2
"""What employers paid to Aralia's people and withheld, and which organisations are registered for tax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from aralia.chance import Chance
from aralia.companies import Row, companies
from aralia.featured import featured
from aralia.people import people
from aralia.person import TODAY, Person

YEARS = (2024, 2025)
CURRENCY = "XAM"
_YOUNGEST, _OLDEST = 19, 69
_ALLOWANCE_MINOR, _RATE_PERCENT = 780_000, 20
_STATUSES = (("declared", 950), ("corrected", 42), ("disputed", 8))
_MONTHLY_MINOR = (
    ((90_000, 150_000), 25),
    ((150_000, 260_000), 50),
    ((260_000, 480_000), 20),
    ((480_000, 900_000), 5),
)


def incomes() -> Iterator[Row]:
    """Yield a row for each year in which a person had a job; every featured test person has one."""
    chance = Chance("incomes")
    employers = [row for row in companies() if row["status"] == "active"]
    shown = {one.personal_code for one in featured()}
    serial = 0
    for person in people():
        if not (person.adult and (_works(chance, person) or person.code in shown)):
            continue
        for row in _years(chance, person, employers):
            serial += 1
            yield {"declaration": f"D{row['year']}-{serial:06d}"} | row


def _works(chance: Chance, person: Person) -> bool:
    return _YOUNGEST <= person.age <= _OLDEST and chance.odds(510)


def _years(chance: Chance, person: Person, employers: Sequence[Row]) -> Iterator[Row]:
    """Yield what one person earned, year by year; one in six changed the employer in between."""
    employer, monthly = chance.pick(employers), _monthly_minor(chance)
    for year in YEARS:
        if year == YEARS[0] and (chance.odds(120) or year - person.birth.year < _YOUNGEST):
            continue
        gross = monthly * chance.between(10, 12)
        yield {
            "personal_code": person.code,
            "year": str(year),
            "employer": employer["register_code"],
            "gross_minor": gross,
            "tax_withheld_minor": tax_minor(gross),
            "currency": CURRENCY,
            "status": chance.weighted(_STATUSES),
        }
        if chance.odds(160):
            employer = chance.pick(employers)
        monthly += monthly * chance.between(0, 9) // 100


def _monthly_minor(chance: Chance) -> int:
    return chance.between(*chance.weighted(_MONTHLY_MINOR)) // 100 * 100


def tax_minor(gross_minor: int) -> int:
    """Return the tax that is withheld from a year's pay: a fifth of what is above the allowance."""
    return max(0, gross_minor - _ALLOWANCE_MINOR) * _RATE_PERCENT // 100


def taxpayers() -> Iterator[Row]:
    """Yield a row for each company and association that was ever registered for tax."""
    chance = Chance("taxpayers")
    for company in companies():
        if company["member_class"] == "GOV" or not chance.odds(930):
            continue
        founded = date.fromisoformat(str(company["registered_on"]))
        since = min(founded + timedelta(days=chance.between(0, 200)), TODAY)
        yield {
            "register_code": company["register_code"],
            "name": company["name"],
            "since": since.isoformat(),
            "status": _standing(chance, str(company["status"])),
        }


def _standing(chance: Chance, status: str) -> str:
    if status == "deleted":
        return "ended"
    return "in_arrears" if chance.odds(45) else "registered"

# SPDX-License-Identifier: EUPL-1.2
"""Where and how Aralia's people want the state to write to them: 8,000 of the register of contacts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from aralia.chance import Chance
from aralia.companies import Row
from aralia.featured import featured
from aralia.people import people
from aralia.person import TODAY, Person

CONTACTS = 8_000
_CHANNELS = (("email", 78), ("portal", 14), ("post", 8))
_HOSTS = ("post.example", "letters.example", "island.example")


def contacts() -> Iterator[Row]:
    """Yield the first 8,000 adults by lot, every featured test person among them."""
    chance = Chance("notices")
    shown = {one.personal_code for one in featured()}
    adults = [person for person in people() if person.adult]
    left = CONTACTS - sum(person.code in shown for person in adults)
    for at, person in enumerate(adults):
        if person.code in shown:
            yield _contact(chance, at, person)
        elif left and chance.odds(600):
            left -= 1
            yield _contact(chance, at, person)


def _contact(chance: Chance, at: int, person: Person) -> Row:
    channel = chance.weighted(_CHANNELS)
    row: Row = {
        "personal_code": person.code,
        "language": person.languages[0],
        "channel": channel,
        "confirmed_on": chance.day(date(2019, 1, 1), TODAY).isoformat(),
    }
    if channel == "email":
        row["email"] = person.email or f"resident.{at}@{chance.pick(_HOSTS)}"
    return row

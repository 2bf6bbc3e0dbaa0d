# SPDX-License-Identifier: EUPL-1.2
"""Who may fish, fell trees or hunt in Aralia, where and until when: 3,000 permits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from aralia.chance import Chance
from aralia.companies import Row
from aralia.featured import featured
from aralia.people import people
from aralia.person import TODAY
from aralia.places import addresses, districts

PERMITS = 3_000
_KINDS = (("fishing", 60), ("tree_felling", 28), ("hunting", 12))
_LETTERS = {"fishing": "F", "tree_felling": "T", "hunting": "H"}
_DAYS = {"fishing": 364, "tree_felling": 729, "hunting": 364}


def permits() -> Iterator[Row]:
    """Yield the permits; every featured test person holds one that is valid now."""
    chance = Chance("permits")
    adults = [person.code for person in people() if person.adult]
    shown = [one.personal_code for one in featured()]
    for at in range(PERMITS):
        if at < len(shown):
            yield _permit(chance, at + 1, shown[at], TODAY - timedelta(days=chance.between(5, 300)))
        else:
            begun = chance.day(date(2023, 1, 1), TODAY)
            yield _permit(chance, at + 1, chance.pick(adults), begun)


def _permit(chance: Chance, number: int, holder: str, begun: date) -> Row:
    kind = chance.weighted(_KINDS)
    ends = begun + timedelta(days=_DAYS[kind])
    row: Row = {
        "number": f"{_LETTERS[kind]}-{number:06d}",
        "kind": kind,
        "personal_code": holder,
        "valid_from": begun.isoformat(),
        "valid_to": ends.isoformat(),
        "district": chance.pick(districts()).code,
        "status": "expired" if ends < TODAY else "revoked" if chance.odds(12) else "valid",
    }
    if kind == "tree_felling":
        row["address"] = chance.pick(addresses()).name
    return row

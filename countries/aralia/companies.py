# SPDX-License-Identifier: EUPL-1.2
"""The organisations of Aralia: 2,000 public bodies, companies and associations with representatives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache

from aralia.chance import Chance
from aralia.codes import make_organisation_code
from aralia.names import family_names, in_ascii, place_name
from aralia.offices import Office, offices
from aralia.people import people
from aralia.person import ADULT_YEARS, TODAY, Person
from aralia.places import addresses
from flagstone.blocks.registry.contract.register import Value

ORGANISATIONS = 2_000
RECOVERY_SCHEMES = 3
PRODUCERS = 120

Row = dict[str, Value]

_COMPANY_SERIAL, _ASSOCIATION_SERIAL = 2_000_000, 3_000_000
_TRADES = (
    ("Shipping", "50.20"),
    ("Fisheries", "03.11"),
    ("Bakery", "10.71"),
    ("Builders", "41.20"),
    ("Software", "62.01"),
    ("Electronics", "26.40"),
    ("Trading", "46.90"),
    ("Transport", "49.41"),
    ("Energy", "35.11"),
    ("Consulting", "70.22"),
    ("Foods", "10.89"),
    ("Clinic", "86.21"),
    ("Hotel", "55.10"),
    ("Repairs", "95.21"),
)
_PURPOSES = (
    ("Choir", "90.01"),
    ("Sports Club", "93.12"),
    ("Village Society", "94.99"),
    ("Relief Fund", "88.99"),
)
_STATUSES = (("active", 900), ("in_liquidation", 20), ("deleted", 80))


def _eighteenth(person: Person) -> date:
    """Return the first day on which the person was surely of age."""
    return person.birth + timedelta(days=ADULT_YEARS * 366)


def _representative(chance: Chance, person: Person, role: str, founded: date) -> Row:
    """Name a living adult who took the role when she was of age."""
    since = chance.day(max(founded, _eighteenth(person)), TODAY - timedelta(days=1))
    return {"personal_code": person.code, "role": role, "from": since.isoformat()}


def _former(chance: Chance, person: Person, founded: date) -> Row | None:
    """Name somebody who held the role for a while and may have died since."""
    first = max(founded, _eighteenth(person))
    last = min(person.death or TODAY, TODAY) - timedelta(days=2)
    if first >= last:
        return None
    begun = chance.day(first, last)
    ended = chance.day(begun, last)
    return {
        "personal_code": person.code,
        "role": "board_member",
        "from": begun.isoformat(),
        "to": ended.isoformat(),
    }


def _founded(chance: Chance, longest_ago: int) -> date:
    return chance.day(date(TODAY.year - longest_ago, 1, 1), date(TODAY.year, 6, 1))


def _base(chance: Chance, code: str, name: str, legal_form: str) -> Row:
    town = chance.pick(addresses())
    return {
        "register_code": code,
        "name": name,
        "legal_form": legal_form,
        "status": "active",
        "registered_on": _founded(chance, 30).isoformat(),
        "address": town.code,
        "email": f"office@{in_ascii(name)[:30]}-{code}.example",
    }


def _public_bodies(chance: Chance, adults: Sequence[Person]) -> Iterator[Row]:
    for office in offices():
        yield _public_body(chance, office, chance.pick(adults))


def _public_body(chance: Chance, office: Office, head: Person) -> Row:
    made = _base(chance, office.code, office.name, "public_body")
    founded = date.fromisoformat(str(made["registered_on"]))
    return made | {
        "name_et": office.name_et,
        "name_ar": office.name_ar,
        "member_class": "GOV",
        "activities": ["84.11"],
        "employees": chance.between(20, 900),
        "representatives": [_representative(chance, head, "head", founded)],
    }


def _ownership(chance: Chance, owners: Sequence[Person]) -> list[Value]:
    """Split 1,000 parts among the owners."""
    left = 1000
    shares: list[Value] = []
    for place, owner in enumerate(owners):
        part = left if place == len(owners) - 1 else chance.between(1, left - (len(owners) - place))
        left -= part
        shares.append({"personal_code": owner.code, "share_permille": part})
    return shares


def _several(chance: Chance, adults: Sequence[Person], most: int) -> list[Person]:
    """Return one to `most` different adults."""
    chosen = {id(one): one for one in (chance.pick(adults) for _ in range(chance.between(1, most)))}
    return list(chosen.values())


def _company(chance: Chance, serial: int, adults: Sequence[Person]) -> Row:
    """Return a company; the first `PRODUCERS` of them place equipment on the market and are active."""
    trade, activity = chance.pick(_TRADES)
    stem = chance.pick((chance.pick(family_names()), place_name(chance)))
    public = chance.odds(90)
    suffix, form = ("PLC", "public_limited_company") if public else ("Ltd", "private_limited_company")
    code = make_organisation_code(_COMPANY_SERIAL + serial)
    made = _base(chance, code, f"{stem} {trade} {suffix}", form)
    made |= {
        "member_class": "COM",
        "status": "active" if serial < PRODUCERS else chance.weighted(_STATUSES),
        "activities": [activity, *(["46.52"] if chance.odds(200) else [])],
        "employees": chance.weighted(((0, 20), (3, 40), (12, 25), (60, 12), (400, 3))),
        "share_capital_minor": 2_500_000 if public else chance.between(1, 5_000) * 100,
        "owners": _ownership(chance, _several(chance, adults, 3)),
    }
    if serial < PRODUCERS:
        made["epr_role"] = "producer"
    return _staffed(chance, made, adults)


def _staffed(chance: Chance, made: Row, adults: Sequence[Person]) -> Row:
    """Add a director, board members, at times a former one; close it when its status says so."""
    founded = date.fromisoformat(str(made["registered_on"]))
    board = _several(chance, adults, 4)
    roles = ["director", *["board_member"] * (len(board) - 1)]
    named: list[Value] = [
        _representative(chance, one, role, founded) for one, role in zip(board, roles, strict=True)
    ]
    former = _former(chance, chance.pick(people()), founded) if chance.odds(150) else None
    if former is not None:
        named.append(former)
    if made["status"] == "deleted":
        made["deleted_on"] = TODAY.isoformat()
        named = [{"to": TODAY.isoformat(), **dict(one)} for one in named if isinstance(one, Mapping)]
    return made | {"representatives": named}


def _association(chance: Chance, serial: int, adults: Sequence[Person]) -> Row:
    purpose, activity = chance.pick(_PURPOSES)
    code = make_organisation_code(_ASSOCIATION_SERIAL + serial)
    form = "foundation" if purpose == "Relief Fund" else "association"
    made = _base(chance, code, f"{place_name(chance)} {purpose}", form)
    made |= {"member_class": "NGO", "activities": [activity], "employees": chance.between(0, 6)}
    return _staffed(chance, made, adults)


def _recovery_scheme(chance: Chance, serial: int, adults: Sequence[Person]) -> Row:
    """Return a producer responsibility organisation: it takes back what its producers sold."""
    made = _association(chance, serial, adults)
    name = f"{place_name(chance)} Recovery Scheme"
    made |= {
        "name": name,
        "legal_form": "association",
        "activities": ["38.32"],
        "epr_role": "recovery_scheme",
    }
    made["email"] = f"office@{in_ascii(name)[:30]}-{made['register_code']}.example"
    return made


@lru_cache(maxsize=1)
def companies() -> tuple[Row, ...]:
    """Return the rows of the register of organisations, always the same: the state's offices first."""
    chance = Chance("companies")
    adults = [person for person in people() if person.adult and 19 <= person.age <= 80]
    rows = list(_public_bodies(chance, adults))
    rows += [_recovery_scheme(chance, at, adults) for at in range(RECOVERY_SCHEMES)]
    rows += [_association(chance, RECOVERY_SCHEMES + at, adults) for at in range(260)]
    for at in range(ORGANISATIONS - len(rows)):
        rows.append(_company(chance, at, adults))
    return tuple(rows)

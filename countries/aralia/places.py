# SPDX-License-Identifier: EUPL-1.2
"""Where Aralia lies: an island drawn into the open Atlantic, its districts, settlements and points.

No land lies there in the world. Positions are whole millionths of a degree (WGS 84) inside, and decimal
text in the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from aralia.chance import Chance
from aralia.names import in_arabic, place_name

Spot = tuple[int, int]  # longitude and latitude in millionths of a degree

DISTRICTS = 12
SETTLEMENTS_PER_DISTRICT = 5
ADDRESSES = 3_000
CAPITAL_ADDRESSES = 345

_CENTRE: Spot = (-38_200_000, 25_400_000)
_COAST: tuple[Spot, ...] = (
    *((-900_000, 40_000), (-820_000, 260_000), (-610_000, 330_000), (-560_000, 470_000)),
    *((-300_000, 560_000), (-90_000, 500_000), (120_000, 590_000), (350_000, 540_000)),
    *((480_000, 400_000), (700_000, 360_000), (880_000, 170_000), (850_000, -60_000)),
    *((690_000, -180_000), (640_000, -370_000), (400_000, -450_000), (210_000, -580_000)),
    *((-40_000, -520_000), (-260_000, -590_000), (-470_000, -430_000), (-760_000, -300_000)),
)

# kind, name in English, how many in each district
_SERVICE_POINTS = (
    ("collection_point", "E-waste collection point", 4),
    ("school", "School", 4),
    ("health_centre", "Health centre", 2),
    ("service_desk", "Service desk", 1),
    ("polling_place", "Polling place", 5),
)


@dataclass(frozen=True)
class Place:
    """One record of the register of locations."""

    code: str
    kind: str
    name: str
    spot: Spot
    parent: str = ""
    street: str = ""
    house_number: str = ""
    postal_code: str = ""


def outline() -> tuple[tuple[str, str], ...]:
    """Return the coast as a closed ring of decimal longitudes and latitudes (RFC 7946, 3.1.6)."""
    ring = [(_CENTRE[0] + east, _CENTRE[1] + north) for east, north in _COAST]
    return tuple((decimal(east), decimal(north)) for east, north in [ring[0], *reversed(ring)])


def decimal(millionths: int) -> str:
    """Return `millionths` of a degree as decimal text, `-38.200001`."""
    whole, rest = divmod(abs(millionths), 1_000_000)
    return f"{'-' if millionths < 0 else ''}{whole}.{rest:06}"


def on_land(spot: Spot) -> bool:
    """Tell whether `spot` lies inside the coast (ray casting over whole numbers)."""
    east, north = spot[0] - _CENTRE[0], spot[1] - _CENTRE[1]
    inside = False
    for (e1, n1), (e2, n2) in zip(_COAST, (*_COAST[1:], _COAST[0]), strict=True):
        if (n1 > north) != (n2 > north):
            rising = n2 > n1
            side = (e2 - e1) * (north - n1) - (east - e1) * (n2 - n1)
            inside ^= (side > 0) == rising
    return inside


def _apart(one: Spot, other: Spot) -> int:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2


def _near(chance: Chance, centre: Spot, reach: int) -> Spot:
    """Return a spot on land at most `reach` from `centre` each way; its last digit is never 0."""
    while True:
        east = centre[0] + chance.between(-reach, reach)
        north = centre[1] + chance.between(-reach, reach)
        spot = (east - (east % 10 == 0), north + (north % 10 == 0))
        if on_land(spot):
            return spot


def _spread(chance: Chance, count: int) -> list[Spot]:
    """Return `count` spots over the island, each a quarter of a degree from the next."""
    spots: list[Spot] = []
    while len(spots) < count:
        spot = _near(chance, _CENTRE, 900_000)
        if all(_apart(spot, other) > 250_000**2 for other in spots):
            spots.append(spot)
    return spots


@lru_cache(maxsize=1)
def districts() -> tuple[Place, ...]:
    """Return the districts."""
    chance = Chance("districts")
    spots = _spread(chance, DISTRICTS)
    return tuple(
        Place(f"D{place:02}", "district", place_name(chance), spot) for place, spot in enumerate(spots, 1)
    )


@lru_cache(maxsize=1)
def settlements() -> tuple[Place, ...]:
    """Return towns and villages, each nearest to the middle of its own district; the capital comes first."""
    chance = Chance("settlements")
    found = []
    for district in districts():
        for place in range(1, SETTLEMENTS_PER_DISTRICT + 1):
            spot = _within(chance, district)
            code = f"{district.code}-{place:02}"
            found.append(Place(code, "settlement", place_name(chance), spot, parent=district.code))
    return tuple(found)


def _within(chance: Chance, district: Place) -> Spot:
    while True:
        spot = _near(chance, district.spot, 250_000)
        if min(districts(), key=lambda other: (_apart(spot, other.spot), other.code)) is district:
            return spot


@lru_cache(maxsize=1)
def addresses() -> tuple[Place, ...]:
    """Return the address points, street by street; the capital has the most."""
    chance = Chance("addresses")
    towns = settlements()
    others = (ADDRESSES - CAPITAL_ADDRESSES) // (len(towns) - 1)
    found: list[Place] = []
    for town in towns:
        count = CAPITAL_ADDRESSES if town is towns[0] else others
        streets = [
            f"{place_name(chance)} {chance.pick(('street', 'road', 'lane'))}" for _ in range(count // 9)
        ]
        for place in range(count):
            street, number = streets[place % len(streets)], place // len(streets) * 2 + 1
            found.append(_address(chance, town, len(found) + 1, f"{street} {number}"))
    return tuple(found)


def _address(chance: Chance, town: Place, serial: int, words: str) -> Place:
    street, _, number = words.rpartition(" ")
    spot = _near(chance, town.spot, 15_000)
    postal = f"{town.code[1:3]}{town.code[4:]}{number[-1]}"
    return Place(f"A{serial:05}", "address", f"{words}, {town.name}", spot, town.code, street, number, postal)


@lru_cache(maxsize=1)
def service_points() -> tuple[Place, ...]:
    """Return where the state can be met: schools, polling places, collection points and the like."""
    chance = Chance("service points")
    found: list[Place] = []
    for district in districts():
        towns = [town for town in settlements() if town.parent == district.code]
        for kind, words, count in _SERVICE_POINTS:
            for place in range(count):
                town = towns[place % len(towns)]
                spot = _near(chance, town.spot, 12_000)
                code = f"S{len(found) + 1:04}"
                found.append(Place(code, kind, f"{words}, {town.name}", spot, parent=town.code))
    return tuple(found)


def places() -> tuple[Place, ...]:
    """Return every place, parents before what lies in them."""
    return (*districts(), *settlements(), *addresses(), *service_points())


def row(place: Place) -> dict[str, str | bool]:
    """Return the row of the register of locations for `place`."""
    optional = {
        "parent": place.parent,
        "street": place.street,
        "house_number": place.house_number,
        "postal_code": place.postal_code,
        "name_ar": in_arabic(place.name) if place.kind in {"district", "settlement"} else "",
    }
    return {
        "code": place.code,
        "kind": place.kind,
        "name": place.name,
        **{field: text for field, text in optional.items() if text},
        "longitude": decimal(place.spot[0]),
        "latitude": decimal(place.spot[1]),
        "in_use": True,
    }

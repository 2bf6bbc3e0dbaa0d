# SPDX-License-Identifier: EUPL-1.2
"""The products of Aralia: 1,500 articles, two in three of them electrical or electronic equipment."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from aralia.chance import Chance
from aralia.codes import make_article_number
from aralia.companies import companies
from aralia.names import place_name
from aralia.person import TODAY
from flagstone.blocks.registry.contract.register import Value

PRODUCTS = 1_500
ELECTRICAL = 1_000

Row = dict[str, Value]

# name, category of extended producer responsibility, least and most grams, has a battery
_EQUIPMENT = (
    ("Refrigerator", "temperature", 35_000, 95_000, False),
    ("Heat pump", "temperature", 40_000, 180_000, False),
    ("Television", "screens", 3_500, 28_000, False),
    ("Notebook computer", "screens", 900, 2_800, True),
    ("Tablet", "screens", 250, 700, True),
    ("LED lamp", "lamps", 20, 150, False),
    ("Fluorescent tube", "lamps", 90, 260, False),
    ("Washing machine", "large", 45_000, 82_000, False),
    ("Electric cooker", "large", 30_000, 60_000, False),
    ("Solar panel", "large", 11_000, 24_000, False),
    ("Vacuum cleaner", "small", 2_200, 7_500, False),
    ("Cordless drill", "small", 900, 2_400, True),
    ("Electric toothbrush", "small", 90, 220, True),
    ("Mobile telephone", "it", 110, 260, True),
    ("Router", "it", 150, 900, False),
    ("Printer", "it", 3_000, 18_000, False),
)
_OTHER = (
    ("Oak table", "furniture", 12_000, 60_000),
    ("Wool blanket", "textiles", 600, 2_200),
    ("Bicycle tyre", "tyres", 300, 900),
    ("Glass bottle, crate of 20", "packaging", 5_000, 11_000),
    ("Sea salt, 1 kg", "food", 1_000, 1_050),
)
_HAZARDS = ("lithium_battery", "mercury", "refrigerant", "flame_retardant")


@lru_cache(maxsize=1)
def goods() -> tuple[Row, ...]:
    """Return the rows of the register of products, always the same: electrical equipment first."""
    chance = Chance("goods")
    by_role: dict[str, list[str]] = {"producer": [], "recovery_scheme": []}
    for company in companies():
        if "epr_role" in company:
            by_role[str(company["epr_role"])].append(str(company["register_code"]))
    brands = {code: place_name(chance) for code in by_role["producer"]}
    rows = []
    for at in range(PRODUCTS):
        producer = chance.pick(by_role["producer"])
        made = _common(chance, at, brands[producer]) | {"producer": producer}
        made |= _equipment(chance) if at < ELECTRICAL else _other(chance)
        if at < ELECTRICAL and chance.odds(930):  # the others have joined no scheme: free riders to find
            schemes = by_role["recovery_scheme"]
            made["recovery_scheme"] = schemes[int(producer) % len(schemes)]
        rows.append(made)
    return tuple(rows)


def _common(chance: Chance, at: int, brand: str) -> Row:
    first = chance.day(date(2018, 1, 1), date(TODAY.year, 9, 30))
    return {
        "article_number": make_article_number(4_000_000 + at),
        "brand": brand,
        "model": f"{brand[:2].upper()}-{chance.between(100, 9_999)}",
        "first_sold_on": first.isoformat(),
        "status": "withdrawn" if chance.odds(60) else "on_sale",
    }


def _equipment(chance: Chance) -> Row:
    name, category, least, most, battery = chance.pick(_EQUIPMENT)
    hazards: list[Value] = []
    if battery:
        hazards.append(_HAZARDS[0])
    if name == "Fluorescent tube":
        hazards.append(_HAZARDS[1])
    if category == "temperature":
        hazards.append(_HAZARDS[2])
    if chance.odds(100):
        hazards.append(_HAZARDS[3])
    made: Row = {
        "name": name,
        "group": "electrical",
        "epr_category": category,
        "mass_grams": chance.between(least, most),
        "battery": battery,
        "repair_score": f"{chance.between(1, 9)}.{chance.between(1, 9)}",
        "recyclable_permille": chance.between(550, 960),
    }
    return made | ({"hazards": hazards} if hazards else {})


def _other(chance: Chance) -> Row:
    name, group, least, most = chance.pick(_OTHER)
    return {"name": name, "group": group, "mass_grams": chance.between(least, most), "battery": False}

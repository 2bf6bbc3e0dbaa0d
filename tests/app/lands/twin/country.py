# SPDX-License-Identifier: EUPL-1.2
"""Twin: the tiny registers at two sites, `north` and `south`, with an exchange between them."""

from __future__ import annotations

from tiny.country import COUNTRY as TINY  # type: ignore[import-not-found]  # beside it on the path

from flagstone.blocks.exchange.contract.country import ExchangePlan
from flagstone.blocks.exchange.model.plan_reader import parse_plan
from flagstone.country import Country, SitePlan

OWN_FACTS = {
    "title": {"en": "Facts about oneself"},
    "url": "/registry/v1",
    "acts_as": "person",
    "personal": True,
    "rights": [{"to": "XT/GOV/1/portal", "purpose": "Showing a person her data", "legal_basis": "§ 1"}],
}
FIND_USAGE = {**OWN_FACTS, "title": {"en": "Who used one's data"}, "url": "/tracker"}
PLAN = {
    "instance": "XT",
    "centre": "south",
    "members": {"XT/GOV/1": {"en": "North"}, "XT/GOV/2": {"en": "South"}},
    "subsystems": {
        "XT/GOV/1/registry": {"en": "Registers of the north"},
        "XT/GOV/1/portal": {"en": "Portal"},
        "XT/GOV/2/registry": {"en": "Registers of the south"},
        "XT/GOV/2/desk": {"en": "Desk of the south"},
    },
    "servers": {
        "north": {
            "id": "XT/GOV/1/north",
            "address": "http://127.0.0.1:5500",
            "clients": {"XT/GOV/1/registry": "INTERNAL", "XT/GOV/1/portal": "INTERNAL"},
            "services": {
                "XT/GOV/1/registry/own-facts": OWN_FACTS,
                "XT/GOV/1/registry/findUsage": FIND_USAGE,
                "XT/GOV/1/registry/registry": {
                    "title": {"en": "Persons"},
                    "url": "/registry/v1",
                    "personal": True,
                    "rights": [{"to": "XT/GOV/2/desk", "purpose": "Testing", "legal_basis": "§ 2"}],
                },
            },
        },
        "south": {
            "id": "XT/GOV/2/south",
            "address": "http://127.0.0.1:5501",
            "clients": {"XT/GOV/2/registry": "INTERNAL", "XT/GOV/2/desk": "NOSSL"},
            "services": {
                "XT/GOV/2/registry/own-facts": OWN_FACTS,
                "XT/GOV/2/registry/findUsage": FIND_USAGE,
            },
        },
    },
}


def exchange() -> ExchangePlan:
    return parse_plan(PLAN)


COUNTRY = Country(
    code="twin",
    instance="XT",
    name={"en": "Twin"},
    languages=("en",),
    sandbox=True,
    look=TINY.look,
    definitions=TINY.definitions,
    rows=TINY.rows,
    test_persons=TINY.test_persons,
    checks=TINY.checks,
    sites=lambda: (
        SitePlan("north", {"en": "North"}, "XT/GOV/1", ("individuals",), identity=True, citizens=True),
        SitePlan("south", {"en": "South"}, "XT/GOV/2", ("places",)),
    ),
    exchange=exchange,
)

# SPDX-License-Identifier: EUPL-1.2
"""The exchange that the Information Mediator's suite talks to, with a storage and instance of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from flagstone.blocks.exchange.contract.country import ExchangePlan
from flagstone.blocks.exchange.contract.faults import DescriptionRefused
from flagstone.blocks.exchange.contract.service import ServiceKind
from flagstone.blocks.exchange.model.plan_reader import parse_plan
from flagstone.blocks.exchange.service.configuration import Place
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.planting import plant
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.platform.storage.database import Database

FOLDER = Path(__file__).parents[1] / "conformance"
SITE = "conformance"
CALLER = Caller(job("conformance exchange"))
REASON = Reason("conformance test")


def conformance_plan() -> ExchangePlan:
    """Return the applications, services and rights that the suite expects."""
    return parse_plan(yaml.safe_load((FOLDER / "exchange.yaml").read_text(encoding="utf-8")))


def conformance_exchange(database: Database, sealer: Sealer) -> Service:
    """Return an exchange on `database`, which is its alone, with what the suite expects; may be repeated."""
    plan = conformance_plan()
    place = Place(plan.servers[SITE].id, is_centre=True)
    service = Service(database, sealer, place=place, fetch=_fetch_nothing)
    if plant(service, plan, SITE):
        text = (FOLDER / "description.json").read_text(encoding="utf-8")
        for offered in plan.servers[SITE].services:
            described = replace(offered, kind=ServiceKind.OPENAPI3, description=text)
            service.change(CALLER, described, REASON)
    return service


def _fetch_nothing(url: str) -> bytes:
    raise DescriptionRefused(f"{url} is not fetched: conformance services bring their description")

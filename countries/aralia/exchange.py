# SPDX-License-Identifier: EUPL-1.2
"""Aralia's data exchange, read from `exchange.yaml`, with every office of the state as a member."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from aralia.offices import offices
from flagstone.blocks.exchange.contract.country import ExchangePlan
from flagstone.blocks.exchange.model.plan_reader import parse_plan

_FILE = Path(__file__).parent / "exchange.yaml"


@lru_cache(maxsize=1)
def exchange_plan() -> ExchangePlan:
    """Return the members, systems, servers, services and rights; PlanInvalid names what is wrong."""
    plan: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    del plan["shared"]
    members = {
        f"XA/GOV/{office.code}": {"en": office.name, "et": office.name_et, "ar": office.name_ar}
        for office in offices()
    }
    return parse_plan(plan | {"members": members | plan["members"]})

# SPDX-License-Identifier: EUPL-1.2
"""The services of Aralia's state and the life events they belong to, read from `services.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from aralia.offices import office_codes
from flagstone.blocks.portal.contract import LifeEvent
from flagstone.blocks.registry.contract.register import Value

_HERE = Path(__file__).parent
_PHONE, _COUNTER = "phone", "counter"


def _listed(name: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))
    return listed


@lru_cache(maxsize=1)
def life_events() -> tuple[LifeEvent, ...]:
    """Return the life events in the order in which the portal shows them."""
    return tuple(
        LifeEvent(each["code"], each["title"], each["text"], tuple(each["services"]))
        for each in _listed("life_events.yaml")
    )


@lru_cache(maxsize=1)
def services() -> tuple[dict[str, Value], ...]:
    """Return the rows of the register of processes, in the order of the file."""
    return tuple(_row(each) for each in _listed("services.yaml"))


def _row(each: Mapping[str, Any]) -> dict[str, Value]:
    events: list[Value] = [event.code for event in life_events() if each["code"] in event.services]
    channels: list[Value] = ["web", _COUNTER, *([_PHONE] if each["audience"] == "person" else [])]
    row: dict[str, Value] = {
        "code": each["code"],
        "name": each["name"]["en"],
        "name_et": each["name"]["et"],
        "name_ar": each["name"]["ar"],
        "office": office_codes()[each["office"]],
        "audience": each["audience"],
        "status": "in_force",
        "channels": channels,
        "days_max": each["days"],
        "fee_minor": each["fee"],
        "proactive": each["proactive"],
    }
    return row | ({"life_events": events} if events else {})

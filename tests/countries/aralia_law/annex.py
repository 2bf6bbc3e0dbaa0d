# SPDX-License-Identifier: EUPL-1.2
"""Reads the annexes of Aralia's acts in decimals, without OpenFisca."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_ROOT = Path(__file__).parents[3] / "countries" / "aralia_law" / "parameters"


@cache
def _file(path: str) -> Any:
    return yaml.load(
        (_ROOT / f"{path}.yaml").read_text(), Loader=yaml.BaseLoader
    )  # text, so no binary numbers


def _in_force(dated: dict[str, Any], day: date) -> Decimal | None:
    begun = [since for since in dated if date.fromisoformat(since) <= day]
    return Decimal(dated[max(begun)]["value"]) if begun else None


@cache
def at(path: str, day: date) -> Decimal:
    """Return the value of an annex that is in force on a day."""
    value = _in_force(_file(path)["values"], day)
    assert value is not None, (path, day)
    return value


@cache
def brackets(path: str, day: date) -> tuple[tuple[Decimal, Decimal], ...]:
    """Return threshold and rate of each bracket in force on a day, the lowest first."""
    found = []
    for each in _file(path)["brackets"]:
        threshold, rate = _in_force(each["threshold"], day), _in_force(each["rate"], day)
        if threshold is not None and rate is not None:
            found.append((threshold, rate))
    return tuple(sorted(found))

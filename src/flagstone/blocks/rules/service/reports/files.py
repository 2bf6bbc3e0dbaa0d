# SPDX-License-Identifier: EUPL-1.2
"""A simulation's numbers as files for other programs: CSV of all tables, and JSON of everything."""

from __future__ import annotations

import json
import math
from typing import Any

from flagstone.blocks.rules.contract.simulation import Simulation
from flagstone.blocks.rules.model.report.tables import as_csv
from flagstone.blocks.rules.model.report.whole import UNNAMED, Names, report
from flagstone.blocks.rules.model.wire import on_wire
from flagstone.blocks.rules.service.reports.spoken import spoken
from flagstone.kernel.clock import rfc3339

PRIVATE = "by"
"""Who asked for a simulation stays with the site."""


def report_csv(simulation: Simulation, language: str = "en", *, names: Names = UNNAMED) -> bytes:
    """Return every table as CSV (RFC 4180); columns have English keys, rows are named in `language`."""
    return as_csv(report(simulation, spoken(language), names).tables)


def report_json(simulation: Simulation) -> bytes:
    """Return the plan, the law and the findings as JSON; a number that is none is null."""
    told = {name: value for name, value in on_wire(simulation).items() if name != PRIVATE}
    told["at"] = rfc3339(simulation.at)
    if simulation.law is not None:
        told["law"] = {**told["law"], "digest": simulation.law.digest}
    return json.dumps(_finite(told), ensure_ascii=False, indent=1, allow_nan=False).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list) else value

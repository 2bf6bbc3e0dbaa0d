# SPDX-License-Identifier: EUPL-1.2
"""Decisions made, computed again in a fresh process, and checked with every signature; for `rules.py`."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rules_serving import ROOT, Found

MONTHS = 12
CENTS_MAX = 30_000_000


def rows(row: Callable[..., Any]) -> list[Any]:
    """Return the lines of R13."""
    return [
        row("R13", "share of decisions that replay identical", "decisions_same", least=1.0),
        row("R13", "decisions made a second", "decisions_per_second"),
        row("R13", "decisions replayed a second", "replays_per_second"),
        row("R13", "records with their signatures checked a CPU second", "checks_per_cpu_second", least=2000),
    ]


def measure(count: int) -> Found:
    """Decide `count` made-up cases by Aralia's law, replay all, and check all that is kept."""
    sys.path[:0] = [str(ROOT), str(ROOT / "countries")]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "countries"), os.environ.get("PYTHONPATH", "")])
    from tests.blocks.rules.decided import SITE, deciding, pool  # noqa: PLC0415 - needs the path above

    from flagstone.blocks.rules.service.checking import check  # noqa: PLC0415
    from flagstone.blocks.rules.store.tables import SCHEMA  # noqa: PLC0415
    from flagstone.kernel.clock import SystemClock  # noqa: PLC0415
    from flagstone.platform.storage import engine, migration  # noqa: PLC0415
    from flagstone.platform.storage.database import Database  # noqa: PLC0415

    computing, chance = pool(), random.Random(1)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        database = Database(
            SCHEMA, engine.sqlite(place / "rules.sqlite"), "aralia/bench/rules", clock=SystemClock()
        )
        migration.migrate(database)
        try:
            site = deciding(database, place, computing)
            began = time.perf_counter()
            for _ in range(count):
                month = f"2026-{chance.randrange(1, MONTHS + 1):02}"
                site.decide(chance.randrange(CENTS_MAX) / 100, month=month)
            made = time.perf_counter() - began
            began = time.perf_counter()
            replayed = list(site.service.replay_all(SITE))
            again = time.perf_counter() - began
            began = time.process_time()
            checked = check(site.means)
            spent = time.process_time() - began
        finally:
            computing.close()
            database.close()
    if checked.broken or len(replayed) != count:
        raise SystemExit(f"{len(replayed)} of {count} replayed, {len(checked.broken)} broken")
    return {
        "decisions_same": sum(each.same for each in replayed) / count,
        "decisions_per_second": count / made,
        "replays_per_second": count / again,
        "checks_per_cpu_second": count / spent,
    }

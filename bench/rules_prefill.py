# SPDX-License-Identifier: EUPL-1.2
"""The machine's part of a pre-filled return, over registers that are far away; for `rules.py`."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rules_serving import ROOT, Found

ROUNDS = int(os.environ.get("FLAGSTONE_BENCH_RETURNS", "60"))
YEAR, CALLS, DELAY_SECONDS = 2025, 5, 0.05
WHO = ("mother_of_three", "analyst", "auditor", "operator", "tax_clerk", "permit_registrar", "rules_officer")
LANGUAGES = ("en", "et", "ar")


def rows(row: Callable[..., Any]) -> list[Any]:
    """Return the lines of R14."""
    return [
        row("R14", "calls of registers for a return, 50 ms each", "return_register_calls"),
        row("R14", "a return shown, 95th percentile, milliseconds", "return_shown_p95_milliseconds"),
        row(
            "R14",
            "drawn, computed, explained, signed and kept, the same",
            "return_p95_milliseconds",
            most=500,
        ),
        row("R14", "the same, median", "return_p50_milliseconds"),
    ]


def measure() -> Found:
    """Confirm one return after another: each draws its facts anew and makes a decision.

    Everybody's first is not counted: it loads the law.
    """
    sys.path[:0] = [str(ROOT), str(ROOT / "countries")]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "countries"), os.environ.get("PYTHONPATH", "")])
    people = _people()
    with TemporaryDirectory() as folder, _page(Path(folder)) as (page, asked):
        took = [_return(page, who, asked, number) for number, who in enumerate(_turns(people), 1)]
    shown, made = zip(*took[len(people) :], strict=True)
    return {
        "return_register_calls": CALLS,
        "return_shown_p95_milliseconds": _p95(shown),
        "return_p95_milliseconds": _p95(made),
        "return_p50_milliseconds": statistics.median(made) * 1_000,
    }


def _turns(people: list[Any]) -> Iterator[Any]:
    return islice(cycle(people), ROUNDS + len(people))


def _people() -> list[Any]:
    """Return persons about whom as many questions are asked."""
    from aralia.featured import featured  # noqa: PLC0415 - needs the path
    from flagstone.blocks.rules.service.assessment import Asking  # noqa: PLC0415
    from flagstone.kernel.audit import Actor, ActorKind, Caller  # noqa: PLC0415
    from flagstone.kernel.ids import PersonCode  # noqa: PLC0415

    codes = [PersonCode(each.personal_code) for each in featured() if each.word in WHO]
    return [Asking(code, Caller(Actor(ActorKind.PERSON, code)), "request") for code in codes]


@contextmanager
def _page(place: Path) -> Iterator[tuple[Any, list[Any]]]:
    """Give what assesses, and the list of what registers were asked."""
    from tests.blocks.rules.decided import LAW, deciding  # noqa: PLC0415 - needs the path
    from tests.blocks.rules.registers import InMemory, aralia  # noqa: PLC0415

    from aralia.assessment import assessment  # noqa: PLC0415
    from flagstone.blocks.rules.contract.calculation import Mode  # noqa: PLC0415
    from flagstone.blocks.rules.service.assessment import Assessing  # noqa: PLC0415
    from flagstone.blocks.rules.service.drawing import Drawing  # noqa: PLC0415
    from flagstone.blocks.rules.service.worker import Task  # noqa: PLC0415
    from flagstone.blocks.rules.service.workers import Pool, PoolBounds  # noqa: PLC0415
    from flagstone.blocks.rules.store.tables import SCHEMA  # noqa: PLC0415
    from flagstone.kernel.clock import SetClock  # noqa: PLC0415
    from flagstone.platform.storage import engine, migration  # noqa: PLC0415
    from flagstone.platform.storage.database import Database  # noqa: PLC0415

    class Far(InMemory):
        """Registers that answer after a while."""

        def ask(self, *question: Any) -> Any:
            time.sleep(DELAY_SECONDS)
            return super().ask(*question)

    clock, registers, plan = SetClock(datetime(2026, 11, 22, 8, tzinfo=UTC)), Far(aralia()), assessment()
    computing = Pool(Task(LAW, Mode.FAST), PoolBounds(workers_max=1))
    database = Database(SCHEMA, engine.sqlite(place / "rules.sqlite"), "aralia/bench/rules", clock=clock)
    migration.migrate(database)
    try:
        decisions = deciding(database, place, computing).service
        yield (
            Assessing(plan, Drawing(plan, registers), computing, decisions, clock=clock),
            registers.asked,
        )
    finally:
        computing.close()
        database.close()


def _return(page: Any, who: Any, asked: list[Any], number: int) -> tuple[float, float]:
    """Show a return and confirm it; return how many seconds each took."""
    began = time.perf_counter()
    view = page.look(who, YEAR)
    shown = time.perf_counter() - began
    form = {"donations": str(number)}  # her own word, which changes each time: there is something to decide
    stated = page.again(who, YEAR, form)
    before, began = len(asked), time.perf_counter()
    done = page.confirm(who, YEAR, form, shown=stated.digest, after=view.latest_number, languages=LANGUAGES)
    made = time.perf_counter() - began
    if not done.number or len(asked) - before != CALLS:
        raise SystemExit(f"decided: {done.number}; {len(asked) - before} calls")
    return shown, made


def _p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1] * 1_000


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name} {value:.1f}")

# SPDX-License-Identifier: EUPL-1.2
"""Registers in memory that answer as Aralia's do, and a law that computes in this very process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any

from aralia.people import people
from aralia.person import row
from aralia.taxes import incomes
from flagstone.blocks.rules.contract.assessment import Heard
from flagstone.kernel.audit import Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.client import SiteUnreachable

ASKED_AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
INTERIOR, REVENUE = "XA/GOV/10000001/individuals", "XA/GOV/10000107/incomes"
Rows = Mapping[str, Mapping[tuple[str, str], list[Mapping[str, Any]]]]


def indexed(tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> Rows:
    """Return the rows of each register by each text that they can be found by."""
    found: dict[str, dict[tuple[str, str], list[Mapping[str, Any]]]] = {}
    for register, some in tables.items():
        index = found.setdefault(register, {})
        for one in some:
            for field in ("personal_code", "household"):
                if field in one:
                    index.setdefault((field, one[field]), []).append(one)
    return found


@cache
def aralia() -> Rows:
    """Return what Aralia's registers hold at first."""
    return indexed({"individuals": map(row, people()), "incomes": incomes()})


class InMemory:
    """Keeps `Registers`; notes what was asked, and those of `down` do not answer."""

    def __init__(self, rows: Rows, *, down: frozenset[str] = frozenset()) -> None:
        self.rows, self.down = rows, down
        self.turn = Lock()
        self.asked: list[tuple[str, dict[str, str], frozenset[str], Reason]] = []

    def ask(
        self,
        register: str,
        filters: Mapping[str, str],
        fields: frozenset[str],
        person: PersonCode,
        reason: Reason,
    ) -> Heard:
        if register in self.down:
            raise SiteUnreachable(register)
        with self.turn:
            self.asked.append((register, dict(filters), fields, reason))
            number = len(self.asked)
        (first, text), *others = filters.items()
        rows = self.rows[register].get((first, text), [])
        kept = [each for each in rows if all(each.get(name) == value for name, value in others)]
        shown = tuple({name: each[name] for name in fields if name in each} for each in kept)
        source = INTERIOR if register == "individuals" else REVENUE
        return Heard(shown, source, f"message-{number}", ASKED_AT)

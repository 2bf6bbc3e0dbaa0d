# SPDX-License-Identifier: EUPL-1.2
"""What computes: one law, in processes of its own, within bounds and a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from flagstone.blocks.rules.contract.calculation import Mode, Outcome, Situation
from flagstone.blocks.rules.contract.catalogue import Catalogue
from flagstone.blocks.rules.contract.explanation import Explained, Wanted
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.blocks.rules.contract.reform import Reform

AS_IT_IS = Reform()


@dataclass(frozen=True)
class Terms:
    """How to compute: in which mode, under which reform, and with the law as it was known on a day.

    `known_at` None is today's knowledge.
    """

    mode: Mode = Mode.FAST
    reform: Reform = AS_IT_IS
    known_at: date | None = None


@dataclass(frozen=True)
class Question:
    """A request of OpenFisca's web API: `path` as it was sent, `address` (`http://localhost:5000/`)."""

    method: str
    path: str
    address: str
    body: bytes = b""
    known: str = ""  # the value of If-None-Match


@dataclass(frozen=True)
class Reply:
    """An answer: a status, headers, and a body that is JSON where there is one."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


USUAL = Terms()


class Engine(Protocol):
    """Computes by one law; safe to share between threads, each call within the engine's time.

    Raises SituationInvalid and UnknownVariable with places, CalculationFailed, BudgetSpent, ReformInvalid,
    EngineBusy when too much waits already, and LawUnavailable.
    """

    def snapshot(self, terms: Terms = USUAL) -> LawSnapshot:
        """Return exactly the law that is computed with under `terms`."""
        ...

    def catalogue(self) -> Catalogue:
        """Return what the law speaks of."""
        ...

    def calculate(self, situation: Situation, terms: Terms = USUAL) -> Outcome:
        """Return the situation with its nulls replaced."""
        ...

    def batch(self, situations: Sequence[Situation], terms: Terms = USUAL) -> Sequence[Outcome]:
        """Compute several, in their order; a fault's places begin with the number of its situation."""
        ...

    def explain(self, situation: Situation, wanted: Wanted, terms: Terms = USUAL) -> Explained:
        """Compute one situation, and explain the values that it asks for."""
        ...

    def answer(self, question: Question) -> Reply:
        """Answer a request of OpenFisca's web API; never raises a fault."""
        ...

# SPDX-License-Identifier: EUPL-1.2
"""A simulation: a reform's effect on a whole population, beside the law as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.kernel.audit import Caller, Reason


class Executor(Enum):
    """Where chunks are computed: in processes of this machine, or on a Dask cluster."""

    PROCESSES = "processes"
    DASK = "dask"


@dataclass(frozen=True)
class Population:
    """Who is simulated: `survey` names an imported one, empty for households made up from `seed`.

    `households` counts the made-up ones. Made-up people are nobody's statistics, and reports say so.
    """

    survey: str = ""
    households: int = 10_000
    seed: int = 1


@dataclass(frozen=True)
class Line:
    """A budget constraint: what `outcome` of one person is while `variable` moves from `least` to `most`."""

    variable: str
    least: float
    most: float
    points: int = 101


@dataclass(frozen=True)
class SimulationPlan:
    """What to simulate: the year, who, under which reform, and which amounts count.

    `budget` are variables that the state takes (with sign +1) or gives (-1); `income` the disposable income
    by which winners, deciles and inequality are told, for each household. `workers` 0 takes each processor.
    """

    name: str
    year: int
    reform: Reform
    population: Population = Population()
    budget: Mapping[str, int] = field(default_factory=dict)
    income: str = ""
    line: Line | None = None
    chunk_households: int = 2_000
    workers: int = 0
    executor: Executor = Executor.PROCESSES


class Progress(Enum):
    """How far a simulation is."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True)
class BudgetLine:
    """What a variable sums to over all, weighted: under the law, and under the reform; in currency a year."""

    variable: str
    label: str
    sign: int
    law: float
    reform: float


@dataclass(frozen=True)
class Decile:
    """A tenth of the people, from the poorest (1): mean income under the law and the reform, a year."""

    number: int
    law: float
    reform: float
    winners: float  # shares of the decile's households
    losers: float


@dataclass(frozen=True)
class Curve:
    """A budget constraint: the moved variable, and the outcome under the law and the reform, by point."""

    variable: str
    moved: tuple[float, ...]
    law: tuple[float, ...]
    reform: tuple[float, ...]


@dataclass(frozen=True)
class Findings:
    """What came out, weighted. Rates of 1.0 are 100 %.

    `gainers` counts households by how much they gain a year: from, to (None is open), households, sum.
    `marginal` is a histogram of what the state takes of one more unit earned: from, to, share under the law,
    share under the reform.
    """

    households: float
    people: float
    budget: tuple[BudgetLine, ...]
    winners: float
    losers: float
    unchanged: float
    deciles: tuple[Decile, ...]
    gini_law: float
    gini_reform: float
    poor_law: float
    poor_reform: float
    gainers: tuple[tuple[float | None, float | None, float, float], ...] = ()
    marginal: tuple[tuple[float, float, float, float], ...] = ()
    curve: Curve | None = None


@dataclass(frozen=True)
class Simulation:
    """A simulation and how far it is: `done` of `chunks`."""

    number: str
    plan: SimulationPlan
    by: str = field(repr=False)
    at: datetime
    progress: Progress
    done: int
    chunks: int
    law: LawSnapshot | None = None
    findings: Findings | None = None
    fault: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Survey:
    """An imported survey: how many households and people, and which variables of the law it gives."""

    name: str
    households: int
    people: int
    variables: tuple[str, ...]
    sha256: str


class Simulations(Protocol):
    """Simulates for analysts (role `rules-analyst`), durably: what was done is kept and gone on from.

    SimulationUnknown, SurveyInvalid (with lines), ReformInvalid with places, NotAllowed.
    """

    def start(self, plan: SimulationPlan, caller: Caller, reason: Reason) -> Simulation:
        """Check a plan and put it in the queue."""
        ...

    def find(self, number: str, caller: Caller) -> Simulation:
        """Return one as it stands now."""
        ...

    def all(self, caller: Caller) -> Sequence[Simulation]:
        """Return the latest hundred, newest first."""
        ...

    def cancel(self, number: str, caller: Caller, reason: Reason) -> Simulation:
        """Stop between two chunks; what is done is kept."""
        ...

    def resume(self, number: str, caller: Caller, reason: Reason) -> Simulation:
        """Go on where it was cancelled or failed."""
        ...

    def bring(self, name: str, content: bytes, caller: Caller, reason: Reason) -> Survey:
        """Import a survey, CSV (RFC 4180, UTF-8) or Parquet: a row for each person."""
        ...

    def surveys(self, caller: Caller) -> Sequence[Survey]:
        """Return the imported surveys by name."""
        ...


Row = Mapping[str, JsonValue]
"""A person of a survey by column: `household`, `weight`, `role`, `person`, and variables of the law."""

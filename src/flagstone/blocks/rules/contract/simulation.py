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
    """Where chunks are computed: in processes of this machine, or on a Dask cluster (extra `dask`)."""

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
    """A budget constraint: a household's income while `variable` of its first person moves, a year.

    `household` are the kinds of its members as the law's pattern of made-up people names them; empty is one
    person alone, in the first role of each group.
    """

    variable: str
    least: float
    most: float
    points: int = 101
    household: tuple[str, ...] = ()


_PARTS = 8
_FEW, _SURVEYED, _MANY = 2_000, 5_000, 10_000
"""Households of a chunk: of made-up people at least and at most, and of a survey, whose size nobody knows."""


@dataclass(frozen=True)
class SimulationPlan:
    """What to simulate: the year, who, under which reform, and which amounts count.

    `budget` are variables that the state takes (with sign +1) or gives (-1); `income` the disposable income
    by which winners, deciles and inequality are told, for each household: variables of any entity, joined by
    `+` or `-`. `pay` is the variable of persons that moves for marginal rates. All three may be empty: then
    the law's own pattern says them. `chunk_households` 0 takes as many as suit, `workers` 0 each processor.
    `cluster` is a Dask scheduler's address
    (`tcp://HOST:8786`), empty for one that lasts as long as the simulation.
    """

    name: str
    year: int
    reform: Reform
    population: Population = Population()
    budget: Mapping[str, int] = field(default_factory=dict)
    income: str = ""
    line: Line | None = None
    chunk_households: int = 0
    workers: int = 0
    executor: Executor = Executor.PROCESSES
    pay: str = ""
    cluster: str = ""

    @property
    def chunk(self) -> int:
        """How many households are computed at a time: many are quicker, few tell more often how far it is."""
        if self.chunk_households:
            return self.chunk_households
        if self.population.survey:
            return _SURVEYED
        return min(max(self.population.households // _PARTS, _FEW), _MANY)


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
    """A tenth of the people by equivalised income under the law, from the poorest (1).

    `law` and `reform` are means over its people of the equivalised income, a year; `winners` and `losers` are
    shares of its households.
    """

    number: int
    law: float
    reform: float
    winners: float
    losers: float


@dataclass(frozen=True)
class Curve:
    """A budget constraint: the moved variable, and the outcome under the law and the reform, by point."""

    variable: str
    moved: tuple[float, ...]
    law: tuple[float, ...]
    reform: tuple[float, ...]


class Scale(Enum):
    """By how much a household's income is divided to compare it with that of one alone."""

    OECD = "oecd-modified"  # 1, 0.5 for each further person of 14 and over, 0.3 for each younger one
    ROOT = "square-root"  # of the number of people, where the law does not say who is how old


@dataclass(frozen=True)
class Findings:
    """What came out, weighted. Rates of 1.0 are 100 %.

    A household wins or loses when its income differs by half a hundredth or more; `winners`, `losers` and
    `unchanged` are shares of all households. Deciles, Gini and poverty count people by equivalised income
    (`scale`): `gini_*` takes negative incomes for 0, `poor_*` is the share of people below 60 % of the
    `median_*` of the same run. `gainers` counts households by how much they gain a year: from, to (None is
    open), households, sum. `marginal` is a histogram of what the state takes of one more unit that the best
    paid person of a household earns: from, to, share under the law, share under the reform; the first and the
    last hold what lies beyond.
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
    median_law: float = 0.0
    median_reform: float = 0.0
    scale: Scale = Scale.ROOT


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

    def work(self) -> bool:
        """Run the next that waits, to its end: what jobs call, again until False says that none waits.

        One that a stopped process left running goes on where it was.
        """
        ...

    def stop(self) -> None:
        """End `work` soon, between two chunks; what runs goes on with the next `work`."""
        ...


Row = Mapping[str, JsonValue]
"""A person of a survey by column: `household`, `weight`, `role`, `person`, and variables of the law."""

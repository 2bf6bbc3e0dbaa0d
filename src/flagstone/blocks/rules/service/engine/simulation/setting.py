# SPDX-License-Identifier: EUPL-1.2
"""All that a process needs to compute any chunk of a simulation: laws, people, and what is asked of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Protocol

from flagstone.blocks.rules.contract.faults import PlanInvalid
from flagstone.blocks.rules.contract.simulation import Scale, SimulationPlan
from flagstone.blocks.rules.model.wire import on_wire
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.reforming import reformed
from flagstone.blocks.rules.service.engine.simulation import line
from flagstone.blocks.rules.service.engine.simulation.measuring import (
    Ask,
    measured,
    packed,
    pay_flaw,
    required,
    terms,
)
from flagstone.blocks.rules.service.engine.simulation.patterns import FILE, Pattern, pattern_of, shipped
from flagstone.blocks.rules.service.engine.simulation.people import People
from flagstone.blocks.rules.service.engine.simulation.populating import Maker
from flagstone.blocks.rules.service.engine.simulation.statistics import Told
from flagstone.blocks.rules.service.simulating import Task
from flagstone.kernel.errors import Flaw

_FORMAT = 1
HOUSEHOLDS_MAX = 100_000_000
CHUNK_MAX = 100_000


class Side(Enum):
    """Under which law a chunk is computed."""

    LAW = "law"
    REFORM = "reform"


@dataclass(frozen=True)
class Job:
    """A chunk to compute; `given` are its people, packed, where they were not made up."""

    side: Side
    number: int
    given: bytes = b""


class Source(Protocol):
    """Knows the people of each chunk."""

    @property
    def identity(self) -> str:
        """What tells these people, in these chunks, from any others."""
        ...

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        ...

    def given(self, number: int) -> bytes:
        """Return what a job must bring along; empty when the people are made up where it runs."""
        ...

    def people(self, job: Job) -> People:
        """Return the people of a job."""
        ...


@dataclass(frozen=True)
class MadeUp:
    """Households made up by a pattern, `size` in a chunk."""

    maker: Maker
    households: int
    size: int

    @property
    def identity(self) -> str:
        """The pattern, the seed and how many."""
        return f"{self.maker.pattern.digest} {self.maker.seed} {self.households} {self.size}"

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return -(-self.households // self.size)

    def given(self, _number: int) -> bytes:
        """Return nothing: they are made up where the job runs."""
        return b""

    def people(self, job: Job) -> People:
        """Make the people of a job up."""
        first = job.number * self.size
        return self.maker.people(first, min(first + self.size, self.households))


@dataclass(frozen=True)
class Setting:
    """A simulation that is ready to be computed."""

    plan: SimulationPlan
    laws: Mapping[Side, Law]
    ask: Ask
    budget: Mapping[str, int]
    pattern: Pattern | None
    source: Source

    def key(self, side: Side) -> str:
        """Return what a side's columns depend on, as a digest: equal ones need not be computed again."""
        whole = {
            "format": _FORMAT,
            "law": self.laws[side].snapshot.digest,
            "reform": None if side is Side.LAW else on_wire(replace(self.plan.reform, name="")),
            "people": self.source.identity,
            "ask": on_wire(self.ask),
        }
        if self.plan.reform.changes_nothing:
            whole["reform"] = None
        return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    def computed(self, job: Job) -> bytes:
        """Return the packed columns of a chunk; CalculationFailed."""
        people = self.source.people(job)
        return packed(measured(self.laws[job.side], people, self.ask))

    @property
    def told(self) -> Told:
        """What is told beside the columns; PlanInvalid for a line that cannot be drawn."""
        variables = self.laws[Side.LAW].catalogue.variables
        labels = {name: variables[name].label or name for name in self.budget}
        drawn = None
        if self.plan.line is not None:
            laws = (self.laws[Side.LAW], self.laws[Side.REFORM])
            drawn = line.curve(self.plan.line, laws, self.pattern, self.ask)
        return Told(self.budget, labels, Scale.OECD if self.ask.birth else Scale.ROOT, drawn)


def laws_of(task: Task, law: Law) -> dict[Side, Law]:
    """Return the law as it is and under the task's reform; LawUnavailable, ReformInvalid."""
    if task.plan.reform.changes_nothing:
        return {Side.LAW: law, Side.REFORM: law}
    return {Side.LAW: law, Side.REFORM: reformed(law, task.plan.reform, None, frozenset(task.admitted))}


def pattern_for(task: Task, law: Law) -> Pattern | None:
    """Return the task's own pattern, or that which the law ships; PlanInvalid."""
    content = task.pattern.encode() or shipped(task.law.package)
    return pattern_of(content, law.catalogue) if content else None


def made_up(task: Task, law: Law, pattern: Pattern | None) -> Source:
    """Return the made-up people of a task; PlanInvalid when nothing says how to make them up."""
    wanted = task.plan.population
    if pattern is None:
        raise PlanInvalid(
            flaws=(
                Flaw.filled(
                    "/population", "The law ships no %(file)s: name a survey, or bring a pattern.", file=FILE
                ),
            )
        )
    if not 1 <= wanted.households <= HOUSEHOLDS_MAX:
        flaw = Flaw.filled("/population/households", "1 to %(most)s are made up.", most=HOUSEHOLDS_MAX)
        raise PlanInvalid(flaws=(flaw,))
    maker = Maker(law, pattern, task.plan.year, wanted.seed)
    return MadeUp(maker, wanted.households, task.plan.chunk)


def setting_of(task: Task, laws: Mapping[Side, Law], pattern: Pattern | None, source: Source) -> Setting:
    """Return a task that is ready to be computed; PlanInvalid with the places of what makes no sense."""
    plan, law = task.plan, laws[Side.LAW]
    income = terms(plan.income or (pattern.income if pattern else ""))
    if income is None:
        raise PlanInvalid(flaws=(Flaw("/income", "Join the names of variables by + or -."),))
    if not 1 <= plan.chunk <= CHUNK_MAX:
        flaw = Flaw.filled("/chunk_households", "A chunk has 1 to %(most)s households.", most=CHUNK_MAX)
        raise PlanInvalid(flaws=(flaw,))
    budget = dict(plan.budget or (pattern.budget if pattern else {}))
    if not set(budget.values()) <= {1, -1}:
        raise PlanInvalid(flaws=(Flaw("/budget", "1 for what the state takes, -1 for what it gives."),))
    pay, birth = (plan.pay or pattern.pay, pattern.birth) if pattern else (plan.pay, "")
    ask = Ask(plan.year, income, tuple(budget), pay, birth)
    required(ask, law.catalogue)
    return Setting(plan, laws, ask, budget, pattern, source)


def checked(setting: Setting) -> None:
    """Compute a first few of the people; PlanInvalid, CalculationFailed for what would stop all the rest."""
    job = Job(Side.LAW, 0, setting.source.given(0))
    flaw = pay_flaw(setting.source.people(job), setting.ask)
    if flaw is not None:
        raise PlanInvalid(flaws=(flaw,))

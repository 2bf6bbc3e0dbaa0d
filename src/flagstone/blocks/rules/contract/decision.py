# SPDX-License-Identifier: EUPL-1.2
"""A decision: what was computed for whom, from which facts and law, so that it can be computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from flagstone.blocks.rules.contract.calculation import JsonValue, Mode, Situation
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.explanation import Explained
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.ids import PersonCode


class Origin(Enum):
    """Where a fact comes from."""

    REGISTER = "register"  # a register said so
    PERSON = "person"  # the person said so
    ASSUMED = "assumed"  # a rule of the law says so where nothing is known


@dataclass(frozen=True)
class Fact:
    """One input: the place of its value in the situation (RFC 6901), and how it came to be known.

    `source` is the register or service that was asked (`XA/GOV/10000002/incomes/registry`), `query` the
    number of the message that asked it, `at` when it was asked, `legal_basis` what allows to.
    """

    place: str
    origin: Origin
    source: str = ""
    query: str = ""
    at: datetime | None = None
    legal_basis: str = ""


@dataclass(frozen=True)
class Case:
    """What to decide: about whom, what is asked, from which facts, and which facts are not known.

    `missing` names variables that nobody could tell, and that count as the law says.
    """

    subject: PersonCode = field(repr=False)
    kind: str  # what is decided, as `income-tax-2025`
    situation: Situation = field(repr=False)
    facts: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """A decision as it is kept for ever.

    `number` is public and says nothing about the person, `subject` a pseudonym that only this site can make
    from a personal code. `explanation` is the SHA-256 of the canonical bytes of the explanation, `previous`
    that of the decision before in the chain. `replaces` is the number of a decision that an appeal corrects.
    """

    number: str
    subject: str
    kind: str
    at: datetime
    law: LawSnapshot
    known_at: date
    mode: Mode
    engine: str  # `flagstone VERSION, openfisca-core VERSION`
    situation: Situation = field(repr=False)
    facts: tuple[Fact, ...]
    missing: tuple[str, ...]
    outputs: Mapping[str, JsonValue] = field(repr=False)  # by place
    read: tuple[str, ...]
    explanation: str
    previous: str
    replaces: str = ""


@dataclass(frozen=True)
class SignedDecision:
    """A decision with its canonical bytes, their SHA-256, and a signature over them (JWS, RFC 7515)."""

    decision: Decision
    content: bytes = field(repr=False)
    digest: str
    jws: str = field(repr=False)


@dataclass(frozen=True)
class Replay:
    """What computing a decision again gave: nothing in `differences` when it is the same, bit for bit."""

    number: str
    same: bool
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Appeal:
    """An appeal: what the person says is otherwise, and what the law would then give.

    `claimed` are values by place. `outputs` are what was computed from them, at once and without a promise.
    """

    number: str
    decision: str
    at: datetime
    claimed: Mapping[str, JsonValue] = field(repr=False)
    statement: str = field(repr=False)
    outputs: Mapping[str, JsonValue] = field(repr=False)
    settled: str = ""  # "upheld" or "rejected", with the number of the new decision in `by`
    by: str = ""


@dataclass(frozen=True)
class Touched:
    """A decision that a change of the law touches: by which parameters, and what it becomes if it does."""

    number: str
    parameters: tuple[str, ...]
    becomes: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)


class Decisions(Protocol):
    """Keeps decisions: appended, never changed.

    Every method takes who asks and why; a person reaches her own, officials with the role `rules-officer` or
    `auditor` any. DecisionUnknown for what is not there or not theirs; NotAllowed.
    """

    def decide(
        self,
        case: Case,
        caller: Caller,
        reason: Reason,
        terms: Terms,
        *,
        languages: tuple[str, ...] = ("en",),
    ) -> tuple[SignedDecision, Explained]:
        """Compute, explain, sign and keep; the same case twice makes two decisions."""
        ...

    def find(self, number: str, caller: Caller, reason: Reason) -> SignedDecision:
        """Return one decision."""
        ...

    def about(self, person: PersonCode, caller: Caller, reason: Reason) -> Sequence[SignedDecision]:
        """Return the decisions about a person, newest first, at most 100."""
        ...

    def replay(self, number: str, caller: Caller, reason: Reason) -> Replay:
        """Compute a decision again: in reference mode, a fresh process, and the law kept for it."""
        ...

    def appeal(
        self, number: str, claimed: Mapping[str, JsonValue], statement: str, caller: Caller, reason: Reason
    ) -> Appeal:
        """Record an appeal with what the law would give if the claim were true."""
        ...

    def touched(self, before: Terms, after: Terms, caller: Caller, reason: Reason) -> Sequence[Touched]:
        """Return the decisions that a change of the law between two terms touches."""
        ...

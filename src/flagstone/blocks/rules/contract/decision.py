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
from flagstone.blocks.rules.contract.explanation import Explained, Explanation
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

    `missing` names variables that nobody could tell, and that count as the law says. `after` is the number of
    the newest decision of this kind about the person, empty when there is none: it is decided only while that
    is so. None asks for no such care.
    """

    subject: PersonCode = field(repr=False)
    kind: str  # what is decided, as `income-tax-2025`
    situation: Situation = field(repr=False)
    facts: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    after: str | None = None


@dataclass(frozen=True)
class Decision:
    """A decision as it is kept for ever.

    `number` is public and says nothing about the person, `subject` a pseudonym that only this site can make
    from a personal code. `archive` is the SHA-256 of the archive with the law's packages, `explanation` that
    of the canonical bytes of the explanation, `previous` that of the decision before in the chain, empty for
    the first. `replaces` is the number of a decision that an appeal corrects.
    """

    number: str
    subject: str
    kind: str
    at: datetime
    law: LawSnapshot
    known_at: date
    mode: Mode
    engine: str  # versions of all that computed, and a digest of our hooks
    archive: str
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
    """What computing a decision again gave: nothing in `differences` when it is the same, bit for bit.

    `notes` say what was otherwise around it and changed nothing, as another version of the engine.
    """

    number: str
    same: bool
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    settled_at: datetime | None = None
    words: str = field(default="", repr=False)  # why it was settled so


@dataclass(frozen=True)
class Touched:
    """A decision that a change of the law touches: by which parameters, and what it becomes if it does.

    `parameters` are the dotted names that it read and that change for those days. `becomes` are the values
    that would be others, by place; empty when all stay.
    """

    number: str
    parameters: tuple[str, ...]
    becomes: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Listed:
    """A decision in the list of all, which says nothing about anybody: its place in the chain from 1."""

    sequence: int
    number: str
    kind: str
    at: datetime
    replaces: str = ""


@dataclass(frozen=True)
class Broken:
    """Something that does not fit: of which decision (empty for the chain or an archive), and how."""

    number: str
    what: str


@dataclass(frozen=True)
class Checked:
    """What checking signatures, chain, rows and archives found: nothing broken when all is whole."""

    decisions: int
    broken: tuple[Broken, ...] = ()

    @property
    def whole(self) -> bool:
        """Tell whether nothing is broken."""
        return not self.broken


WORDS_LENGTH_MAX = 4_000
"""Characters of a statement, and of the reasons for how an appeal is settled."""
REGISTER = "decisions"
"""The name under which looks at decisions are recorded with the persons whom they concern."""
TITLE = {
    "en": "Decisions by the law",
    "et": "Otsused seaduse järgi",
    "ar": "القرارات بموجب القانون",
}
"""What people call that."""


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
        """Compute, explain, sign and keep; the same case twice makes two decisions.

        DecidedMeanwhile when a case says after which decision it comes and another came, in any process.
        For the person herself and for officers. The faults of the engine; ReformInvalid for terms with a
        reform, since a decision is by the law as it is; RecordTooLarge.
        """
        ...

    def find(self, number: str, caller: Caller, reason: Reason) -> SignedDecision:
        """Return one decision."""
        ...

    def explanation(self, number: str, caller: Caller, reason: Reason) -> Explanation:
        """Return the explanation that was kept with a decision."""
        ...

    def about(self, person: PersonCode, caller: Caller, reason: Reason) -> Sequence[SignedDecision]:
        """Return the decisions about a person, newest first, at most 100."""
        ...

    def newest(self, caller: Caller, *, before: int = 0) -> Sequence[Listed]:
        """Return 25 decisions, the newest first, or those before a place in the chain; for officials."""
        ...

    def replay(self, number: str, caller: Caller, reason: Reason) -> Replay:
        """Compute a decision again: in reference mode, a fresh process, and the law kept for it."""
        ...

    def appeal(
        self, number: str, claimed: Mapping[str, JsonValue], statement: str, caller: Caller, reason: Reason
    ) -> Appeal:
        """Record an appeal with what the law would give if the claim were true; for the person herself.

        ClaimInvalid with places, AppealOpen when one waits already, DecisionReplaced, WordsMissing.
        """
        ...

    def appeals(self, caller: Caller, reason: Reason, *, number: str = "") -> Sequence[Appeal]:
        """Return the appeals against a decision, or with no number at most 100 that wait; oldest first."""
        ...

    def settle(
        self, appeal: str, caller: Caller, reason: Reason, *, upheld: bool, words: str
    ) -> SignedDecision | None:
        """Settle an appeal, once, as an officer who is not concerned; AppealUnknown, AppealSettled.

        One that is upheld makes a new decision with what was claimed, which replaces the old and is returned.
        """
        ...

    def touched(self, before: Terms, after: Terms, caller: Caller, reason: Reason) -> Sequence[Touched]:
        """Return the decisions that a change of the law between two terms touches, by number."""
        ...

    def verify(self, caller: Caller) -> Checked:
        """Check every record, signature, row and archive, and the chain; for officers, auditors, the site."""
        ...

    def public_keys(self) -> Sequence[Mapping[str, object]]:
        """Return the public keys that decisions are verified by, as JWK (RFC 7517)."""
        ...

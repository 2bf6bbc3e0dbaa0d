# SPDX-License-Identifier: EUPL-1.2
"""An engine that computes in the process of the tests, and decisions that are kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Mode, Outcome, Situation
from flagstone.blocks.rules.contract.decision import (
    Appeal,
    Case,
    Decision,
    SignedDecision,
)
from flagstone.blocks.rules.contract.engine import USUAL, Terms
from flagstone.blocks.rules.contract.explanation import Explained, Explanation, Step, Wanted
from flagstone.blocks.rules.contract.law import LawName, LawSnapshot
from flagstone.blocks.rules.model.situations import asked
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.loading import Law, load
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode


class Gone(Fault):
    """Stands for the fault of decisions that are not there."""

    code = "tests.gone"
    kind = Kind.MISSING


@contextmanager
def fast_law(package: str) -> Iterator[Law]:
    """Load a law in the fast mode, until the block is left."""
    installed = enter(Mode.FAST)
    try:
        yield load(LawName(package))
    finally:
        installed.undo()


class Here:
    """Keeps as much of `Engine` as an assessment asks."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self.digest = law.snapshot.digest

    def snapshot(self, terms: Terms = USUAL) -> LawSnapshot:
        return self.law.snapshot

    def calculate(self, situation: Situation, terms: Terms = USUAL) -> Outcome:
        return Outcome(calculate(self.law, situation, Bounds()), self.digest, Mode.FAST)

    def explain(self, situation: Situation, wanted: Wanted, terms: Terms = USUAL) -> Explained:
        outcome = self.calculate(situation)
        steps = tuple(
            Step(
                f"{each.variable}<{each.period}>@{each.instance}",
                each.variable,
                each.instance,
                each.period,
                1,
                "",
            )
            for each in asked(situation)
        )
        return Explained(outcome, Explanation(self.digest, tuple(each.key for each in steps), steps))


class InHand:
    """Keeps as much of `Decisions` as an assessment asks, in memory."""

    def __init__(self, engine: Here, clock: Clock) -> None:
        self.engine, self.clock = engine, clock
        self.kept: list[tuple[str, SignedDecision]] = []
        self.appealed: list[Appeal] = []

    def decide(
        self,
        case: Case,
        caller: Caller,
        reason: Reason,
        terms: Terms,
        *,
        languages: tuple[str, ...] = ("en",),
    ) -> tuple[SignedDecision, Explained]:
        explained = self.engine.explain(case.situation, Wanted(languages))
        values: Any = explained.outcome.values
        outputs = {
            each.pointer: values[each.plural][each.instance][each.variable][each.period]
            for each in asked(case.situation)
        }
        number = f"D-{len(self.kept) + 1:04}"
        decision = Decision(
            number=number,
            subject=f"pseudonym-{len({code for code, _ in self.kept})}",
            kind=case.kind,
            at=self.clock.now(),
            law=self.engine.snapshot(),
            known_at=date(2026, 11, 22),
            mode=Mode.FAST,
            engine="tests",
            archive="",
            situation=case.situation,
            facts=case.facts,
            missing=case.missing,
            outputs=outputs,
            read=(),
            explanation="",
            previous="",
        )
        signed = SignedDecision(decision, b"{}", "digest", "signed")
        self.kept.append((case.subject, signed))
        return signed, explained

    def public_keys(self) -> Sequence[Mapping[str, object]]:
        return ()

    def find(self, number: str, caller: Caller, reason: Reason) -> SignedDecision:
        for code, signed in self.kept:
            if signed.decision.number == number and code == caller.actor.id:
                return signed
        raise Gone

    def about(self, person: PersonCode, caller: Caller, reason: Reason) -> Sequence[SignedDecision]:
        assert caller.actor.id == person
        return [signed for code, signed in reversed(self.kept) if code == person]

    def explanation(self, number: str, caller: Caller, reason: Reason) -> Explanation:
        return self.engine.explain(self.find(number, caller, reason).decision.situation, Wanted()).explanation

    def appeals(self, caller: Caller, reason: Reason, *, number: str = "") -> Sequence[Appeal]:
        return [each for each in self.appealed if each.decision == number]

    def appeal(
        self, number: str, claimed: Mapping[str, JsonValue], statement: str, caller: Caller, reason: Reason
    ) -> Appeal:
        self.find(number, caller, reason)
        made = Appeal(f"A-{len(self.appealed) + 1}", number, self.clock.now(), claimed, statement, {})
        self.appealed.append(made)
        return made

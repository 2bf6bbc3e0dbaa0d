# SPDX-License-Identifier: EUPL-1.2
"""Decides: computes a case, explains it, and keeps what came out for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flagstone.blocks.rules.contract.decision import REGISTER, Case, Decision, SignedDecision
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.explanation import Explained, Wanted
from flagstone.blocks.rules.contract.faults import NotAllowed, ReformInvalid
from flagstone.blocks.rules.contract.roles import OFFICER
from flagstone.blocks.rules.model.claims import outputs_of
from flagstone.blocks.rules.service.keeping import Means, append, person_of, retried, tell
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Flaw

LANGUAGES = ("en",)


def decide(
    means: Means,
    case: Case,
    by: tuple[Caller, Reason],
    terms: Terms,
    *,
    languages: tuple[str, ...] = LANGUAGES,
) -> tuple[SignedDecision, Explained]:
    """See `contract.Decisions.decide`."""
    caller, reason = by
    if person_of(caller) != case.subject and not caller.holds(OFFICER):
        raise NotAllowed
    draft, explained = drafted(means, case, terms, languages=languages)

    def write() -> SignedDecision:
        with means.database.writing(caller.actor, reason) as opened:
            return append(means, opened, draft, case.subject, explained.explanation, after=case.after)

    signed = retried(write)
    tell(means, caller, reason, {case.subject: (REGISTER,)})
    return signed, explained


def drafted(
    means: Means,
    case: Case,
    terms: Terms,
    *,
    languages: tuple[str, ...] = LANGUAGES,
    replaces: str = "",
) -> tuple[Decision, Explained]:
    """Compute a case and return all of the decision that is known before it is signed.

    The archive of the law is on the disk by then; nothing is in the database.
    """
    if not terms.reform.changes_nothing:
        raise ReformInvalid(flaws=(Flaw("", "A decision is by the law as it is, not by a reform."),))
    now = means.database.clock.now()
    dated = replace(terms, known_at=terms.known_at or now.date())
    explained = means.engine.explain(case.situation, Wanted(languages), dated)
    law = means.engine.snapshot(dated)
    if law.digest != explained.outcome.law_digest:  # another law came in between the two questions
        explained = means.engine.explain(case.situation, Wanted(languages), dated)
        law = means.engine.snapshot(dated)
    draft = Decision(
        number="",
        subject=means.subject(case.subject),
        kind=case.kind,
        at=_start(now),
        law=law,
        known_at=dated.known_at or now.date(),
        mode=terms.mode,
        engine=means.program,
        archive=means.archives.keep(law),
        situation=case.situation,
        facts=case.facts,
        missing=case.missing,
        outputs=outputs_of(case.situation, explained.outcome.values),
        read=explained.read,
        explanation="",
        previous="",
        replaces=replaces,
    )
    return draft, explained


def _start(now: datetime) -> datetime:
    return now.replace(microsecond=0)

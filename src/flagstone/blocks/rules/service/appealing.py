# SPDX-License-Identifier: EUPL-1.2
"""Appeals: what a person says is otherwise, what the law would then give, and how an official settles it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.decision import (
    REGISTER,
    WORDS_LENGTH_MAX,
    Appeal,
    Case,
    Decision,
    SignedDecision,
)
from flagstone.blocks.rules.contract.decision_faults import (
    AppealOpen,
    AppealSettled,
    AppealUnknown,
    ClaimInvalid,
    DecisionReplaced,
    WordsMissing,
)
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.explanation import Explanation
from flagstone.blocks.rules.contract.faults import NotAllowed, SituationInvalid, UnknownVariable
from flagstone.blocks.rules.contract.roles import AUDITOR, OFFICER
from flagstone.blocks.rules.model import canonical_json
from flagstone.blocks.rules.model.claims import Claims
from flagstone.blocks.rules.service.deciding import LANGUAGES, drafted
from flagstone.blocks.rules.service.keeping import (
    Means,
    append,
    explanation_of,
    found,
    fresh_number,
    load,
    person_of,
    require_official,
    retried,
    tell,
)
from flagstone.blocks.rules.service.replaying import by_its_law
from flagstone.blocks.rules.store import decisions as store
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row

UPHELD, REJECTED = "upheld", "rejected"
LISTED_MAX = 100
FIELDS = ("appeal",)


def appeal(
    means: Means, number: str, claimed: Mapping[str, JsonValue], statement: str, by: tuple[Caller, Reason]
) -> Appeal:
    """See `contract.Decisions.appeal`."""
    caller, reason = by
    words = _checked(statement)
    with means.database.reading_person(caller.actor, reason) as view:
        row, person = found(means, view, number, caller)
        if person_of(caller) != person:
            raise NotAllowed("only the person concerned appeals")
        decision = load(means, view, row).decision
        replaced = store.replacing(view, number)
        view.saw(person, REGISTER, number, FIELDS)
    if replaced:
        raise DecisionReplaced(f"{replaced} stands in its place")
    outputs = _outcome(means, decision, claimed)
    content: JsonValue = {"claimed": dict(claimed), "statement": words, "outputs": outputs}
    made = fresh_number("A")
    with means.database.writing(caller.actor, reason) as write:
        if any(each["verdict"] is None for each in store.lock_appeals(write, number)):
            raise AppealOpen
        at = rfc3339(write.at)
        kept = canonical_json.encode(content)
        store.add_appeal(write, {"number": made, "decision": number, "at": at, "content": kept})
        return Appeal(made, number, write.at, dict(claimed), words, outputs)


def _outcome(means: Means, decision: Decision, claimed: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Compute a decision with the claimed facts, by its own law; ClaimInvalid."""
    claims = Claims(decision, claimed)
    flaws = claims.flaws()
    if flaws:
        raise ClaimInvalid(flaws=flaws)
    situation = claims.situation()
    try:
        return by_its_law(means, decision, situation)
    except (SituationInvalid, UnknownVariable) as fault:
        raise ClaimInvalid(flaws=fault.flaws) from fault


def appeals(means: Means, number: str, by: tuple[Caller, Reason]) -> Sequence[Appeal]:
    """See `contract.Decisions.appeals`."""
    caller, reason = by
    if not number:
        require_official(caller, OFFICER, AUDITOR)
    seen: dict[PersonCode, tuple[str, ...]] = {}
    with means.database.reading_person(caller.actor, reason) as view:
        if number:
            found(means, view, number, caller)
        rows = store.appeals_of(view, number) if number else store.waiting(view, LISTED_MAX)
        for row in rows:
            person = _person(means, view, row)
            view.saw(person, REGISTER, row["decision"], FIELDS)
            seen[person] = FIELDS
        if not rows:
            view.saw_nobody()
    tell(means, caller, reason, seen)
    return [_appeal(row) for row in rows]


def settle(
    means: Means, number: str, by: tuple[Caller, Reason], *, upheld: bool, words: str
) -> SignedDecision | None:
    """See `contract.Decisions.settle`."""
    caller, reason = by
    if not caller.holds(OFFICER):
        raise NotAllowed
    said = _checked(words)
    with means.database.reading_person(caller.actor, reason) as view:
        row = store.appeal(view, number)
        if row is None:
            raise AppealUnknown
        person = _person(means, view, row)
        if person == person_of(caller):
            raise NotAllowed("nobody settles an appeal of her own")
        if row["verdict"] is not None:
            raise AppealSettled
        before, _ = found(means, view, row["decision"], caller)
        decision = load(means, view, before).decision
        told = explanation_of(view, decision.explanation, decision.number)
        view.saw(person, REGISTER, row["decision"], FIELDS)
    tell(means, caller, reason, {person: FIELDS})
    if not upheld:
        _reject(means, number, by, said)
        return None
    return _uphold(means, _appeal(row), (decision, person, languages_of(told)), by, words=said)


def _reject(means: Means, number: str, by: tuple[Caller, Reason], words: str) -> None:
    with means.database.writing(by[0].actor, by[1]) as write:
        _require_open(write, number)
        store.add_settlement(write, _settlement(number, rfc3339(write.at), words))


def _uphold(
    means: Means,
    upheld: Appeal,
    of: tuple[Decision, PersonCode, tuple[str, ...]],
    by: tuple[Caller, Reason],
    *,
    words: str,
) -> SignedDecision:
    """Decide again with what was claimed, in the same languages, and settle in the same transaction."""
    decision, person, languages = of
    claims = Claims(decision, upheld.claimed)
    case = Case(person, decision.kind, claims.situation(), claims.facts(upheld.number), claims.missing())
    terms = Terms(decision.mode, known_at=decision.known_at)
    draft, explained = drafted(means, case, terms, languages=languages, replaces=decision.number)

    def write() -> SignedDecision:
        with means.database.writing(by[0].actor, by[1]) as opened:
            _require_open(opened, upheld.number)
            signed = append(means, opened, draft, person, explained.explanation)
            row = _settlement(upheld.number, rfc3339(opened.at), words, signed.decision.number)
            store.add_settlement(opened, row)
            return signed

    return retried(write)


def languages_of(told: Explanation) -> tuple[str, ...]:
    """Return the languages in which something was explained."""
    return tuple(dict.fromkeys(code for step in told.steps for code, _ in step.words)) or LANGUAGES


def _settlement(appeal_number: str, at: str, words: str, decision: str = "") -> dict[str, str]:
    verdict = UPHELD if decision else REJECTED
    return {"appeal": appeal_number, "at": at, "verdict": verdict, "decision": decision, "words": words}


def _require_open(view: Reading, number: str) -> None:
    row = store.appeal(view, number)
    if row is None or row["verdict"] is not None:
        raise AppealSettled


def _person(means: Means, view: Reading, row: Row) -> PersonCode:
    decision = store.decision(view, row["decision"])
    if decision is None:
        raise AppealUnknown
    return means.person(decision)


def _appeal(row: Row) -> Appeal:
    said: Any = canonical_json.read(bytes(row["content"]))
    return Appeal(
        row["number"],
        row["decision"],
        parse_rfc3339(row["at"]),
        said["claimed"],
        said["statement"],
        said["outputs"],
        settled=row["verdict"] or "",
        by=row["settled_by"] or "",
        settled_at=parse_rfc3339(row["settled_at"]) if row["settled_at"] else None,
        words=row["words"] or "",
    )


def _checked(words: str) -> str:
    """Return words without space around them; WordsMissing when there are none or too many."""
    plain = words.strip()
    if not any(each.isalnum() for each in plain) or len(plain) > WORDS_LENGTH_MAX:
        raise WordsMissing
    return plain

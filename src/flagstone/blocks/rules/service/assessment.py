# SPDX-License-Identifier: EUPL-1.2
"""A person's own assessment: look at it, try other figures, ask how it came about, and confirm it."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Any

from flagstone.blocks.rules.contract.assessment import (
    Assessed,
    Assessment,
    AssessmentPlan,
    Known,
    NotTold,
    PersonNeeded,
    Result,
    YearUnknown,
)
from flagstone.blocks.rules.contract.calculation import JsonValue, Situation
from flagstone.blocks.rules.contract.decision import Appeal, Case, Decisions, SignedDecision
from flagstone.blocks.rules.contract.decision_faults import DecidedMeanwhile
from flagstone.blocks.rules.contract.engine import USUAL, Engine
from flagstone.blocks.rules.contract.explanation import Explained, Explanation, Wanted
from flagstone.blocks.rules.model.answers import (
    Answers,
    Question,
    concerns,
    instance_of,
    not_told,
    periods_of,
    questions,
    read_answers,
    with_answers,
)
from flagstone.blocks.rules.model.canonical_json import encode
from flagstone.blocks.rules.service.drawing import Drawing
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import Clock
from flagstone.kernel.ids import PersonCode

REMEMBERED_SECONDS = 600.0
"""How long drawn facts serve pages that only try or explain; a page of results draws anew."""

REMEMBERED_MAX = 500
LOCKS = 64


@dataclass(frozen=True)
class Asking:
    """Who asks about her own matter: the person, how she calls, and the number of the request."""

    person: PersonCode = field(repr=False)
    caller: Caller = field(repr=False)
    request: str = ""


@dataclass(frozen=True)
class View:
    """What a person is shown of a year: facts, questions, answers, results, and a digest of all that.

    `whole` tells that the register of persons answered. `latest` is her newest decision of this kind,
    `confirmed` tells that it says just what is shown.
    """

    year: int
    known: Known
    asked: tuple[Question, ...]
    answers: Answers
    assessment: Assessment
    situation: Situation = field(repr=False)
    law_digest: str
    digest: str
    whole: bool = True
    latest: SignedDecision | None = None
    confirmed: bool = False

    @property
    def latest_number(self) -> str:
        """The number of the newest decision, empty when there is none."""
        return self.latest.decision.number if self.latest else ""

    @property
    def can_confirm(self) -> bool:
        """Tell whether there is something to confirm that rests on what registers said."""
        return self.whole and bool(self.assessment.assessed) and not self.answers.flaws


@dataclass(frozen=True)
class Confirmed:
    """What confirming did: the number of the decision, or the view as it is now because something changed."""

    number: str = ""
    changed: View | None = None


class Assessing:
    """The use cases of a person's assessment; safe to share between threads."""

    def __init__(
        self, plan: AssessmentPlan, drawing: Drawing, engine: Engine, decisions: Decisions, *, clock: Clock
    ) -> None:
        """Assess by `plan` what `drawing` finds, computed by `engine` and kept by `decisions`."""
        self.plan = plan
        self._drawing, self._engine, self._decisions = drawing, engine, decisions
        self._clock = clock
        self._remembered = _Remembered()
        self._locks = tuple(Lock() for _ in range(LOCKS))

    def years(self) -> list[int]:
        """Return the years that are assessed, the last whole one first, then this year, then those before."""
        first, last = self.plan.incomes.first_year, self.plan.incomes.last_year
        now = [last + 1] if self._clock.now().year > last else []
        return [last, *now, *range(last - 1, first - 1, -1)]

    def look(self, who: Asking, year: int, form: Mapping[str, str] | None = None) -> View:
        """Return a year with the answers of a form, drawn now; YearUnknown, NotAssessed."""
        self._require(year)
        return self._with_latest(who, self._view(who, year, form or {}, fresh=True))

    def again(self, who: Asking, year: int, form: Mapping[str, str], *, other: bool = False) -> View:
        """Return a year as it was drawn lately; with `other`, what registers know may be otherwise."""
        self._require(year)
        return self._view(who, year, form, fresh=False, other=other)

    def explain(self, view: View, variable: str, period: str, language: str) -> Explained:
        """Return how a result of a view came about; YearUnknown when it is none of the view's."""
        for each in view.assessment.assessed:
            if each.result.variable == variable and period in each.values:
                situation = _asking_for(view.known.situation, [(each.result, [period])], self.plan)
                return self._engine.explain(situation, Wanted((language,)), USUAL)
        raise YearUnknown

    def confirm(
        self,
        who: Asking,
        year: int,
        form: Mapping[str, str],
        *,
        shown: str,
        after: str,
        languages: tuple[str, ...],
    ) -> Confirmed:
        """Decide what was shown, once: `shown` is its digest and `after` the number of the decision before.

        A form sent twice leads to the same decision; where anything is otherwise now, the view as it is.
        """
        self._require(year)
        with self._locks[hash(who.person) % LOCKS]:
            view = self._with_latest(who, self._view(who, year, form, fresh=True))
            if view.latest_number != after and view.confirmed:
                return Confirmed(view.latest_number)
            if view.latest_number != after or view.digest != shown or not view.can_confirm:
                return Confirmed(changed=view)
            return self._decided(who, view, languages)

    def _decided(self, who: Asking, view: View, languages: tuple[str, ...]) -> Confirmed:
        """Decide what a view shows, or return what another process decided meanwhile."""
        case = self._case(who, view)
        try:
            signed, _explained = self._decisions.decide(
                case, who.caller, self._reason(who), USUAL, languages=languages
            )
        except DecidedMeanwhile:
            now = self._with_latest(who, view)
            return Confirmed(now.latest_number) if now.confirmed else Confirmed(changed=now)
        return Confirmed(signed.decision.number)

    def decisions(self, who: Asking) -> Sequence[SignedDecision]:
        """Return the person's decisions, the newest first."""
        return self._decisions.about(who.person, who.caller, self._reason(who))

    def decision(self, who: Asking, number: str) -> SignedDecision:
        """Return one of the person's own decisions; DecisionUnknown."""
        return self._decisions.find(number, who.caller, self._reason(who))

    def public_keys(self) -> Sequence[Mapping[str, object]]:
        """Return the keys that decisions are verified by, as JWK (RFC 7517)."""
        return self._decisions.public_keys()

    def explanation(self, who: Asking, number: str) -> Explanation:
        """Return how one of the person's decisions came about, as it was kept with it."""
        return self._decisions.explanation(number, who.caller, self._reason(who))

    def appeals(self, who: Asking, number: str) -> Sequence[Appeal]:
        """Return the appeals against one of the person's decisions."""
        return self._decisions.appeals(who.caller, self._reason(who), number=number)

    def appeal(self, who: Asking, number: str, claimed: Mapping[str, JsonValue], statement: str) -> Appeal:
        """Record what the person says is otherwise, and what the law would then give."""
        return self._decisions.appeal(number, claimed, statement, who.caller, self._reason(who))

    def forget(self) -> None:
        """Forget what was drawn lately."""
        self._remembered = _Remembered()

    def _require(self, year: int) -> None:
        if year not in self.years():
            raise YearUnknown

    def _reason(self, who: Asking, case: str = "") -> Reason:
        return Reason(self.plan.purpose, self.plan.legal_basis, message_reference=who.request, case=case)

    def _view(
        self, who: Asking, year: int, form: Mapping[str, str], *, fresh: bool, other: bool = False
    ) -> View:
        known = self._known(who, year, fresh=fresh, home=False)
        asked = questions(self.plan, known, year, everything=other)
        answers = read_answers(form, asked)
        if self.plan.household_needs in answers.values:
            known = self._known(who, year, fresh=fresh, home=True)
        known = with_answers(known, self.plan, answers, asked, year)
        return self._computed(year, known, tuple(asked), answers)

    def _known(self, who: Asking, year: int, *, fresh: bool, home: bool) -> Known:
        """Return the facts, drawn now or lately; those with the household hold the others too."""
        key = (who.person, year, home)
        found = None if fresh else self._remembered.find(key)
        if found is None:
            reason = self._reason(who, case=self._kind(year))
            found = self._drawing.facts(who.person, year, reason, home=home)
            if not found.silent:
                self._remembered.keep(key, found)
        return found

    def _computed(self, year: int, known: Known, asked: tuple[Question, ...], answers: Answers) -> View:
        wanted: list[tuple[Result, list[str]]] = []
        lacking: list[NotTold] = []
        for result in (each for each in self.plan.results if concerns(each, known, self.plan, year)):
            open_still = not_told(result, known, answers)
            if open_still is None:
                wanted.append((result, periods_of(result, year)))
            else:
                lacking.append(open_still)
        situation = _asking_for(known.situation, wanted, self.plan)
        outcome = self._engine.calculate(situation, USUAL) if wanted else None
        values: Any = outcome.values if outcome else {}
        assessed = []
        for result, periods in wanted:
            instance = instance_of(result, self.plan)
            found = values[result.entity][instance][result.variable]
            assessed.append(Assessed(result, {each: found[each] for each in periods}, instance))
        law = outcome.law_digest if outcome else self._engine.snapshot().digest
        digest = _digest(situation, [dict(each.values) for each in assessed], known, law)
        whole = self.plan.persons.register not in known.silent
        results = Assessment(assessed, lacking)
        return View(year, known, asked, answers, results, situation, law, digest, whole)

    def _with_latest(self, who: Asking, view: View) -> View:
        """Return the view with the newest decision of its kind."""
        kind = self._kind(view.year)
        found = next((each for each in self.decisions(who) if each.decision.kind == kind), None)
        confirmed = found is not None and _same(found, view)
        return replace(view, latest=found, confirmed=confirmed)

    def _kind(self, year: int) -> str:
        return f"{self.plan.kind}-{year}"

    def _case(self, who: Asking, view: View) -> Case:
        kind, known = self._kind(view.year), view.known
        return Case(who.person, kind, view.situation, known.facts, known.missing, view.latest_number)


class _Remembered:
    """What was drawn lately, in memory only."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, int, bool], tuple[float, Known]] = OrderedDict()

    def find(self, key: tuple[str, int, bool]) -> Known | None:
        with self._lock:
            until, found = self._known.get(key, (0.0, None))
        return found if monotonic() < until else None

    def keep(self, key: tuple[str, int, bool], known: Known) -> None:
        with self._lock:
            self._known[key] = (monotonic() + REMEMBERED_SECONDS, known)
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)


def person_of(person: PersonCode | None, caller: Caller, request: str) -> Asking:
    """Return who asks; PersonNeeded for a machine. In her own matter nobody has an office."""
    if person is None:
        raise PersonNeeded
    own = replace(caller, roles=frozenset({"signed-in"}))
    return Asking(person, own, request)


def _asking_for(
    situation: Situation, wanted: Sequence[tuple[Result, list[str]]], plan: AssessmentPlan
) -> Situation:
    """Return the situation with a null where each period of each result is wanted."""
    whole: Any = deepcopy(situation)
    for result, periods in wanted:
        group = whole.setdefault(result.entity, {}).setdefault(instance_of(result, plan), {})
        group[result.variable] = dict.fromkeys(periods)
    return whole  # type: ignore[no-any-return]


def _digest(situation: Situation, values: Sequence[object], known: Known, law: str) -> str:
    """Return a digest of all that is shown, so that a change of facts, law or results is noticed."""
    whole = [situation, values, sorted(known.missing), sorted(known.silent), law]
    return sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _same(signed: SignedDecision, view: View) -> bool:
    """Tell whether a decision says just what a view shows: facts, law and what was not known."""
    decision = signed.decision
    return (
        encode(decision.situation) == encode(view.situation)
        and decision.law.digest == view.law_digest
        and set(decision.missing) == set(view.known.missing)
    )

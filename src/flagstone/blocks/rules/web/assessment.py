# SPDX-License-Identifier: EUPL-1.2
"""My assessment: a person's own pages about her tax and benefits, from the facts to the signed decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from flagstone.blocks.rules.contract.assessment import Result, Words
from flagstone.blocks.rules.contract.decision import WORDS_LENGTH_MAX
from flagstone.blocks.rules.contract.decision_faults import AppealOpen, ClaimInvalid, WordsMissing
from flagstone.blocks.rules.model.shown import (
    assessed_of,
    claims_of,
    facts_shown,
    gaps_shown,
    known_of,
    present_of,
    topics,
    year_of,
)
from flagstone.blocks.rules.service.assessment import Asking, Assessing, View, person_of
from flagstone.blocks.rules.web.record_file import record_file
from flagstone.kernel.errors import Fault
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.request_id import request_id
from flagstone.platform.http.routes import SIGNED_IN, Routes

PREFIX = "/my/assessment"
MENU = (MenuItem(PREFIX, _("My assessment"), frozenset({"signed-in"})),)
"""A person's own part of the menu."""

FIELDS_MAX = 200
WORDS = (
    _("Write an amount as a number, such as 1234.50"),
    _("Write the amount without separators of thousands, such as 1234 or 1234.50"),
    _("The amount is too large"),
    _("The amount cannot be below zero"),
    _("Write a whole number"),
    _("Write a date as year, month and day, such as 2025-03-31"),
    _("Choose one of the answers"),
)
"""What can be wrong with an answer, for the catalogues; the same as `SAYINGS`."""

APPEAL_FLAWS: Mapping[type[Fault], str] = {
    ClaimInvalid: _("Change at least one of the facts to what you say is right"),
    AppealOpen: _("An appeal against this decision waits already"),
    WordsMissing: _("Write why"),
}
STATEMENT_TOO_LONG = _("This is longer than the page takes: make it shorter")
FormOf = Annotated[FormData, Depends(read_form)]
Year = Annotated[int, Path(ge=1900, le=2999)]
Number = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


@dataclass(frozen=True)
class RegisterTold:
    """A register as pages name it."""

    title: Words
    owner: Words


class MyAssessment:
    """The pages under `/my/assessment`, for whoever is signed in; no address names a person or an amount."""

    def __init__(self, assessing: Assessing, pages: Pages, registers: Mapping[str, RegisterTold]) -> None:
        """Show what `assessing` finds, with registers named as `registers` has them by code."""
        self._assessing, self._pages, self._registers = assessing, pages, registers

    def routes(self) -> Routes:
        """Return the routes."""
        routes = Routes(PREFIX)
        routes.get("", access=SIGNED_IN, name="assessment")(self.newest)
        routes.get("/decisions", access=SIGNED_IN)(self.decisions)
        routes.get("/decisions/{number}", access=SIGNED_IN)(self.decision)
        routes.get("/decisions/{number}/record", access=SIGNED_IN)(self.record)
        routes.post("/decisions/{number}/appeal", access=SIGNED_IN)(self.appeal)
        routes.get("/{year}", access=SIGNED_IN)(self.show)
        routes.post("/{year}", access=SIGNED_IN)(self.answered)
        routes.get("/{year}/questions", access=SIGNED_IN)(self.questions)
        routes.post("/{year}/questions", access=SIGNED_IN)(self.questions_again)
        routes.post("/{year}/explanation", access=SIGNED_IN)(self.explanation)
        routes.post("/{year}/what-if", access=SIGNED_IN)(self.what_if)
        routes.post("/{year}/confirm", access=SIGNED_IN)(self.confirm)
        return routes

    def newest(self, request: Request) -> Response:
        """Show the last year that is whole."""
        return self.show(request, self._assessing.years()[0])

    def show(self, request: Request, year: Year) -> Response:
        """Show a year by what registers say."""
        return self._results(request, self._assessing.look(_who(request), year))

    def answered(self, request: Request, year: Year, form: FormOf) -> Response:
        """Show a year with what the person answered, or her answers again when one cannot be read."""
        view = self._assessing.look(_who(request), year, _texts(form))
        return self._asked(request, view) if view.answers.flaws else self._results(request, view)

    def questions(self, request: Request, year: Year) -> Response:
        """Ask what no register knows."""
        return self._asked(request, self._assessing.again(_who(request), year, {}))

    def questions_again(self, request: Request, year: Year, form: FormOf) -> Response:
        """Ask, with the answers so far."""
        return self._asked(request, self._assessing.again(_who(request), year, _texts(form)))

    def explanation(self, request: Request, year: Year, form: FormOf) -> Response:
        """Show how one result came about."""
        view = self._assessing.again(_who(request), year, _texts(form))
        variable, _separator, period = str(form.get("of", "")).partition(":")
        language = self._pages.language(request).code
        explained = self._assessing.explain(view, variable, period, language)
        result = next(each for each in view.assessment.assessed if each.result.variable == variable)
        return self._page(
            request, "explained", view, explained=explained, result=result, period=period, form=_texts(form)
        )

    def what_if(self, request: Request, year: Year, form: FormOf) -> Response:
        """Compare the results with those of other figures; nothing is recorded."""
        who, texts = _who(request), _texts(form)
        now = self._assessing.again(who, year, _beginning(texts, "now."))
        other = self._assessing.again(who, year, _beginning(texts, "if."), other=True)
        present = present_of(now.known, other.asked, year)
        return self._page(
            request,
            "what-if",
            now,
            other=other,
            present=present,
            tried="try" in texts,
            said=_said(now, other),
        )

    def confirm(self, request: Request, year: Year, form: FormOf) -> Response:
        """Decide what was shown, and lead to the decision; show it anew when something changed meanwhile."""
        texts = _texts(form)
        done = self._assessing.confirm(
            _who(request),
            year,
            texts,
            shown=texts.get("shown", ""),
            after=texts.get("after", ""),
            languages=self._spoken(request),
        )
        if done.changed is not None:
            return self._results(request, done.changed, changed=True)
        return RedirectResponse(f"{PREFIX}/decisions/{done.number}", 303)

    def _spoken(self, request: Request) -> tuple[str, ...]:
        """Return the languages that a decision is explained in, the reader's own first."""
        own = self._pages.language(request).code
        return (own, *(each.code for each in self._pages.languages if each.code != own))

    def decisions(self, request: Request) -> Response:
        """List the person's decisions."""
        found = self._assessing.decisions(_who(request))
        return self._pages.render(
            request,
            "rules/assessment-decisions.html",
            found=found,
            plan=self._assessing.plan,
            year_of=year_of,
        )

    def decision(self, request: Request, number: Number) -> Response:
        """Show one of the person's decisions."""
        return self._decided(request, number)

    def record(self, request: Request, number: Number) -> Response:
        """Send the signed record as a file."""
        signed = self._assessing.decision(_who(request), number)
        return record_file(signed, self._assessing.public_keys())

    def appeal(self, request: Request, number: Number, form: FormOf) -> Response:
        """Record an appeal, and show the decision with it."""
        who, texts = _who(request), _texts(form)
        decision, plan = self._assessing.decision(who, number).decision, self._assessing.plan
        claimed, flaws = claims_of(facts_shown(known_of(decision), plan, year_of(decision)), texts)
        statement = texts.get("statement", "").strip()
        if len(statement) > WORDS_LENGTH_MAX:
            flaws = {**flaws, "statement": STATEMENT_TOO_LONG}
        if not flaws:
            try:
                self._assessing.appeal(who, number, claimed, statement)
            except (ClaimInvalid, AppealOpen, WordsMissing) as fault:
                flaws = {"statement": APPEAL_FLAWS[type(fault)]}
        if flaws:
            return self._decided(request, number, texts=texts, flaws=flaws)
        return RedirectResponse(f"{PREFIX}/decisions/{number}#appeals", 303)

    def _results(self, request: Request, view: View, *, changed: bool = False) -> Response:
        return self._page(request, "", view, status=409 if changed else 200, changed=changed)

    def _asked(self, request: Request, view: View) -> Response:
        return self._page(request, "questions", view, status=400 if view.answers.flaws else 200)

    def _page(
        self, request: Request, name: str, view: View, *, status: int = 200, **more: object
    ) -> Response:
        plan = self._assessing.plan
        return self._pages.render(
            request,
            f"rules/assessment{'-' + name if name else ''}.html",
            status=status,
            view=view,
            plan=plan,
            years=self._assessing.years(),
            shown=facts_shown(view.known, plan, view.year),
            gaps=gaps_shown(view.known, plan),
            registers=self._registers,
            topics=topics,
            address=f"{PREFIX}/{view.year}",
            **more,
        )

    def _decided(
        self,
        request: Request,
        number: str,
        *,
        texts: Mapping[str, str] | None = None,
        flaws: Mapping[str, str] | None = None,
    ) -> Response:
        who, plan = _who(request), self._assessing.plan
        signed = self._assessing.decision(who, number)
        known, year = known_of(signed.decision), year_of(signed.decision)
        return self._pages.render(
            request,
            "rules/assessment-decision.html",
            status=400 if flaws else 200,
            signed=signed,
            year=year,
            plan=plan,
            assessed=assessed_of(signed.decision.outputs, plan),
            outcome_of=lambda appeal: assessed_of(appeal.outputs, plan),
            shown=facts_shown(known, plan, year),
            gaps=gaps_shown(known, plan),
            registers=self._registers,
            appeals=self._assessing.appeals(who, number),
            words_max=WORDS_LENGTH_MAX,
            explanation=self._assessing.explanation(who, number),
            texts=texts or {},
            flaws=flaws or {},
            address=f"{PREFIX}/decisions/{number}",
        )


def _who(request: Request) -> Asking:
    found = current(request)
    return person_of(found.person, found.caller, request_id(request))


def _texts(form: FormData) -> dict[str, str]:
    """Return the fields of a form that are text, as many as there may be."""
    found = [(name, value) for name, value in form.items() if isinstance(value, str)]
    return dict(found[:FIELDS_MAX])


def _beginning(texts: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}


def _said(now: View, other: View) -> Sequence[tuple[Result, float | None, float]]:
    """Return each result that can be told with the other figures: its total now, if any, and with them."""
    before = {each.result.variable: each.total for each in now.assessment.assessed}
    return [(each.result, before.get(each.result.variable), each.total) for each in other.assessment.assessed]

# SPDX-License-Identifier: EUPL-1.2
"""Planning a simulation: write a reform, find parameters, check, and start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse

from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.faults import PlanInvalid, ReformInvalid, SurveyInvalid
from flagstone.blocks.rules.contract.lawbook import Entry, LawBook, LawPage
from flagstone.blocks.rules.contract.roles import ANALYST
from flagstone.blocks.rules.contract.simulation import Simulations
from flagstone.blocks.rules.service.reform_text import LENGTH_MAX, read_reform
from flagstone.blocks.rules.web.simulations import draft as drafts
from flagstone.blocks.rules.web.simulations.draft import Draft, Row, Understood
from flagstone.blocks.rules.web.simulations.placing import InText, placed
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault, Flaw
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.language import marked
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes, role

_ = marked
DESK = "/desk/simulations"
NEW = f"{DESK}/new"
ANALYSTS = role(ANALYST)
FOUND_MAX = 30
OFFERED_MAX = 800
"""Up to so many parameters are offered while one is typed; a larger law is searched instead."""
STARTING = Reason("simulate a reform of the law")

Check = Callable[[Terms], object]
"""Raises ReformInvalid with places for terms that the law cannot be computed under."""

FormOf = Annotated[FormData, Depends(read_form)]
Number = Annotated[str, Query(max_length=64)]


@dataclass(frozen=True)
class Shown:
    """What the page shows beside the draft: what was looked for, what was pasted, and what is wrong."""

    flaws: Sequence[Flaw] = ()
    sought: str = ""
    searched: bool = False
    text: str = ""
    focus: str = ""


class Planning:
    """The pages under `/desk/simulations/new`."""

    def __init__(
        self, simulations: Simulations, check: Check, book: LawBook, pages: Pages, *, clock: Clock
    ) -> None:
        """Start `simulations` of reforms that `check` lets pass, of the law that `book` describes."""
        self._simulations, self._check_law, self._book = simulations, check, book
        self._pages, self._clock = pages, clock
        self._deeds: dict[str, Callable[[Request, Draft, FormData], Response]] = {
            "check": self._check,
            "start": self._start,
            "read": self._read,
        }

    def routes(self) -> Routes:
        """Return the routes, for analysts."""
        routes = Routes()
        routes.get(NEW, access=ANALYSTS, name="simulation-new")(self.new)
        routes.post(NEW, access=ANALYSTS)(self.act)
        return routes

    def new(self, request: Request, again: Number = "") -> Response:
        """Show an empty plan, or that of a simulation to be done `again` with changes."""
        draft = drafts.begun(self._clock.now().year)
        if again:
            draft = drafts.draft_of(self._simulations.find(again, current(request).caller).plan)
        return self._page(request, draft)

    def act(self, request: Request, form: FormOf) -> Response:
        """Do what the button says: change rows, look for parameters, read a text, check, or start."""
        draft, do = drafts.drafted(form), _text(form, "do")
        sought = _text(form, "sought")
        verb, _colon, argument = do.partition(":")
        if verb in self._deeds:
            return self._deeds[verb](request, draft, form)
        if verb == "find" or (verb == "enter" and sought):
            return self._page(request, draft, Shown(sought=sought, searched=True, focus="found"))
        if verb == "enter":
            return self._check(request, draft, form)
        return self._page(request, _arranged(draft, verb, argument), Shown(sought=sought))

    def _read(self, request: Request, draft: Draft, form: FormData) -> Response:
        """Take a pasted or sent text into the rows."""
        text = _text(form, "text") or _sent(form.get("file"))
        if not text.strip():
            return self._page(request, draft, Shown((Flaw("text", _("Paste a reform, or choose a file")),)))
        try:
            reform = read_reform(text)
        except ReformInvalid as fault:
            return self._page(request, draft, Shown([_of_text(each) for each in fault.flaws], text=text))
        filled = drafts.with_reform(draft, reform)
        if sum(len(dated) for dated in reform.parameters.values()) > drafts.ROWS_MAX:
            flaw = Flaw("text", _("That are more changes than fit here; simulate it with the command."))
            return self._page(request, draft, Shown((flaw,), text=text))
        return self._page(request, filled)

    def _check(self, request: Request, draft: Draft, form: FormData) -> Response:
        """Show what is wrong, or the plan as it will be simulated."""
        del form
        read = drafts.understood(draft)
        flaws = read.flaws or self._flaws_of_law(read)
        if flaws:
            return self._page(request, draft, Shown(flaws))
        page = self._law_page(draft)
        return self._pages.render(
            request,
            "rules/simulation-check.html",
            draft=draft,
            plan=read.plan,
            entries=page.entries if page else {},
            variables=page.variables if page else {},
        )

    def _flaws_of_law(self, read: Understood) -> tuple[Flaw, ...]:
        """Return what the law does not have that a plan changes."""
        try:
            self._check_law(Terms(reform=read.plan.reform))
        except ReformInvalid as fault:
            return placed(fault, read.places)
        return ()

    def _start(self, request: Request, draft: Draft, form: FormData) -> Response:
        """Start the simulation and lead to its page."""
        del form
        read = drafts.understood(draft)
        if read.flaws:
            return self._page(request, draft, Shown(read.flaws))
        try:
            started = self._simulations.start(read.plan, current(request).caller, STARTING)
        except (ReformInvalid, PlanInvalid, SurveyInvalid) as fault:
            return self._page(request, draft, Shown(placed(fault, read.places)))
        return RedirectResponse(f"{DESK}/{started.number}", 303)

    def _law_page(self, draft: Draft) -> LawPage | None:
        """Return the law at the beginning of the year; None while it cannot be read."""
        try:
            return self._book.page(date(draft.year or self._clock.now().year, 1, 1))
        except Fault:
            return None

    def _page(self, request: Request, draft: Draft, shown: Shown = Shown()) -> Response:
        page = self._law_page(draft)
        found: Sequence[Entry] = page.find(shown.sought, FOUND_MAX) if page and shown.searched else ()
        offered = sorted(page.entries) if page and len(page.entries) <= OFFERED_MAX else []
        return self._pages.render(
            request,
            "rules/simulation-new.html",
            status=400 if shown.flaws else 200,
            draft=draft,
            shown=shown,
            found=found,
            found_max=FOUND_MAX,
            offered=offered,
            entries=page.entries if page else {},
            law_known=page is not None,
            surveys=self._simulations.surveys(current(request).caller),
        )


def _arranged(draft: Draft, verb: str, argument: str) -> Draft:
    """Return the draft with a row more or less, or with a parameter that was found."""
    if verb == "row":
        return draft.with_rows((*draft.rows, Row(since=_first_day(draft))))
    if verb == "drop" and argument.isdigit():
        left = tuple(row for number, row in enumerate(draft.rows, 1) if number != int(argument))
        return draft.with_rows(left)
    if verb == "take" and argument:
        return _taken(draft, argument)
    return draft


def _taken(draft: Draft, name: str) -> Draft:
    """Return the draft with a parameter in its first row that names none, or in a new one."""
    for place, row in enumerate(draft.rows):
        if row.empty:
            filled = replace(row, parameter=name, since=row.since or _first_day(draft))
            return draft.with_rows((*draft.rows[:place], filled, *draft.rows[place + 1 :]))
    return draft.with_rows((*draft.rows, Row(name, _first_day(draft))))


def _first_day(draft: Draft) -> str:
    return f"{draft.year}-01-01" if draft.year else ""


def _of_text(flaw: Flaw) -> Flaw:
    """Return a flaw of a text at the field where it was pasted, with its place in the text."""
    return InText("text", flaw.message, flaw.pattern, flaw.values, place=flaw.pointer)


def _sent(value: object) -> str:
    """Return a file's text; what is no UTF-8 is read as what cannot be a reform."""
    if not isinstance(value, UploadFile):
        return ""
    return value.file.read(4 * LENGTH_MAX + 1).decode("utf-8-sig", "replace")


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""

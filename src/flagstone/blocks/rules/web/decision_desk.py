# SPDX-License-Identifier: EUPL-1.2
"""The officials' pages of decisions: find one by number, look, replay, verify all, and settle appeals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from flagstone.blocks.rules.contract.decision import (
    WORDS_LENGTH_MAX,
    Checked,
    Decision,
    Decisions,
    Origin,
    Replay,
    Touched,
)
from flagstone.blocks.rules.contract.decision_faults import (
    AppealSettled,
    AppealUnknown,
    ArchiveBroken,
    ReplayFailed,
    WordsMissing,
)
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.faults import NotAllowed
from flagstone.blocks.rules.contract.lawbook import LawBook
from flagstone.blocks.rules.contract.roles import AUDITOR, OFFICER
from flagstone.blocks.rules.model.desk_lines import Names, fact_lines, output_lines
from flagstone.blocks.rules.web.decisions import LOOKERS, OFFICERS, Number
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Fault
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes

DESK = "/desk/decisions"
MENU = (MenuItem(DESK, _("Decisions"), frozenset({OFFICER, AUDITOR})),)
ORIGINS = {
    Origin.REGISTER: _("A register said so"),
    Origin.PERSON: _("The person said so"),
    Origin.ASSUMED: _("Assumed by the law"),
}
NOT_FOUND = _("Write the number as it stands on the decision, such as D-7K3M-9QX2-PTC4")
NO_DAYS = _("Write both days as year, month and day, such as 2026-06-15")
NO_VERDICT = _("Choose whether the appeal is upheld or rejected, and write why")
OWN_APPEAL = _("Nobody settles an appeal of her own")
SETTLED_ALREADY = _("The appeal was settled already")
_NUMBER = re.compile(r"D(-[0-9A-Z]{4}){3}")
_FLAWS = {NotAllowed: OWN_APPEAL, AppealSettled: SETTLED_ALREADY, WordsMissing: NO_VERDICT}

FormOf = Annotated[FormData, Depends(read_form)]
Text = Annotated[str, Query(max_length=64)]
Place = Annotated[int, Query(ge=0, le=1_000_000_000)]


@dataclass(frozen=True)
class Wrong:
    """What cannot be done, the control that it is about, and what was written there."""

    told: str
    at: str
    words: str = ""


class DecisionDesk:
    """The pages under `/desk/decisions`; no address names a person or an amount."""

    def __init__(self, decisions: Decisions, book: LawBook, pages: Pages) -> None:
        """Show what `decisions` keeps, with the names that `book` has for the law's variables."""
        self._decisions, self._book, self._pages = decisions, book, pages

    def routes(self) -> Routes:
        """Return the routes: auditors look and check, officers settle too."""
        routes = Routes()
        routes.get(DESK, access=LOOKERS, name="decisions")(self.newest)
        routes.post(f"{DESK}/verified", access=LOOKERS)(self.verify)
        routes.get(f"{DESK}/touched", access=LOOKERS)(self.ask_touched)
        routes.post(f"{DESK}/touched", access=LOOKERS)(self.touched)
        one = f"{DESK}/{{number}}"
        routes.get(one, access=LOOKERS, name="decision")(self.one)
        routes.post(f"{one}/replayed", access=LOOKERS)(self.replay)
        routes.post(f"{one}/settled", access=OFFICERS)(self.settle)
        return routes

    def newest(self, request: Request, number: Text = "", before: Place = 0) -> Response:
        """Show the newest decisions and the appeals that wait; a number leads to its decision."""
        wanted = number.strip().upper()
        if _NUMBER.fullmatch(wanted):
            return RedirectResponse(f"{DESK}/{wanted}", 303)
        return self._list(request, before=before, number=number, flaw=NOT_FOUND if wanted else "")

    def verify(self, request: Request) -> Response:
        """Verify everything that is kept, and show what is broken."""
        return self._list(request, checked=self._decisions.verify(current(request).caller))

    def ask_touched(self, request: Request) -> Response:
        """Ask between which days the law became known differently."""
        return self._touched(request)

    def touched(self, request: Request, form: FormOf) -> Response:
        """Show which decisions the change touches, and what each becomes."""
        texts = {name: _text(form, name).strip() for name in ("before", "after")}
        try:
            before, after = (Terms(known_at=date.fromisoformat(texts[each])) for each in ("before", "after"))
        except ValueError:
            return self._touched(request, texts, flaw=NO_DAYS)
        why = Reason("See which decisions a change of the law touches")
        found = self._decisions.touched(before, after, current(request).caller, why)
        return self._touched(request, texts, found=tuple(found))

    def one(self, request: Request, number: Number) -> Response:
        """Show one decision; the look is recorded with the person."""
        return self._one(request, number)

    def replay(self, request: Request, number: Number) -> Response:
        """Compute a decision again, and show whether it is the same."""
        try:
            found = self._decisions.replay(number, *_by(request, number))
        except (ArchiveBroken, ReplayFailed) as fault:
            return self._one(request, number, wrong=Wrong(fault.title, "replay"))
        return self._one(request, number, replay=found)

    def settle(self, request: Request, number: Number, form: FormOf) -> Response:
        """Settle an appeal, and show the decision that stands then."""
        appeal, words, verdict = (_text(form, each) for each in ("appeal", "words", "verdict"))
        at = f"words-{appeal}"
        if verdict not in {"upheld", "rejected"}:
            return self._one(request, number, wrong=Wrong(NO_VERDICT, at, words))
        caller, why = current(request).caller, Reason("Settle an appeal", case=number)
        try:
            made = self._decisions.settle(appeal, caller, why, upheld=verdict == "upheld", words=words)
        except (AppealSettled, AppealUnknown, NotAllowed, WordsMissing) as fault:
            told = _FLAWS.get(type(fault), fault.title)
            return self._one(request, number, wrong=Wrong(told, at, words))
        return RedirectResponse(f"{DESK}/{made.decision.number if made else number}", 303)

    def _list(
        self,
        request: Request,
        *,
        before: int = 0,
        number: str = "",
        flaw: str = "",
        checked: Checked | None = None,
    ) -> Response:
        caller = current(request).caller
        return self._pages.render(
            request,
            "rules/desk-decisions.html",
            status=400 if flaw else 200,
            decisions=self._decisions.newest(caller, before=before),
            waiting=self._decisions.appeals(caller, Reason("See which appeals wait")),
            number=number,
            flaw=flaw,
            checked=checked,
        )

    def _one(
        self, request: Request, number: str, *, replay: Replay | None = None, wrong: Wrong | None = None
    ) -> Response:
        by = _by(request, number)
        decision = self._decisions.find(number, *by).decision
        explanation = self._decisions.explanation(number, *by)
        appeals = self._decisions.appeals(*by, number=number)
        names = self._names(decision)
        return self._pages.render(
            request,
            "rules/desk-decision.html",
            status=400 if wrong else 200,
            decision=decision,
            explanation=explanation,
            outputs=output_lines(decision.outputs, explanation, names),
            facts=fact_lines(decision, explanation, names),
            appeals=[
                (
                    each,
                    output_lines(each.claimed, explanation, names),
                    output_lines(each.outputs, explanation, names),
                )
                for each in appeals
            ],
            missing=[names.get(each.partition("@")[0]) or each for each in decision.missing],
            origins=ORIGINS,
            settles=current(request).holds(OFFICER),
            replay=replay,
            wrong=wrong,
            words_max=WORDS_LENGTH_MAX,
        )

    def _names(self, decision: Decision) -> Names:
        """Return what the law calls its variables; nothing while it cannot be asked."""
        try:
            return self._book.page(decision.known_at).variables
        except Fault:
            return {}

    def _touched(
        self,
        request: Request,
        texts: dict[str, str] | None = None,
        *,
        found: tuple[Touched, ...] | None = None,
        flaw: str = "",
    ) -> Response:
        return self._pages.render(
            request,
            "rules/desk-touched.html",
            status=400 if flaw else 200,
            texts=texts or {"before": "", "after": ""},
            found=found,
            flaw=flaw,
        )


def _by(request: Request, number: str) -> tuple[Caller, Reason]:
    return current(request).caller, Reason("Look at a decision", case=number)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""

# SPDX-License-Identifier: EUPL-1.2
"""The agency's own pages: answer persons' questions, look at unusual readings, uncover a pseudonym."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from flagstone.blocks.tracker.contract import (
    Official,
    OfficialUnknown,
    Oversight,
    QuestionInvalid,
    SignalKind,
)
from flagstone.kernel.audit import Reason
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes, role

QUESTIONS, SIGNALS = "/desk/questions", "/desk/signals"
ANSWERING, AUDITING = role("registrar", "auditor"), role("auditor")
KINDS = {
    SignalKind.NO_CASE: _("An official read without naming a case"),
    SignalKind.SUDDEN_RATE: _("An official read far more than usual"),
    SignalKind.SAME_PERSON_OFTEN: _("An official looked up the same person often"),
    SignalKind.RECORD_MISSING: _("The exchange knows of reads that have no record"),
    SignalKind.PERSON_UNREAD: _("Messages did not say whose data they used"),
}

FormOf = Annotated[FormData, Depends(read_form)]


class Desk:
    """The pages under `/desk/questions` and `/desk/signals`."""

    def __init__(self, oversight: Oversight, pages: Pages) -> None:
        """Show what `oversight` tells, by `pages`."""
        self._oversight, self._pages = oversight, pages

    def routes(self) -> Routes:
        """Return the routes; the service checks also that the official is one of this agency."""
        routes = Routes()
        routes.get(QUESTIONS, access=ANSWERING, name="tracker-questions")(self.questions)
        routes.post(QUESTIONS, access=ANSWERING)(self.answer)
        routes.get(SIGNALS, access=AUDITING, name="tracker-signals")(self.signals)
        routes.post(SIGNALS, access=AUDITING)(self.settle)
        routes.post(f"{SIGNALS}/officials", access=AUDITING)(self.uncover)
        return routes

    def questions(self, request: Request) -> Response:
        """Show the questions, the open ones first."""
        return self._questions(request)

    def answer(self, request: Request, form: FormOf) -> Response:
        """Answer one question."""
        question, text = _text(form, "question"), _text(form, "text")
        try:
            self._oversight.answer(current(request).caller, question, text)
        except QuestionInvalid as invalid:
            return self._questions(request, flaw=invalid.remedy, asked=question, text=text)
        return RedirectResponse(QUESTIONS, 303)

    def signals(self, request: Request) -> Response:
        """Show the signals, the open ones first."""
        return self._signals(request)

    def settle(self, request: Request, form: FormOf) -> Response:
        """Note what looking at a signal found."""
        signal, text = _text(form, "signal"), _text(form, "text")
        try:
            self._oversight.settle(current(request).caller, signal, text)
        except QuestionInvalid as invalid:
            return self._signals(request, flaw=invalid.remedy, asked=f"words-{signal}", text=text)
        return RedirectResponse(SIGNALS, 303)

    def uncover(self, request: Request, form: FormOf) -> Response:
        """Show whom a pseudonym stands for; it is recorded with the purpose."""
        official, purpose = _text(form, "official").strip().upper(), _text(form, "purpose").strip()
        if not any(character.isalnum() for character in purpose):
            return self._signals(request, flaw=QuestionInvalid.remedy, asked="purpose", official=official)
        try:
            found = self._oversight.uncover(current(request).caller, official, Reason(purpose))
        except QuestionInvalid as invalid:
            return self._signals(request, flaw=invalid.remedy, asked="purpose", official=official)
        except OfficialUnknown as unknown:
            return self._signals(request, flaw=unknown.title, asked="official", official=official)
        return self._signals(request, found=found, official=official)

    def _questions(self, request: Request, *, flaw: str = "", asked: str = "", text: str = "") -> Response:
        return self._pages.render(
            request,
            "tracker/desk-questions.html",
            status=400 if flaw else 200,
            questions=self._oversight.questions(current(request).caller),
            flaw=flaw,
            asked=asked,
            text=text,
        )

    def _signals(
        self,
        request: Request,
        *,
        flaw: str = "",
        asked: str = "",
        text: str = "",
        official: str = "",
        found: Official | None = None,
    ) -> Response:
        return self._pages.render(
            request,
            "tracker/desk-signals.html",
            status=400 if flaw else 200,
            signals=self._oversight.signals(current(request).caller),
            kinds=KINDS,
            flaw=flaw,
            asked=asked,
            text=text,
            official=official,
            found=found,
        )


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""

# SPDX-License-Identifier: EUPL-1.2
"""Who looked: a person's pages about the use of her data, drawn live from every agency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from flagstone.blocks.tracker.contract import QuestionInvalid
from flagstone.blocks.tracker.model.timeline import (
    LINES_A_PAGE,
    By,
    Wanted,
    period_of,
    timeline,
)
from flagstone.blocks.tracker.service.agencies import Answers, EveryAgency
from flagstone.blocks.tracker.web.files import as_csv, as_json
from flagstone.kernel.clock import Clock
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import SIGNED_IN, Routes

PREFIX = "/me/usage"
PERIODS = {
    "week": _("The last 7 days"),
    "month": _("The last 30 days"),
    "year": _("The last 12 months"),
    "all": _("As far back as the agencies know"),
}
GROUPINGS = {
    By.TIME: _("By time"),
    By.CASE: _("By case"),
    By.REGISTER: _("By register"),
    By.AGENCY: _("By agency"),
}

SAFE = re.compile(r"[A-Za-z0-9._-]{1,63}")
WHERE = (_("registry desk"), _("web"))
"""Places that usages name in English."""

Code = r"^[A-Za-z0-9._-]*$"
PeriodChoice = Literal["week", "month", "year", "all"]
Register = Annotated[str, Query(max_length=63, pattern=Code)]
Receiver = Annotated[str, Query(max_length=63, pattern=Code)]
Others = Annotated[Literal["", "1"], Query()]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
AgencyCode = Annotated[str, Query(max_length=63, pattern=Code)]
UsageId = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9-]*$")]
FormOf = Annotated[FormData, Depends(read_form)]


def _wanted(
    period: PeriodChoice = "month",
    by: By = By.TIME,
    register: Register = "",
    agency: Receiver = "",
    *,
    others: Others = "",
    page: PageNumber = 1,
) -> Wanted:
    return Wanted(period, by, register, agency, others_only=bool(others), page=page)


WantedOf = Annotated[Wanted, Depends(_wanted)]


class Mine:
    """The pages under `/me/usage`, for whoever is signed in."""

    def __init__(self, every: EveryAgency, pages: Pages, clock: Clock) -> None:
        """Show what `every` agency tells, by `pages`."""
        self._every, self._pages, self._clock = every, pages, clock

    def routes(self) -> Routes:
        """Return the routes; no address names a person."""
        routes = Routes(PREFIX)
        routes.get("", access=SIGNED_IN, name="usage")(self.usage)
        routes.get("/download", access=SIGNED_IN)(self.download)
        routes.get("/ask", access=SIGNED_IN)(self.ask_form)
        routes.post("/ask", access=SIGNED_IN)(self.ask)
        routes.get("/questions", access=SIGNED_IN)(self.questions)
        return routes

    def usage(self, request: Request, wanted: WantedOf) -> Response:
        """Show the timeline."""
        answers = self._every.usages(current(request), period_of(wanted.period, self._clock.now()))
        return self._pages.render(
            request,
            "tracker/usage.html",
            answers=answers,
            agencies=self._every.agencies,
            timeline=timeline(answers.told, wanted),
            wanted=wanted,
            periods=PERIODS,
            groupings={by: (label, address(wanted, by=by.value)) for by, label in GROUPINGS.items()},
            registers=_registers(answers),
            receivers=_receivers(answers),
            next_page=address(wanted) + "&page=",
            page_size=LINES_A_PAGE,
        )

    def download(
        self, request: Request, form: Literal["json", "csv"] = "json", period: PeriodChoice = "all"
    ) -> Response:
        """Send all usages as a file, with totals and who did not answer."""
        now = self._clock.now()
        answers = self._every.whole(current(request), period_of(period, now))
        if form == "csv":
            content, kind = as_csv(self._every, answers), "text/csv; charset=utf-8"
        else:
            content = as_json(self._every, answers, self._pages.language(request), now)
            kind = "application/json"
        name = f"usage-{now.date().isoformat()}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, media_type=kind, headers=headers)

    def ask_form(self, request: Request, agency: AgencyCode, usage: UsageId) -> Response:
        """Show one usage and the form that asks why."""
        return self._form(request, agency, usage)

    def ask(self, request: Request, form: FormOf) -> Response:
        """Send the question, once, and lead to the list of questions."""
        agency, usage, text = (_text(form, name) for name in ("agency", "usage", "text"))
        try:
            self._every.ask_why(current(request), agency, usage, text)
        except QuestionInvalid as invalid:
            return self._form(request, agency, usage, text=text, flaw=invalid.remedy)
        return RedirectResponse(f"{PREFIX}/questions?sent=1", 303)

    def questions(self, request: Request, sent: Literal["", "1"] = "") -> Response:
        """Show the person's questions and their answers."""
        found = self._every.questions(current(request))
        return self._pages.render(request, "tracker/questions.html", found=found, sent=bool(sent))

    def _form(self, request: Request, agency: str, usage: str, *, text: str = "", flaw: str = "") -> Response:
        told = self._every.one(current(request), agency, usage)
        return self._pages.render(
            request,
            "tracker/ask.html",
            status=400 if flaw else 200,
            told=told,
            agency=self._every.agencies[agency],
            text=text,
            flaw=flaw,
        )


def address(wanted: Wanted, *, by: str = "") -> str:
    """Return the address of the timeline's first page; it says nothing of the person."""
    said = {
        "period": wanted.period,
        "by": by or wanted.by.value,
        "register": wanted.register,
        "agency": wanted.receiver,
        "others": "1" if wanted.others_only else "",
    }
    return f"{PREFIX}?{urlencode({name: value for name, value in said.items() if value})}"


def _registers(answers: Answers) -> Mapping[str, object]:
    """Return the titles of the registers that were told of, by code."""
    titles = {code: words.title for (_agency, code), words in answers.registers.items()}
    found = {one.usage.register for one in answers.told if SAFE.fullmatch(one.usage.register)}
    return {code: titles.get(code, code) for code in sorted(found)}


def _receivers(answers: Answers) -> Mapping[str, object]:
    """Return the names of who received data, by registry code."""
    found = {one.usage.receiver_code: one.usage.receiver_name for one in answers.told}
    return {
        code: answers.receivers.get(code) or name or code
        for code, name in sorted(found.items())
        if SAFE.fullmatch(code)
    }


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""

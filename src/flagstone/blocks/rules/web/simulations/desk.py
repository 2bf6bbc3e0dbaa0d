# SPDX-License-Identifier: EUPL-1.2
"""The analyst's simulations: all of them, one as it stands or as it ended, and its report as files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request, Response
from starlette.responses import RedirectResponse

from flagstone.blocks.rules.contract.faults import SimulationMoved, SimulationUnknown
from flagstone.blocks.rules.contract.lawbook import LawBook
from flagstone.blocks.rules.contract.simulation import Progress, Simulation, Simulations
from flagstone.blocks.rules.model.report.speech import Told
from flagstone.blocks.rules.model.report.tables import shown
from flagstone.blocks.rules.model.report.whole import Names, facts, made_up, reform_table, report
from flagstone.blocks.rules.service.reform_text import reform_text
from flagstone.blocks.rules.service.reports.files import report_csv, report_json
from flagstone.blocks.rules.service.reports.page import report_html
from flagstone.blocks.rules.service.reports.spoken import Spoken
from flagstone.blocks.rules.web.simulations import words
from flagstone.blocks.rules.web.simulations.planning import ANALYSTS, DESK, STARTING
from flagstone.kernel.errors import Fault, Flaw
from flagstone.platform.http.language import Language, marked
from flagstone.platform.http.pages import MenuItem, Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes

_ = marked
MENU = (MenuItem(DESK, _("Simulations"), ANALYSTS.roles),)
REFRESH_SECONDS = 5
UNDER_WAY = frozenset({Progress.WAITING, Progress.RUNNING})
ENDED_EARLY = frozenset({Progress.CANCELLED, Progress.FAILED})

NumberOf = Annotated[str, Path(max_length=64)]
Still = Annotated[str, Query(max_length=3)]


class Desk:
    """The pages under `/desk/simulations`."""

    def __init__(self, simulations: Simulations, book: LawBook, pages: Pages, *, currency: str = "") -> None:
        """Show `simulations` by `pages`, with names from `book` and amounts in `currency` (ISO 4217)."""
        self._simulations, self._book = simulations, book
        self._pages, self._currency = pages, currency

    def routes(self) -> Routes:
        """Return the routes, for analysts."""
        routes, one = Routes(), f"{DESK}/{{number}}"
        routes.get(DESK, access=ANALYSTS, name="simulations")(self.all)
        routes.get(one, access=ANALYSTS, name="simulation")(self.one)
        routes.post(f"{one}/cancel", access=ANALYSTS)(self.cancel)
        routes.post(f"{one}/resume", access=ANALYSTS)(self.resume)
        for name in ("report.html", "report.csv", "report.json", "reform.yaml"):
            routes.get(f"{one}/{name}", access=ANALYSTS)(self._sender(name))
        return routes

    def all(self, request: Request) -> Response:
        """Show the latest simulations."""
        found = self._simulations.all(current(request).caller)
        return self._pages.render(request, "rules/simulations.html", simulations=found, words=words)

    def one(self, request: Request, number: NumberOf, still: Still = "") -> Response:
        """Show how far a simulation is, or what it found; `still` keeps a page without script as it is."""
        return self._page(request, self._simulations.find(number, current(request).caller), still=still)

    def cancel(self, request: Request, number: NumberOf) -> Response:
        """Stop a simulation between two of its parts."""
        return self._moved(request, number, self._simulations.cancel)

    def resume(self, request: Request, number: NumberOf) -> Response:
        """Go on with a simulation that was stopped."""
        return self._moved(request, number, self._simulations.resume)

    def _moved(self, request: Request, number: str, move: Callable[..., Simulation]) -> Response:
        """Move a simulation on; one that has moved by itself meanwhile is shown as it is."""
        caller = current(request).caller
        try:
            move(number, caller, STARTING)
        except SimulationMoved as fault:
            found = self._simulations.find(number, caller)
            return self._page(request, found, trouble=Flaw("", fault.title))
        return RedirectResponse(f"{DESK}/{number}", 303)

    def _page(
        self, request: Request, found: Simulation, *, still: str = "", trouble: Flaw | None = None
    ) -> Response:
        """Return the page of a simulation."""
        language = self._pages.language(request)
        speech, names = Spoken(language, self._currency), self._names(found, language)
        told = report(found, speech, names) if found.findings is not None else None
        return self._pages.render(
            request,
            "rules/simulation.html",
            status=409 if trouble else 200,
            simulation=found,
            report=told,
            facts=tuple(facts(found, speech)),
            reform=reform_table(found.plan.reform, speech, names),
            made_up=made_up(found, speech),
            shown=lambda table: shown(table, Told(speech)),
            under_way=found.progress in UNDER_WAY,
            resumable=found.progress in ENDED_EARLY,
            refreshes=found.progress in UNDER_WAY and still != "yes",
            refresh_seconds=REFRESH_SECONDS,
            trouble=trouble,
            words=words,
        )

    def _names(self, found: Simulation, language: Language) -> Names:
        """Return what the law calls things; its own names while it cannot be read."""
        try:
            page = self._book.page(date(found.plan.year, 1, 1))
        except Fault:
            return Names()
        return Names(
            {name: language.localised(said) for name, said in page.variables.items()},
            {name: language.localised(each.words) for name, each in page.entries.items()},
        )

    def _sender(self, name: str) -> Callable[[Request, str], Response]:
        """Return what sends one of the files."""

        def send(request: Request, number: NumberOf) -> Response:
            found = self._simulations.find(number, current(request).caller)
            language = self._pages.language(request)
            content, media_type = self._file(name, found, language)
            stem, _dot, ending = name.rpartition(".")
            saved = f"{stem}-{found.number}.{ending}"
            headers = {"Content-Disposition": f'attachment; filename="{saved}"', "Cache-Control": "no-store"}
            return Response(content, media_type=media_type, headers=headers)

        send.__doc__ = f"Send {name} of a simulation."
        return send

    def _file(self, name: str, found: Simulation, language: Language) -> tuple[bytes, str]:
        """Return a file's content and media type; SimulationUnknown while there are no findings."""
        if name == "reform.yaml":
            return reform_text(found.plan.reform).encode(), "application/yaml"
        if found.findings is None:
            raise SimulationUnknown("it has found nothing yet")
        names = self._names(found, language)
        if name == "report.json":
            return report_json(found), "application/json"
        if name == "report.csv":
            return report_csv(found, language.code, names=names), "text/csv; charset=utf-8"
        page = report_html(found, language.code, currency=self._currency, names=names)
        return page.encode(), "text/html; charset=utf-8"

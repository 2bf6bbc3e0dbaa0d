# SPDX-License-Identifier: EUPL-1.2
"""Surveys of real people, to be simulated in place of made-up ones: all of them, and bringing one."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse

from flagstone.blocks.rules.contract.faults import SurveyInvalid
from flagstone.blocks.rules.contract.simulation import Simulations
from flagstone.blocks.rules.web.simulations.placing import of_file
from flagstone.blocks.rules.web.simulations.planning import ANALYSTS, DESK, FormOf
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Fault, Flaw
from flagstone.platform.http.language import marked
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes

_ = marked
SURVEYS = f"{DESK}/surveys"
UPLOAD_BYTES_MAX = 64 * 1024 * 1024
SHOWN_MAX = 50
BRINGING = Reason("bring a survey for simulations")


class Surveys:
    """The pages under `/desk/simulations/surveys`."""

    def __init__(self, simulations: Simulations, pages: Pages) -> None:
        """Show and bring surveys of `simulations` by `pages`."""
        self._simulations, self._pages = simulations, pages

    def routes(self) -> Routes:
        """Return the routes, for analysts; they stand before those that take any number."""
        routes = Routes()
        routes.get(SURVEYS, access=ANALYSTS, name="surveys")(self.all)
        routes.post(SURVEYS, access=ANALYSTS, upload=True)(self.bring)
        return routes

    def all(self, request: Request, brought: str = "") -> Response:
        """Show the surveys and the form that brings one."""
        return self._page(request, brought=brought[:64])

    def bring(self, request: Request, form: FormOf) -> Response:
        """Look through a file line by line and keep it when nothing is wrong."""
        name, content = _text(form, "name").strip(), _sent(form.get("file"))
        flaws = _flaws(name, content)
        if flaws:
            return self._page(request, name=name, flaws=flaws)
        try:
            survey = self._simulations.bring(name, content, current(request).caller, BRINGING)
        except SurveyInvalid as fault:
            return self._page(request, name=name, fault=fault)
        return RedirectResponse(f"{SURVEYS}?brought={survey.name}", 303)

    def _page(
        self,
        request: Request,
        *,
        name: str = "",
        brought: str = "",
        flaws: Sequence[Flaw] = (),
        fault: Fault | None = None,
    ) -> Response:
        surveys = self._simulations.surveys(current(request).caller)
        lines = fault.flaws if fault else ()
        if fault is not None:
            flaws = (Flaw("file", fault.detail or _("The survey cannot be used")),)
        return self._pages.render(
            request,
            "rules/surveys.html",
            status=400 if flaws else 200,
            surveys=surveys,
            brought=next((each for each in surveys if each.name == brought), None),
            name=name,
            flaws=flaws,
            lines=[of_file(each) for each in lines[:SHOWN_MAX]],
            more=max(0, len(lines) - SHOWN_MAX),
        )


def _flaws(name: str, content: bytes) -> tuple[Flaw, ...]:
    flaws = []
    if not name:
        flaws.append(Flaw("name", _("Give the survey a name")))
    if not content:
        flaws.append(Flaw("file", _("Choose a file")))
    if len(content) > UPLOAD_BYTES_MAX:
        flaws.append(Flaw("file", _("The file is larger than 64 MB")))
    return tuple(flaws)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value[:200] if isinstance(value, str) else ""


def _sent(value: object) -> bytes:
    return value.file.read(UPLOAD_BYTES_MAX + 1) if isinstance(value, UploadFile) else b""

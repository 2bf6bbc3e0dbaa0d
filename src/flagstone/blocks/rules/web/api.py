# SPDX-License-Identifier: EUPL-1.2
"""Our own interface for computing: situations one by one and in batches, explained, and under reforms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.engine import Engine, Terms
from flagstone.blocks.rules.contract.explanation import STEPS_MAX, Wanted
from flagstone.blocks.rules.contract.faults import ReformInvalid, SituationInvalid, UnknownVariable
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.roles import COMPUTING
from flagstone.blocks.rules.model.explanation_wire import to_wire
from flagstone.blocks.rules.model.wire import NotOnWire, from_wire, on_wire
from flagstone.blocks.rules.web.describing import described
from flagstone.blocks.rules.web.quotas import Quota
from flagstone.kernel.errors import Fault
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import ANYONE, Routes, role

BATCH_MAX = 100
DOCUMENT = "rules"

Situation = Annotated[
    dict[str, Any],
    Field(description="entities by plural, instances by id, variables by name, values by period; null asks"),
]


class Under(BaseModel):
    """Under which terms to compute."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = Field(default=Mode.FAST, description="reference computes as OpenFisca does, fast the same")
    reform: dict[str, Any] = Field(
        default_factory=dict,
        description="parameters: values by day or DAY:DAY, by dotted path; neutralized: variables; packages",
    )
    known_at: date | None = Field(default=None, description="the law as it was known on this day")

    def terms(self) -> Terms:
        """Return the terms; ReformInvalid with the places in the body."""
        try:
            return Terms(self.mode, from_wire(Reform, self.reform, "/reform"), self.known_at)
        except NotOnWire as wrong:
            raise ReformInvalid(flaws=(wrong.flaw,)) from None


class Calculation(Under):
    """One situation to compute."""

    situation: Situation


class Batch(Under):
    """Several situations to compute under the same terms."""

    situations: list[Situation] = Field(min_length=1, max_length=BATCH_MAX)


class Explaining(Calculation):
    """One situation to compute and to explain."""

    languages: list[Annotated[str, Field(max_length=35)]] = Field(
        default=["en"], min_length=1, max_length=10, description="of the words, BCP 47"
    )
    steps_max: int = Field(default=STEPS_MAX, ge=1, le=1_000, description="steps told for each value asked")
    below: str = Field(default="", max_length=500, description="key of the step to go on from")
    influences: bool = Field(default=True, description="tell what was decisive; computes more")
    read: bool = Field(default=False, description="list every parameter that the whole calculation read")


class ReformAsked(BaseModel):
    """A reform to look at."""

    model_config = ConfigDict(extra="forbid")

    reform: dict[str, Any]
    known_at: date | None = None


class RulesApi:
    """The routes under `/rules/v1` that compute."""

    def __init__(self, engine: Engine, quota: Quota) -> None:
        """Compute by `engine`; `quota` counts each situation."""
        self._engine, self._quota = engine, quota

    def routes(self) -> Routes:
        """Return the routes; officials of the rules and systems behind the exchange may call them."""
        routes = Routes("/rules/v1", tags=["Rules"], document=DOCUMENT)
        allowed = role(*COMPUTING)
        routes.get("/law", access=allowed)(self.law)
        routes.post("/calculate", access=allowed, upload=True)(self.calculate)
        routes.post("/batch", access=allowed, upload=True)(self.batch)
        routes.post("/explanations", access=allowed, upload=True)(self.explain)
        routes.post("/reforms/check", access=allowed)(self.check)
        description = described(routes)

        @routes.get("/openapi", access=ANYONE)
        def openapi() -> JSONResponse:
            """Return the OpenAPI description of this service, as another agency needs it."""
            return JSONResponse(description)

        return routes

    def law(self) -> JSONResponse:
        """Return exactly the law that is computed with, and its fingerprint."""
        return _law(self._engine, Terms())

    def calculate(self, request: Request, body: Calculation) -> JSONResponse:
        """Compute one situation: every null becomes the value that the law gives."""
        terms = self._counted(request, body, 1)
        with _placed("/situation"):
            found = self._engine.calculate(body.situation, terms)
        return _answer({"values": found.values, **_how(found.law_digest, terms)})

    def batch(self, request: Request, body: Batch) -> JSONResponse:
        """Compute several situations, in their order; when one cannot be computed, none is answered."""
        terms = self._counted(request, body, len(body.situations))
        with _placed("/situations"):
            found = self._engine.batch(body.situations, terms)
        return _answer({"results": [each.values for each in found], **_how(found[0].law_digest, terms)})

    def explain(self, request: Request, body: Explaining) -> JSONResponse:
        """Compute one situation, and tell the steps, provisions and decisive facts of each value."""
        terms = self._counted(request, body, 1)
        wanted = Wanted(
            languages=tuple(body.languages),
            steps_max=body.steps_max,
            below=body.below,
            influences=body.influences,
        )
        with _placed("/situation"):
            found = self._engine.explain(body.situation, wanted, terms)
        told = {"explanation": to_wire(found.explanation)} | ({"read": list(found.read)} if body.read else {})
        return _answer({"values": found.outcome.values, **told, **_how(found.outcome.law_digest, terms)})

    def check(self, request: Request, body: ReformAsked) -> JSONResponse:
        """Return the law as it would be under a reform, or every place that the law does not have."""
        terms = self._counted(request, Under(reform=body.reform, known_at=body.known_at), 1)
        with _placed("/situation"):
            return _law(self._engine, terms)

    def _counted(self, request: Request, body: Under, count: int) -> Terms:
        terms = body.terms()
        self._quota.draw(current(request).caller.actor, count)
        return terms


@contextmanager
def _placed(place: str) -> Iterator[None]:
    """Let the places of faults begin where the situation or the reform stands in the body."""
    try:
        yield
    except (SituationInvalid, UnknownVariable) as fault:
        raise _moved(fault, place) from None
    except ReformInvalid as fault:
        raise _moved(fault, "/reform") from None


def _moved(fault: Fault, place: str) -> Fault:
    flaws = tuple(replace(each, pointer=f"{place}{each.pointer}") for each in fault.flaws)
    return type(fault)(fault.detail, flaws=flaws)


def _law(engine: Engine, terms: Terms) -> JSONResponse:
    snapshot = engine.snapshot(terms)
    return _answer({"law": on_wire(snapshot), "law_digest": snapshot.digest})


def _how(law_digest: str, terms: Terms) -> dict[str, str]:
    return {"law_digest": law_digest, "mode": terms.mode.value}


def _answer(document: object) -> JSONResponse:
    """Return an answer that nobody keeps on the way."""
    return JSONResponse(document, headers={"Cache-Control": "no-store"})

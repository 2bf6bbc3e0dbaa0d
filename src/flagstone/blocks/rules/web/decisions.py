# SPDX-License-Identifier: EUPL-1.2
"""Our interface for decisions: make, find, keep, replay, appeal, settle, and see what a change touches."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.decision import WORDS_LENGTH_MAX, Case, Decisions, Fact, Origin
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.faults import NotAllowed
from flagstone.blocks.rules.contract.roles import AUDITOR, OFFICER
from flagstone.blocks.rules.model.explanation_wire import to_wire
from flagstone.blocks.rules.model.wire import on_wire
from flagstone.blocks.rules.web.record_file import record_file, signed_on_wire
from flagstone.kernel.audit import ActorKind, Caller, Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import ANYONE, SIGNED_IN, Routes, role

DOCUMENT = "rules"
OFFICERS, LOOKERS = role(OFFICER), role(OFFICER, AUDITOR)
Number = Annotated[str, Path(max_length=20, pattern=r"^[AD](-[0-9A-Z]{4}){3}$")]
Place = Annotated[str, Field(max_length=500)]
Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=WORDS_LENGTH_MAX)]
_HUMAN = (ActorKind.PERSON, ActorKind.OFFICIAL)


class FactShape(BaseModel):
    """Where an input comes from."""

    model_config = ConfigDict(extra="forbid")

    place: Place = Field(description="RFC 6901 place of the value in the situation")
    origin: Origin
    source: Short = ""
    query: Short = ""
    at: datetime | None = None
    legal_basis: Short = ""


class Deciding(BaseModel):
    """What to decide about whom, by the law as it is, or as it was known on a day."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(min_length=1, max_length=32, description="personal code")]
    kind: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
    situation: dict[str, Any]
    facts: list[FactShape] = Field(default_factory=list, max_length=5_000)
    missing: list[Short] = Field(default_factory=list, max_length=500)
    after: Short | None = Field(None, description="newest decision of this kind; refused when it is not")
    legal_basis: Short
    mode: Mode = Mode.FAST
    known_at: date | None = None
    languages: list[Annotated[str, Field(max_length=35)]] = Field(default=["en"], min_length=1, max_length=10)

    def case(self) -> Case:
        """Return the case."""
        facts = tuple(Fact(**dict(each)) for each in self.facts)
        subject, missing = PersonCode(self.subject), tuple(self.missing)
        return Case(subject, self.kind, self.situation, facts, missing, self.after)


class Sought(BaseModel):
    """Whose decisions to find; the code is never part of an address."""

    model_config = ConfigDict(extra="forbid")

    person: Annotated[str, Field(min_length=1, max_length=32)]
    purpose: Annotated[str, Field(min_length=3, max_length=500)]


class Claim(BaseModel):
    """An appeal: what is otherwise, by place, and why."""

    model_config = ConfigDict(extra="forbid")

    claimed: dict[Place, bool | int | float | Short] = Field(min_length=1, max_length=100)
    statement: Long


class Settlement(BaseModel):
    """How an appeal is settled, and why."""

    model_config = ConfigDict(extra="forbid")

    upheld: bool
    words: Long


class Between(BaseModel):
    """Two days on which the law was known differently."""

    model_config = ConfigDict(extra="forbid")

    before: date
    after: date


class DecisionsApi:
    """The routes under `/rules/v1` about decisions; the service says who reaches which."""

    def __init__(self, decisions: Decisions) -> None:
        """Answer from `decisions`."""
        self._decisions = decisions

    def routes(self) -> Routes:
        """Return the routes."""
        routes = Routes("/rules/v1", tags=["Decisions"], document=DOCUMENT)
        routes.get("/decision-keys", access=ANYONE)(self.keys)
        routes.get("/decisions", access=SIGNED_IN)(self.mine)
        routes.post("/decisions", access=OFFICERS, status_code=201, upload=True)(self.decide)
        routes.post("/decisions/sought", access=LOOKERS)(self.sought)
        routes.post("/decisions/touched", access=LOOKERS)(self.touched)
        one = "/decisions/{number}"
        routes.get(one, access=SIGNED_IN)(self.one)
        routes.get(f"{one}/record", access=SIGNED_IN)(self.record)
        routes.get(f"{one}/explanation", access=SIGNED_IN)(self.explanation)
        routes.post(f"{one}/replay", access=SIGNED_IN)(self.replay)
        routes.get(f"{one}/appeals", access=SIGNED_IN)(self.appeals)
        routes.post(f"{one}/appeals", access=SIGNED_IN, status_code=201)(self.appeal)
        routes.get("/appeals", access=LOOKERS)(self.waiting)
        routes.post("/appeals/{number}/settlement", access=OFFICERS)(self.settle)
        return routes

    def keys(self) -> JSONResponse:
        """Return the keys that verify decisions, a JWK Set (RFC 7517 section 5)."""
        return JSONResponse({"keys": [dict(each) for each in self._decisions.public_keys()]})

    def mine(self, request: Request) -> JSONResponse:
        """Return one's own decisions, the newest first."""
        caller = current(request).caller
        if caller.actor.kind not in _HUMAN:
            raise NotAllowed("only people have decisions about themselves")
        why = Reason("Look at one's own decisions")
        return self._several(PersonCode(caller.actor.id), caller, why)

    def sought(self, request: Request, body: Sought) -> JSONResponse:
        """Return the decisions about a person, the newest first."""
        return self._several(PersonCode(body.person), current(request).caller, Reason(body.purpose))

    def decide(self, request: Request, body: Deciding) -> JSONResponse:
        """Decide: compute, explain, sign and keep."""
        why = Reason(f"Decide {body.kind}", body.legal_basis)
        signed, explained = self._decisions.decide(
            body.case(),
            current(request).caller,
            why,
            Terms(body.mode, known_at=body.known_at),
            languages=tuple(body.languages),
        )
        told = {"explanation": to_wire(explained.explanation)}
        return _answer(signed_on_wire(signed, self._decisions.public_keys()) | told, 201)

    def one(self, request: Request, number: Number) -> JSONResponse:
        """Return one decision, signed."""
        signed = self._decisions.find(number, *_by(request, number))
        return _answer(signed_on_wire(signed, self._decisions.public_keys()))

    def record(self, request: Request, number: Number) -> Response:
        """Download one decision as a file that can be verified elsewhere."""
        return record_file(self._decisions.find(number, *_by(request, number)), self._decisions.public_keys())

    def explanation(self, request: Request, number: Number) -> JSONResponse:
        """Return the explanation that was kept with a decision."""
        return _answer(to_wire(self._decisions.explanation(number, *_by(request, number))))

    def replay(self, request: Request, number: Number) -> JSONResponse:
        """Compute a decision again, and tell whether it is the same to the last bit."""
        return _answer(on_wire(self._decisions.replay(number, *_by(request, number))))

    def appeals(self, request: Request, number: Number) -> JSONResponse:
        """Return the appeals against a decision, the oldest first."""
        return _answer(on_wire(self._decisions.appeals(*_by(request, number), number=number)))

    def appeal(self, request: Request, number: Number, body: Claim) -> JSONResponse:
        """Appeal against one's own decision."""
        made = self._decisions.appeal(number, body.claimed, body.statement, *_by(request, number))
        return _answer(on_wire(made), 201)

    def waiting(self, request: Request) -> JSONResponse:
        """Return the appeals that wait, the oldest first."""
        return _answer(on_wire(self._decisions.appeals(current(request).caller, Reason("Settle appeals"))))

    def settle(self, request: Request, number: Number, body: Settlement) -> JSONResponse:
        """Settle an appeal; one that is upheld is answered with the new decision."""
        why = Reason("Settle an appeal", case=number)
        caller = current(request).caller
        signed = self._decisions.settle(number, caller, why, upheld=body.upheld, words=body.words)
        if signed is None:
            return _answer({"settled": "rejected"})
        return _answer({"settled": "upheld", **signed_on_wire(signed, self._decisions.public_keys())})

    def touched(self, request: Request, body: Between) -> JSONResponse:
        """Return the decisions that a change of the law touches, with what each becomes."""
        before, after = (Terms(known_at=each) for each in (body.before, body.after))
        why = Reason("See which decisions a change of the law touches")
        return _answer(on_wire(self._decisions.touched(before, after, current(request).caller, why)))

    def _several(self, person: PersonCode, caller: Caller, why: Reason) -> JSONResponse:
        keys = self._decisions.public_keys()
        found = self._decisions.about(person, caller, why)
        return _answer([signed_on_wire(each, keys) for each in found])


def _by(request: Request, number: str) -> tuple[Caller, Reason]:
    """Return who asks about a decision, and that the decision is the case."""
    return current(request).caller, Reason("Look at a decision", case=number)


def _answer(document: object, status: int = 200) -> JSONResponse:
    """Return an answer that nobody keeps on the way."""
    return JSONResponse(document, status, {"Cache-Control": "no-store"})

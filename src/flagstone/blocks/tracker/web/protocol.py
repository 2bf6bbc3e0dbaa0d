# SPDX-License-Identifier: EUPL-1.2
"""The data tracker protocol v2 (findUsage, usagePeriod, heartbeat) and our questions beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Header, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flagstone.blocks.tracker.contract import (
    PAGE_SIZE_MAX,
    TEXT_LENGTH_MAX,
    Period,
    PeriodInvalid,
    Tracker,
    UsageUnknown,
    UserMissing,
)
from flagstone.blocks.tracker.model.usages import person_in
from flagstone.blocks.tracker.model.wire import (
    page_on_wire,
    period_on_wire,
    question_on_wire,
)
from flagstone.kernel.audit import Caller
from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.errors import Fault
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.principal import Principal, current
from flagstone.platform.http.problem import problem_response
from flagstone.platform.http.routes import ANYONE, CLIENT, Routes

USER_HEADER = "X-Road-UserId"
USER_LENGTH_MAX = 64
MESSAGE_LENGTH_MAX = 255

UserCode = Annotated[
    str | None, Query(alias="userCode", description="The person whose data was used; mandatory.")
]
UserId = Annotated[str | None, Header(alias=USER_HEADER, description="Who asks; mandatory.")]
Start = Annotated[str | None, Query(alias="periodStart", description="RFC 3339; from this time on.")]
End = Annotated[str | None, Query(alias="periodEnd", description="RFC 3339; up to this time.")]
Offset = Annotated[str | None, Query(description="Usages to leave out, 0 by default.")]
Limit = Annotated[str | None, Query(description="Most usages to return, 1 to 1000; 1000 by default.")]
UsageId = Annotated[str, Path(max_length=64)]


class Shape(BaseModel):
    """A published shape; what is there beyond it is documented as ours."""

    model_config = ConfigDict(populate_by_name=True)


class UsageShape(Shape):
    """One use of a person's data; from `id` on our own additions."""

    logtime: AwareDatetime
    action: str
    receiver_code: str = Field(alias="receiverCode")
    receiver_name: str | None = Field(default=None, alias="receiverName")
    receiver_system: str = Field(alias="receiverSystem")
    id: str = Field(default="", description="ours: opaque, for asking why")
    register_: str = Field(default="", alias="register", description="ours: code of the register")
    fields: list[str] = Field(default_factory=list, description="ours: codes of the fields that were read")
    purpose: str = Field(default="", description="ours: why, in the reader's words")
    legal_basis: str = Field(default="", alias="legalBasis", description="ours: by which law")
    message_id: str = Field(default="", alias="messageId", description="ours: the exchange's message")
    case: str = Field(default="", description="ours: number of the case")
    official: str = Field(default="", description="ours: pseudonym of an official, the agency's alone")
    own: bool = Field(default=False, description="ours: the person herself")
    kind: Literal["read", "asked"] = Field(
        default="read", description="ours: asked, when somebody asked who used the data and was refused"
    )


class RegisterShape(Shape):
    """Ours: what people call a register and its fields, by language."""

    title: dict[str, str]
    fields: dict[str, dict[str, str]]


class FindUsageResponse(Shape):
    """An answer of findUsage; from `hidden` on our own additions."""

    total_usages: int = Field(alias="totalUsages")
    usages: list[UsageShape]
    hidden: int = Field(default=0, description="ours: usages that may not be described yet, in the whole log")
    registers: dict[str, RegisterShape] = Field(default_factory=dict, description="ours: words for codes")
    receivers: dict[str, dict[str, str]] = Field(default_factory=dict, description="ours: names by language")


class UsagePeriodResponse(Shape):
    """From when on usages are known; without an end, up to now."""

    period_start: AwareDatetime = Field(alias="periodStart")
    period_end: AwareDatetime | None = Field(default=None, alias="periodEnd")


class HeartbeatResponse(Shape):
    """Whether usages can be told."""

    status: Literal["OK", "FAIL"]
    message: str


class QuestionAsked(Shape):
    """Ours: a question about one usage."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=2 * TEXT_LENGTH_MAX)


class QuestionShape(Shape):
    """Ours: a question and, when there is one, its answer."""

    id: str
    usage: UsageShape
    text: str
    asked_at: AwareDatetime = Field(alias="askedAt")
    answer: str
    answered_at: AwareDatetime | None = Field(alias="answeredAt")


class ProtocolApi:
    """The routes under `/tracker/v2`; the other half of `client.Client`."""

    def __init__(self, tracker: Tracker, instance: str) -> None:
        """Answer from `tracker`; personal codes may have the exchange's `instance` before them."""
        self._tracker, self._instance = tracker, instance

    def routes(self) -> Routes:
        """Return the routes; those about a person are for a caller whom the exchange vouches for."""
        routes = Routes("/tracker", tags=["Data tracker"], document="tracker")
        routes.get("/v2/findUsage", access=CLIENT, response_model=FindUsageResponse)(self.find_usage)
        routes.get("/v2/usagePeriod", access=ANYONE, response_model=UsagePeriodResponse)(self.usage_period)
        routes.get("/v2/heartbeat", access=ANYONE, response_model=HeartbeatResponse)(self.heartbeat)
        one = "/v2/usages/{usage_id}/questions"
        routes.post(one, access=CLIENT, status_code=201, response_model=QuestionShape)(self.ask_why)
        routes.get("/v2/questions", access=CLIENT, response_model=list[QuestionShape])(self.questions)
        return routes

    def find_usage(
        self,
        request: Request,
        user_id: UserId = None,
        user_code: UserCode = None,
        *,
        period_start: Start = None,
        period_end: End = None,
        offset: Offset = None,
        limit: Limit = None,
    ) -> Response:
        """Return who used a person's data, the newest first, and how many usages there are in all."""
        _require_once(request)
        who = current(request)
        caller, person = self._asked(who, user_id), self._person(user_code)
        period = Period(_time(period_start), _time(period_end))
        try:
            page = self._tracker.find_usage(
                caller,
                person,
                period,
                offset=_number(offset, 0),
                limit=_number(limit, PAGE_SIZE_MAX),
                message_reference=who.reason.message_reference if who.reason else "",
            )
        except UsageUnknown as unknown:
            return _unknown(request, unknown)
        return _answer(page_on_wire(page))

    def usage_period(self) -> JSONResponse:
        """Return from when on usages are known."""
        return _answer(period_on_wire(self._tracker.usage_period()))

    def heartbeat(self) -> JSONResponse:
        """Tell whether usages can be told."""
        try:
            self._tracker.heartbeat()
        except Fault as fault:
            return _answer({"status": "FAIL", "message": fault.title})
        return _answer({"status": "OK", "message": "Usages can be told"})

    def ask_why(
        self, request: Request, usage_id: UsageId, body: QuestionAsked, user_id: UserId = None
    ) -> JSONResponse:
        """Ask why one's own data was used."""
        caller, person = self._herself(current(request), user_id)
        asked = self._tracker.ask_why(caller, person, usage_id, body.text)
        return _answer(question_on_wire(asked), 201)

    def questions(self, request: Request, user_id: UserId = None) -> JSONResponse:
        """Return one's own questions, the newest first."""
        found = self._tracker.questions_of(*self._herself(current(request), user_id))
        return _answer([question_on_wire(each) for each in found])

    def _asked(self, who: Principal, user_id: str | None) -> Caller:
        """Return who asks; UserMissing unless the header names the person whom the caller speaks for."""
        if not user_id or len(user_id) > USER_LENGTH_MAX:
            raise UserMissing
        if who.person is not None and person_in(user_id, self._instance) != who.person:
            raise UserMissing("the header names somebody else than the caller")
        return who.caller

    def _herself(self, who: Principal, user_id: str | None) -> tuple[Caller, PersonCode]:
        """Return who asks in her own matter; UsageUnknown for a machine."""
        caller = self._asked(who, user_id)
        if who.person is None:
            raise UsageUnknown
        return caller, who.person

    def _person(self, user_code: str | None) -> PersonCode:
        if not user_code or len(user_code) > USER_LENGTH_MAX or not user_code.isprintable():
            raise UserMissing
        return person_in(user_code, self._instance)


def _unknown(request: Request, fault: UsageUnknown) -> Response:
    """Return the refusal as an answer, so that the exchange is told of the record that it left."""
    response = problem_response(request, fault)
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer(value: object, status: int = 200) -> JSONResponse:
    """Return an answer that nobody keeps on the way."""
    return JSONResponse(value, status, {"Cache-Control": "no-store"})


def _require_once(request: Request) -> None:
    """Raise PeriodInvalid or UserMissing for a parameter or header that is sent twice."""
    if len(request.headers.getlist(USER_HEADER)) > 1 or len(request.query_params.getlist("userCode")) > 1:
        raise UserMissing
    for name in ("periodStart", "periodEnd", "offset", "limit"):
        if len(request.query_params.getlist(name)) > 1:
            raise PeriodInvalid(f"{name} was sent more than once")


def _time(text: str | None) -> datetime | None:
    try:
        return parse_rfc3339(text) if text else None
    except ValueError:
        raise PeriodInvalid("a time is not RFC 3339 with an offset") from None


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise PeriodInvalid("offset and limit are whole numbers")
    return int(text)

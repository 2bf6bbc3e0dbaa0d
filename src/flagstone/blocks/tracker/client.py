# SPDX-License-Identifier: EUPL-1.2
"""`Client`: another agency's tracker by the data tracker protocol v2, with our additions if it has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode

from flagstone.blocks.tracker import contract
from flagstone.blocks.tracker.contract import (
    PAGE_SIZE_MAX,
    Period,
    Question,
    QuestionsNotTaken,
    UsagePage,
    UsageUnknown,
)
from flagstone.blocks.tracker.model.usages import checked, checked_text
from flagstone.blocks.tracker.model.wire import (
    page_from_wire,
    period_from_wire,
    question_from_wire,
    questions_from_wire,
)
from flagstone.kernel.audit import Caller
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.client import Answer, AnswerRefused, SiteUnreachable

T = TypeVar("T")

BASE = "/tracker"
USER_HEADER = "X-Road-UserId"
OWN_ACCESS = "own access"

_FAULTS: Mapping[str, type[Fault]] = {
    each.code: each for each in vars(contract).values() if isinstance(each, type) and issubclass(each, Fault)
}


class Site(Protocol):
    """The way to the other site; `platform.http.client.OtherSite` and the exchange's are such ways."""

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and return its answer, whatever its status."""
        ...


class Refused(Fault):
    """The other site refused for a reason that the tracker's contract does not know."""

    code = "tracker.call-refused"
    kind = Kind.FORBIDDEN
    title = "The agency refused to say who used your data"
    remedy = "Write to the agency, and tell it the time."


def no_token(_caller: Caller) -> str:
    """Return no bearer token: on the exchange the asking system is known by its server."""
    return ""


@dataclass(frozen=True)
class Client:
    """Keeps `contract.Tracker` by calling `site`; safe between threads when `site` is.

    `base` is the path before `/v2`: empty at a provider that has the published paths alone. `instance` is put
    before personal codes, as in `XA60001019906`. Answers that are not of the protocol raise AnswerRefused.
    """

    site: Site
    base: str = BASE
    instance: str = ""
    token: Callable[[Caller], str] = no_token

    def find_usage(
        self,
        caller: Caller,
        person: PersonCode,
        period: Period,
        *,
        offset: int = 0,
        limit: int = PAGE_SIZE_MAX,
        message_reference: str = "",
    ) -> UsagePage:
        """See `contract.Tracker.find_usage`; the exchange gives the message its own reference."""
        del message_reference
        checked(period, offset, limit)
        asked = {"userCode": self.instance + person, "offset": str(offset), "limit": str(limit)}
        if period.start is not None:
            asked["periodStart"] = rfc3339(period.start)
        if period.end is not None:
            asked["periodEnd"] = rfc3339(period.end)
        answer = self._call(caller, "GET", f"/v2/findUsage?{urlencode(asked)}")
        return _read(answer, lambda said: page_from_wire(said, limit))

    def usage_period(self) -> Period:
        """See `contract.Tracker.usage_period`."""
        return _read(self._call(None, "GET", "/v2/usagePeriod"), period_from_wire)

    def heartbeat(self) -> None:
        """See `contract.Tracker.heartbeat`; SiteUnreachable when the agency says FAIL."""
        said = _read(self._call(None, "GET", "/v2/heartbeat"), _status)
        if said != "OK":
            raise SiteUnreachable("its heartbeat says that it fails")

    def ask_why(self, caller: Caller, person: PersonCode, usage_id: str, text: str) -> Question:
        """See `contract.Tracker.ask_why`."""
        self._require_herself(caller, person)
        if not usage_id or "/" in usage_id:
            raise QuestionsNotTaken
        body = json.dumps({"text": checked_text(text)}).encode()
        path = f"/v2/usages/{quote(usage_id, safe='')}/questions"
        return _read(self._call(caller, "POST", path, body), question_from_wire)

    def questions_of(self, caller: Caller, person: PersonCode) -> tuple[Question, ...]:
        """See `contract.Tracker.questions_of`; none at an agency that takes no questions."""
        self._require_herself(caller, person)
        try:
            return _read(self._call(caller, "GET", "/v2/questions"), questions_from_wire)
        except QuestionsNotTaken:
            return ()

    def _require_herself(self, caller: Caller, person: PersonCode) -> None:
        """Raise UsageUnknown for questions about somebody else: these routes name nobody but the asker."""
        if caller.actor.id != person:
            raise UsageUnknown

    def _call(self, caller: Caller | None, method: str, path: str, body: bytes = b"") -> Answer:
        headers = {"Accept": "application/json", "Flagstone-Purpose": quote(OWN_ACCESS)}
        if body:
            headers["Content-Type"] = "application/json"
        if caller is not None:
            headers[USER_HEADER] = self.instance + caller.actor.id
            token = self.token(caller)
            headers |= {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.site.call(method, self.base + path, headers=headers, body=body)
        if answer.status >= 400:
            raise _fault(answer, path)
        return answer


def _read(answer: Answer, read: Callable[[object], T]) -> T:
    """Return what an answer says; AnswerRefused when it is not of the protocol."""
    try:
        return read(answer.json())
    except (ValueError, OverflowError, RecursionError):
        raise AnswerRefused("The answer is not of the data tracker protocol.") from None


def _status(said: object) -> str:
    status = said.get("status") if isinstance(said, dict) else None
    if status not in {"OK", "FAIL"}:
        raise ValueError("no status")
    return str(status)


def _fault(answer: Answer, path: str) -> Fault:
    """Return the contract's fault that the answer names, or what its status alone says."""
    try:
        said = answer.json()
        code = said.get("code") if isinstance(said, dict) else None
    except AnswerRefused:
        code = None
    known = _FAULTS.get(code) if isinstance(code, str) else None
    if known is not None:
        return known()
    if answer.status == 404:
        return UsageUnknown() if path.startswith("/v2/findUsage") else QuestionsNotTaken()
    if answer.status in {429, 500, 502, 503, 504}:
        return SiteUnreachable(f"status {answer.status}")
    return Refused(f"status {answer.status}")

# SPDX-License-Identifier: EUPL-1.2
"""Errors as RFC 9457 problem documents, or as pages for whoever prefers HTML; the same facts in both."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flagstone.kernel.errors import Fault, Flaw, Kind
from flagstone.platform.http.request_id import request_id

MEDIA_TYPE = "application/problem+json"
FLAWS_MAX = 100
_ECHOING = frozenset({"value_error", "assertion_error", "union_tag_invalid"})  # quote the input

STATUSES: Mapping[Kind, int] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
    Kind.INTERNAL: 500,
}
"""The status of each kind of fault (RFC 9110, 15.5 and 15.6)."""


class HttpFault(Fault):
    """A fault of the protocol itself, whose `status` is finer than its kind's."""

    status: ClassVar[int]


class NotFound(Fault):
    """There is no such address."""

    code = "http.not-found"
    kind = Kind.MISSING
    title = "There is nothing at this address"
    remedy = "Check the address, or start again from the home page."


class MethodNotAllowed(HttpFault):
    """The address exists and does not take this method."""

    code = "http.method-not-allowed"
    kind = Kind.INVALID
    status = 405
    title = "This address does not take such a request"
    remedy = "Use one of the methods that the Allow header names."


class InvalidRequest(Fault):
    """The request does not have the shape that the route asks for."""

    code = "http.invalid-request"
    kind = Kind.INVALID
    title = "The request does not have the right shape"
    remedy = "Correct the places named in `flaws` and send it again."


class Unexpected(Fault):
    """A mistake of ours; the log holds it under the request id."""

    code = "http.internal"


class Refused(HttpFault):
    """A library refused the request with a status that has no fault of its own."""

    code = "http.refused"
    kind = Kind.INVALID
    title = "The request was refused"
    remedy = "Correct the request and send it again."

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status  # type: ignore[misc]  # this one class has it per instance


def status_of(fault: Fault) -> int:
    """Return the HTTP status that `fault` is answered with."""
    return fault.status if isinstance(fault, HttpFault) else STATUSES[fault.kind]


def document(fault: Fault, request_number: str) -> dict[str, Any]:
    """Return the problem document of `fault` (RFC 9457, 3.1): type, title, status, detail, instance, ours.

    Ours are `code`, `remedy`, `request_id` and `flaws`, a list of `{pointer, message}`, at most 100.
    """
    problem: dict[str, Any] = {
        "type": f"urn:flagstone:problem:{fault.code}",
        "title": fault.title,
        "status": status_of(fault),
        "code": fault.code,
        "remedy": fault.remedy,
    }
    if fault.detail:
        problem["detail"] = fault.detail
    if request_number:
        problem["request_id"] = request_number
    if _is_uuid(request_number):
        problem["instance"] = f"urn:uuid:{request_number}"
    if fault.flaws:
        problem["flaws"] = [
            {"pointer": flaw.pointer, "message": flaw.message} for flaw in fault.flaws[:FLAWS_MAX]
        ]
    return problem


def answer(request: Request, fault: Fault) -> Response:
    """Return the response for `fault`: a page when the client prefers HTML, else problem+json."""
    if prefers_html(request.headers.get("accept", "")):
        response = _page(request, fault)
    else:
        response = problem_response(request, fault)
    response.headers.update(_headers(request, fault))
    return response


def short_answer(request: Request, fault: Fault) -> Response:
    """Do as `answer` does with a page that costs nothing to make; for refusals under load."""
    html_wanted = prefers_html(request.headers.get("accept", ""))
    response = _plain_page(request, fault) if html_wanted else problem_response(request, fault)
    response.headers.update(_headers(request, fault))
    return response


def problem_response(request: Request, fault: Fault) -> Response:
    """Return `fault` as problem+json, without the headers of its status."""
    body = json.dumps(document(fault, request_id(request)), ensure_ascii=False).encode()
    return Response(body, status_of(fault), media_type=MEDIA_TYPE)


def _page(request: Request, fault: Fault) -> Response:
    pages = getattr(request.app.state, "pages", None)
    if pages is None:
        return _plain_page(request, fault)
    try:
        page: Response = pages.render(
            request,
            "error.html",
            status=status_of(fault),
            code=fault.code,
            title=fault.title,
            detail=fault.detail,
            remedy=fault.remedy,
            flaws=fault.flaws[:FLAWS_MAX],
            request_id=request_id(request),
        )
    except Exception:  # noqa: BLE001  the page of an error must not fail; the plain one says the same
        return _plain_page(request, fault)
    page.status_code = status_of(fault)
    return page


def _plain_page(request: Request, fault: Fault) -> Response:
    title, detail, remedy = (html.escape(text) for text in (fault.title, fault.detail, fault.remedy))
    number = html.escape(request_id(request))
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><main><h1>{title}</h1><p>{detail}</p><p>{remedy}</p>"
        f"<p>{html.escape(fault.code)} {number}</p></main></body></html>",
        status_of(fault),
    )


def _headers(request: Request, fault: Fault) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if fault.retry_after_seconds is not None:
        headers["Retry-After"] = str(fault.retry_after_seconds)
    if status_of(fault) == STATUSES[Kind.UNAUTHENTICATED]:
        told = ', error="invalid_token"' if "authorization" in request.headers else ""
        headers["WWW-Authenticate"] = f'Bearer realm="flagstone"{told}'
    return headers


def prefers_html(accept: str) -> bool:
    """Tell whether an `Accept` header ranks HTML above JSON (RFC 9110, 12.5.1); `*/*` alone does not."""
    page = max(_quality(accept, "text", "html"), _quality(accept, "application", "xhtml+xml"))
    return page > max(
        _quality(accept, "application", "json"), _quality(accept, "application", "problem+json")
    )


def _quality(accept: str, kind: str, subtype: str) -> float:
    """Return the q of the most exact range in `accept` that covers kind/subtype, 0 when none does."""
    best = (-1, 0.0)
    for part in accept.lower().split(","):
        range_, *parameters = (piece.strip(" \t") for piece in part.split(";"))
        exactness = {f"{kind}/{subtype}": 2, f"{kind}/*": 1, "*/*": 0}.get(range_, -1)
        if exactness > best[0]:
            best = (exactness, _weight(parameters))
    return best[1]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def install(app: FastAPI) -> None:
    """Make `app` answer every fault, refused shape, HTTP error and surprise in the one form."""
    app.add_exception_handler(Fault, _on_fault)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_fault(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, Fault)
    return await run_in_threadpool(answer, request, fault)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    flaws = tuple(Flaw(_pointer(found["loc"]), _message(found)) for found in error.errors()[:FLAWS_MAX])
    return await _on_fault(request, InvalidRequest(flaws=flaws))


def _pointer(place: tuple[Any, ...]) -> str:
    """Return an RFC 6901 pointer: the body's own for bodies, `/query/NAME` and so on elsewhere."""
    steps = place[1:] if place[:1] == ("body",) else place
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _message(found: Mapping[str, Any]) -> str:
    """Return what is wrong without repeating what was sent, which may be a person's data."""
    if found["type"] == "json_invalid":
        return "this is not JSON"
    message, sent = str(found["msg"]), str(found.get("input", ""))
    if found["type"] in _ECHOING or (len(sent) > 2 and sent in message):
        return "this value is not allowed"
    return message.partition(",")[0] if found["type"].endswith("_parsing") else message


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = await _on_fault(request, _as_fault(error))
    if error.headers and "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _as_fault(error: HTTPException) -> Fault:
    """Return our fault for a library's error: the fault behind it where there is one."""
    if isinstance(error.__cause__, Fault):
        return error.__cause__
    known: dict[int, type[Fault]] = {404: NotFound, 405: MethodNotAllowed, 400: InvalidRequest}
    if error.status_code in known:
        return known[error.status_code]()
    return Unexpected() if error.status_code >= 500 else Refused(error.status_code)

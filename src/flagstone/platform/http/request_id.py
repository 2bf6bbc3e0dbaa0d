# SPDX-License-Identifier: EUPL-1.2
"""One number a request, from the caller's header or fresh, in answers, logs and audit entries."""

from __future__ import annotations

import re

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flagstone.kernel.clock import Clock, SystemClock
from flagstone.kernel.ids import fresh_uuid

HEADER = "x-request-id"
_UUID = re.compile(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GIVEN = re.compile(rb"(?!.*[0-9]{9})[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TRACE_PARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def request_id(request: HTTPConnection) -> str:
    """Return the request's number, what an audit entry takes as `message_reference`; empty when unknown."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def trace_parent(request: HTTPConnection) -> str | None:
    """Return the W3C `traceparent` to pass on to other sites, None when the caller sent no valid one."""
    found: str | None = request.scope.get("state", {}).get("trace_parent")
    return found


def accepted(values: list[bytes]) -> str | None:
    """Return the caller's own number: one UUID, or 1 to 64 safe characters that hold no personal code."""
    if len(values) != 1 or not (_UUID.fullmatch(values[0]) or _GIVEN.fullmatch(values[0])):
        return None
    return values[0].decode("ascii")


class RequestId:
    """ASGI middleware that numbers each request, tells the caller and binds the number to the log."""

    def __init__(self, app: ASGIApp, *, clock: Clock | None = None) -> None:
        self._app = app
        self._clock = clock or SystemClock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with `state.request_id` set."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = accepted(_values(scope, b"x-request-id")) or str(fresh_uuid(self._clock.now()))
        state = scope.setdefault("state", {})
        state["request_id"] = number
        traces = _values(scope, b"traceparent")
        if len(traces) == 1 and _TRACE_PARENT.fullmatch(traces[0]):
            state["trace_parent"] = traces[0].decode("ascii")

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = number
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=number):
            await self._app(scope, receive, tell)


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]

# SPDX-License-Identifier: EUPL-1.2
"""One line a request without a person's data: the route's template, status, time and request id."""

from __future__ import annotations

from time import perf_counter

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flagstone.platform.http.admission import ClientGone
from flagstone.platform.http.logs import described
from flagstone.platform.http.metrics import Meter
from flagstone.platform.http.problem import Unexpected, answer

CLIENT_GONE = 499  # in logs and counts only: nobody was left to be answered

log = structlog.get_logger("flagstone.http")


class Observed:
    """ASGI middleware that logs and counts each request, and answers 500 for what nobody caught."""

    def __init__(self, app: ASGIApp, *, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._meter.in_flight.inc()
        try:
            await self._app(scope, receive, watch)
        except (ClientGone, ClientDisconnect):
            log.debug("client gone", route=route_of(scope), method=scope["method"])
        except Exception as error:  # noqa: BLE001  the last net: everything becomes a 500 and a line
            log.error("unexpected", route=route_of(scope), method=scope["method"], **described(error))  # noqa: TRY400  an exception's text may quote a person's data
            if status:
                raise Cut from None
            await self._answer_500(scope, receive, watch)
        finally:
            self._meter.in_flight.dec()
            self._write(scope, status or CLIENT_GONE, perf_counter() - began)

    async def _answer_500(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await run_in_threadpool(answer, Request(scope), Unexpected())
        await response(scope, receive, send)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = route_of(scope), scope["method"]
        self._meter.answered(method, route, status=status, seconds=seconds)
        write = log.debug if route.startswith("/health") else log.info
        write("request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))


class Cut(Exception):
    """An answer that had begun cannot be completed; the server closes the connection."""


def route_of(scope: Scope) -> str:
    """Return the template of the route that took the request, `(none)` when no route did."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "(none)"

# SPDX-License-Identifier: EUPL-1.2
"""One line a request without a person's data: the route's template, status, time and request id.

Never logged: addresses as sent, queries, bodies, headers, names, codes, the text of exceptions
(which may quote a row) and local variables.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flagstone.platform.http.admission import ClientGone
from flagstone.platform.http.metrics import Meter
from flagstone.platform.http.problem import Unexpected, answer

DENIED = frozenset(
    {
        "actor",
        "authorization",
        "body",
        "cookie",
        "document",
        "email",
        "headers",
        "name",
        "password",
        "path",
        "payload",
        "person",
        "personal_code",
        "query",
        "row",
        "secret",
        "session",
        "token",
        "url",
        "values",
    }
)
"""Keys whose values are dropped from every line, whoever logs them."""
FRAMES_MAX = 40
FILE_BYTES_MAX = 20_000_000
NOISY = ("uvicorn", "httpx2", "alembic")
"""Libraries that tell each step, addresses with their queries among them: only their warnings are kept."""
CLIENT_GONE = 499  # in logs and counts only: nobody was left to be answered
_LONG_NUMBER = re.compile(r"[0-9]{9,}")
_KEPT_AS_IS = frozenset({"request_id", "timestamp"})
Event = MutableMapping[str, Any]

log = structlog.get_logger("flagstone.http")


def drop_denied(_logger: Any, _method: str, event: Event) -> Event:
    """Drop the denied keys and blank every run of nine digits or more: a code that slipped into a text."""
    for key in DENIED.intersection(event):
        del event[key]
    for key, value in event.items():
        if isinstance(value, str) and key not in _KEPT_AS_IS:
            event[key] = _LONG_NUMBER.sub("[number]", value)
    return event


def describe_exception(_logger: Any, _method: str, event: Event) -> Event:
    """Turn `exc_info` into the exception's type and places: no message, no locals, no source lines."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event.update(described(error))
    return event


def described(error: BaseException) -> dict[str, Any]:
    """Return the type of `error` and where it passed, innermost last, at most 40 places."""
    places = [
        f"{code.f_code.co_filename}:{line} {code.f_code.co_name}"
        for code, line in traceback.walk_tb(error.__traceback__)
    ]
    return {"error": type(error).__qualname__, "places": places[-FRAMES_MAX:]}


def configure(
    *,
    stream: TextIO | None = None,
    file: Path | None = None,
    level: int = logging.INFO,
    plain: bool | None = None,
) -> None:
    """Send our log and the libraries' to `stream` (standard error): JSON lines, or text on a terminal.

    `plain` decides the form when given; otherwise a terminal gets text. With `file` the log goes there,
    and two older files of `FILE_BYTES_MAX` are kept beside it.
    """
    stream = stream or sys.stderr
    as_text = (file is None and stream.isatty()) if plain is None else plain
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exception,
        drop_denied,
    ]
    last: Any = structlog.dev.ConsoleRenderer() if as_text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler: logging.Handler = logging.StreamHandler(stream)
    if file is not None:
        handler = RotatingFileHandler(file, maxBytes=FILE_BYTES_MAX, backupCount=2, encoding="utf-8")
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, drop_foreign_arguments],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in NOISY:
        quiet = level if level <= logging.DEBUG else max(level, logging.WARNING)
        logging.getLogger(noisy).setLevel(quiet)


def drop_foreign_arguments(_logger: Any, _method: str, event: Event) -> Event:
    """Keep a library's line of text only."""
    event.pop("positional_args", None)
    return event


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

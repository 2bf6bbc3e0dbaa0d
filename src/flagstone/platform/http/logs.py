# SPDX-License-Identifier: EUPL-1.2
"""What is logged, by us and by libraries, and how a line looks.

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
from typing import Any, TextIO

import structlog

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
_LONG_NUMBER = re.compile(r"[0-9]{9,}")
_KEPT_AS_IS = frozenset({"request_id", "timestamp"})
Event = MutableMapping[str, Any]


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

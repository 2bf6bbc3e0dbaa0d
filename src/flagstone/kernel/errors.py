# SPDX-License-Identifier: EUPL-1.2
"""The one tree of errors: what happened, a stable code, and what to do next.

Every error that a caller may see is a `Fault`. Its class carries a stable `code`
(`block.kebab-case`), a `title` without any data, and a `remedy` that says what to do.
Its `detail` may name places (a field, a row, a setting) but never a person's data,
a secret or a stack trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar


class Kind(Enum):
    """What sort of trouble a fault is; the HTTP edge maps each to a status (RFC 9110)."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Flaw:
    """One thing wrong at one place of the input.

    `pointer` is an RFC 6901 JSON pointer or a place such as `row 3, column name`. A `message` made from a
    `pattern` keeps it with its `values`, so that a page can say it in another language.
    """

    pointer: str
    message: str
    pattern: str = field(default="", compare=False)
    values: Mapping[str, str | int] = field(default_factory=dict, compare=False)

    @classmethod
    def filled(cls, pointer: str, pattern: str, **values: str | int) -> Flaw:
        """Return a flaw whose message is `pattern` with each `%(name)s` filled in."""
        return cls(pointer, pattern % values, pattern, values)


class Fault(Exception):
    """An error that may be shown to its causer (RFC 9457: type, title, detail)."""

    code: ClassVar[str] = "flagstone.fault"
    kind: ClassVar[Kind] = Kind.INTERNAL
    title: ClassVar[str] = "Something went wrong on our side"
    remedy: ClassVar[str] = "Try again; if it stays, tell the operator the request number."

    def __init__(
        self, detail: str = "", *, flaws: tuple[Flaw, ...] = (), retry_after_seconds: int | None = None
    ) -> None:
        """Take a `detail` without personal data, the `flaws` found, and when to retry."""
        super().__init__(detail or self.title)
        self.detail = detail
        self.flaws = flaws
        self.retry_after_seconds = retry_after_seconds


class SettingsFault(Fault):
    """A setting, a data folder or a country package is unusable; nothing was started."""

    code = "flagstone.settings"
    kind = Kind.INVALID
    title = "The settings cannot be used"
    remedy = "Run `flagstone check`; it names the setting, its source and what is wrong."

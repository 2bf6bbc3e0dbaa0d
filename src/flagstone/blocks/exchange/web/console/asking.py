# SPDX-License-Identifier: EUPL-1.2
"""What an operator fills in: texts, the reason of a change, and what to show when it cannot be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from fastapi import Query as QueryParameter
from starlette.datastructures import FormData

from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Fault, Flaw, Kind
from flagstone.platform.http.csrf import read_form
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.routes import role

PREFIX = "/desk/exchange"
LOOK = role("operator", "auditor")
CHANGE = role("operator")
WORDS_MAX = 300
MENDABLE = frozenset({Kind.INVALID, Kind.CONFLICT, Kind.MISSING, Kind.TOO_LARGE})

FormOf = Annotated[FormData, Depends(read_form)]
Named = Annotated[str, QueryParameter(max_length=1_100)]
Done = Annotated[str, QueryParameter(max_length=40)]


@dataclass(frozen=True)
class Trouble:
    """Why a form was not taken: a fault's own words, or what is wrong at each field."""

    title: str = ""
    remedy: str = ""
    flaws: tuple[Flaw, ...] = ()

    def at(self, name: str) -> str:
        """Return the message for the field `name`, empty when nothing is wrong there."""
        return next((flaw.message for flaw in self.flaws if flaw.pointer == f"/{name}"), "")


@dataclass(frozen=True)
class Filled:
    """A form as it was sent, what of it is wrong so far, and its reason when it has one."""

    texts: dict[str, str] = field(default_factory=dict)
    many: dict[str, tuple[str, ...]] = field(default_factory=dict)
    trouble: Trouble | None = None

    def text(self, name: str, otherwise: str = "") -> str:
        """Return what the field `name` was filled with."""
        return self.texts.get(name, otherwise)

    def chosen(self, name: str) -> tuple[str, ...]:
        """Return every value of the field `name`."""
        return self.many.get(name, ())

    def lines(self, name: str) -> list[str]:
        """Return the lines of an area without blanks and empty ones."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def wrong(self, *flaws: Flaw) -> Filled:
        """Return the form with `flaws`."""
        return Filled(self.texts, self.many, Trouble(flaws=flaws))

    def refused(self, fault: Fault) -> Filled:
        """Return the form with what `fault` says."""
        return Filled(self.texts, self.many, Trouble(fault.title, fault.remedy, fault.flaws))


NOTHING_FILLED = Filled()


def filled(form: FormData) -> Filled:
    """Return the texts of `form`; files are left out."""
    texts: dict[str, str] = {}
    many: dict[str, tuple[str, ...]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            texts.setdefault(name, value.strip())
            many[name] = (*many.get(name, ()), value.strip())
    return Filled(texts, many)


def reason_flaws(form: Filled) -> Iterator[Flaw]:
    """Yield what is wrong with the reason of a change."""
    why = form.text("why")
    if not any(sign.isalnum() for sign in why):
        yield Flaw("/why", _("Say why you do this"))
    for name in ("why", "reference"):
        if len(form.text(name)) > WORDS_MAX or not form.text(name).isprintable():
            yield Flaw(f"/{name}", _("Use at most 300 letters, without line breaks"))


def reason_of(form: Filled) -> Reason:
    """Return the reason that `form` states; it has none of `reason_flaws`."""
    return Reason(form.text("why"), message_reference=form.text("reference"))


def attempt(form: Filled, act: Callable[[Reason], object]) -> Filled | None:
    """Do `act` for the form's reason; return the form with its trouble when it cannot be done."""
    flaws = tuple(reason_flaws(form))
    if flaws:
        return form.wrong(*flaws)
    try:
        act(reason_of(form))
    except Fault as fault:
        if fault.kind not in MENDABLE:
            raise
        return form.refused(fault)
    return None


def number(text: str, *, least: int, most: int) -> int | None:
    """Return a whole number between `least` and `most` in any script's digits, None for all else."""
    value = int(text) if text.isdecimal() and len(text) <= 9 else -1
    return value if least <= value <= most else None

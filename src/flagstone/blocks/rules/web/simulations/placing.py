# SPDX-License-Identifier: EUPL-1.2
"""Where on the form a fault of the law or the plan belongs, and what pages say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flagstone.kernel.errors import Fault, Flaw
from flagstone.platform.http.language import marked

_ = marked

_CONTROLS = {
    "/name": "name",
    "/year": "year",
    "/population/households": "households",
    "/population/seed": "seed",
    "/population/survey": "survey",
    "/population": "households",
    "/income": "income",
    "/budget": "takes",
    "/pay": "pay",
    "/line": "line",
    "/neutralized": "neutralized",
}

SAID = (
    _("The law has no variable of that name."),
    _("The law has no amount of that name for a person."),
    _("The people have no input of that name in the year; name another, or none."),
    _("This site does not admit that package."),
    _("The law has no amount of that name for a person's month or year."),
    _("The law has no parameter of that name."),
    _("This is a scale: name a part of a bracket, as [0].rate."),
    _("This is no scale, and has no brackets."),
    _("The scale has no brackets."),
    _("This is no dotted path of a parameter."),
    _("Join the names of variables by + or -."),
    _("1 for what the state takes, -1 for what it gives."),
    _("This is neither a day, YYYY-MM-DD, nor DAY:DAY."),
    _("There is no such survey."),
    _("The values of this parameter are a number."),
    _("The values of this parameter are true or false."),
    _("The values of this parameter are a text."),
    _("The values of this parameter are a list."),
    _("This site has no cluster."),
)
"""Sentences of the law and the plan that name nothing; those with names or numbers are patterns there."""

SAID_OF_TEXTS = (
    _("This must be an object."),
    _("This must be a list."),
    _("This must be a text."),
    _("This must be true or false."),
    _("This must be a whole number."),
    _("This must be a number."),
    _("This must be null."),
    _("There is no such field."),
    _("This is missing."),
    _("This value is not allowed here."),
)
"""The same of a reform's text."""

SAID_OF_SURVEYS = (
    _("This column is missing."),
    _("Neither is this a variable of the law, nor has it a meaning here."),
    _("The law takes no value of this variable for that period."),
    _("The rows of a household stand together."),
    _("Each column has a name of its own."),
    _("This is no CSV."),
    _("This is no text."),
    _("This is a number, with a point before its decimals."),
    _("This is a whole number."),
    _("This is true or false, or 1 or 0."),
    _("This is a date: YYYY-MM-DD."),
    _("A weight is above 0."),
    _("The first row of a household has its weight, and no other row another."),
    _("The rows of a group tell one value, or none."),
    _("The law computes this: fill the column for everybody, or leave it out."),
    _("it has no rows"),
    _("it is not UTF-8, nor Parquet"),
    _("it is no Parquet that can be read"),
    _("Parquet needs pyarrow: install flagstone[parquet]"),
    _("another survey has that name already; choose another"),
    _("its name has 1 to 60 letters, digits, dots, dashes or underscores"),
)
"""The same of surveys."""
_LINE = re.compile(r"line (\d+)( or later)?(?:, column (.*))?")


@dataclass(frozen=True)
class InText(Flaw):
    """A flaw of a text, shown at the field where it was pasted, with its `place` in the text."""

    place: str = ""


@dataclass(frozen=True)
class Wrong:
    """What is wrong in a file: its line, from which on where it is `later`, its column, and why."""

    line: str
    column: str
    flaw: Flaw
    later: bool = False


def of_file(flaw: Flaw) -> Wrong:
    """Return a flaw of a file by line and column; a place that names no line is a column."""
    found = _LINE.fullmatch(flaw.pointer)
    if found is None:
        return Wrong("", flaw.pointer, flaw)
    return Wrong(found[1], found[3] or "", flaw, later=bool(found[2]))


def placed(fault: Fault, places: Mapping[str, str]) -> tuple[Flaw, ...]:
    """Return the flaws of a fault at the controls of the form; one without a place is said above all."""
    if not fault.flaws:
        return (Flaw("", fault.detail or fault.title),)
    return tuple(replace(each, pointer=_control(each.pointer, places)) for each in fault.flaws)


def _control(pointer: str, places: Mapping[str, str]) -> str:
    """Return the control whose place is the pointer, or the nearest above it."""
    pointer = pointer.removeprefix("/reform")
    while pointer:
        found = places.get(pointer) or _CONTROLS.get(pointer)
        if found:
            return found
        pointer = pointer.rpartition("/")[0]
    return ""

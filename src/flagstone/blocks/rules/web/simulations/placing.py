# SPDX-License-Identifier: EUPL-1.2
"""Where on the form a fault of the law or the plan belongs, and what pages say of it."""

from __future__ import annotations

from collections.abc import Mapping

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
    _("This is no dotted path of a parameter."),
    _("This is neither a day, YYYY-MM-DD, nor DAY:DAY."),
    _("There is no such survey."),
    _("The values of this parameter are a number."),
    _("The values of this parameter are true or false."),
    _("The values of this parameter are a text."),
    _("The values of this parameter are a list."),
    _("This site has no cluster."),
)
"""Sentences of the law and the plan without variables; one with a name in it is shown as it was said."""


def placed(fault: Fault, places: Mapping[str, str]) -> tuple[Flaw, ...]:
    """Return the flaws of a fault at the controls of the form; one without a place is said above all."""
    if not fault.flaws:
        return (Flaw("", fault.detail or fault.title),)
    return tuple(Flaw(_control(each.pointer, places), each.message) for each in fault.flaws)


def _control(pointer: str, places: Mapping[str, str]) -> str:
    """Return the control whose place is the pointer, or the nearest above it."""
    pointer = pointer.removeprefix("/reform")
    while pointer:
        found = places.get(pointer) or _CONTROLS.get(pointer)
        if found:
            return found
        pointer = pointer.rpartition("/")[0]
    return ""

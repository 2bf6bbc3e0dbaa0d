# SPDX-License-Identifier: EUPL-1.2
"""What an official may need a record for: the choices of the desk, and the reason made of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData

from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked

WORDS_MAX = 300

_ = marked
PURPOSES: Mapping[str, str] = {
    "case": _("Handling an application or a case"),
    "correction": _("Correcting data at somebody's request"),
    "quality": _("Keeping the register right"),
    "supervision": _("Supervision or audit"),
    "court": _("Request of a court or the police"),
    "other": _("Another purpose"),
}
"""The purposes by code; the words are messages, and are what is recorded."""


@dataclass(frozen=True)
class Stated:
    """What an official filled in about why; `reason` is None while `flaws` remain."""

    chosen: str
    details: str
    reference: str
    reason: Reason | None
    flaws: tuple[Flaw, ...] = ()


NOTHING_STATED = Stated("", "", "", None)


def text_of(form: FormData, name: str) -> str:
    """Return a field's text without blanks around it; empty for a missing field and for a file."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def stated(form: FormData, definition: RegisterDefinition) -> Stated:
    """Return the purpose that `form` states, with the legal basis of the register.

    On the spot the case is what the reading refers to, as there is no message.
    """
    chosen, details, reference = (text_of(form, name) for name in ("purpose", "details", "reference"))
    flaws: list[Flaw] = []
    if chosen not in PURPOSES:
        flaws.append(Flaw("/purpose", _("Choose what you need the data for")))
    if chosen == "other" and not any(part.isalnum() for part in details):
        flaws.append(Flaw("/details", _("Say in your own words what you need the data for")))
    for name, value in (("details", details), ("reference", reference)):
        if len(value) > WORDS_MAX or not value.replace("\r\n", " ").isprintable():
            flaws.append(Flaw(f"/{name}", _("Use at most 300 letters, without line breaks")))
    if flaws:
        return Stated(chosen, details, reference, None, tuple(flaws))
    words = f"{PURPOSES[chosen]}: {details}" if details else PURPOSES[chosen]
    return Stated(chosen, details, reference, Reason(words, definition.legal_basis, reference, reference))

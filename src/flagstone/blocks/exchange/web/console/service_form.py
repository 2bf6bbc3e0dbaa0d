# SPDX-License-Identifier: EUPL-1.2
"""A service as a form, and a form as a service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid, ServiceInvalid
from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.service import (
    Endpoint,
    Purpose,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.model import names, places
from flagstone.blocks.exchange.web.console.asking import Filled, number
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked as _

METHODS = frozenset({"*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
SECONDS_MAX = 3_600
PLACE_WORDS = _("Write path:, query:, request: or response: and the place on each line")
CLIENT_WORDS = _("Write the identifier of a system on each line, such as XA/GOV/10000165/investigations")
T = TypeVar("T")


def shown(service: ServiceDefinition) -> Filled:
    """Return a form that is filled with `service`."""
    texts = {
        "url": service.url,
        "timeout": str(service.timeout_seconds),
        "personal": "yes" if service.personal else "",
        "purpose": service.purpose.words,
        "basis": service.purpose.legal_basis,
        "description_url": service.description_url,
        "endpoints": "\n".join(f"{each.method} {each.path}" for each in service.endpoints),
        "person_at": "\n".join(map(places.named_place, service.person_at)),
        "hiders": "\n".join(map(str, service.hiders)),
    }
    return Filled(texts | {f"title-{code}": text for code, text in service.title.items()})


def described(form: Filled, languages: Sequence[str], before: ServiceDefinition | None) -> ServiceDefinition:
    """Return the service that `form` describes, on top of what was there; ServiceInvalid with its flaws."""
    flaws: list[Flaw] = []
    service = before or _new(form, flaws)
    seconds = number(form.text("timeout"), least=1, most=SECONDS_MAX)
    if seconds is None:
        flaws.append(Flaw("/timeout", _("Enter a whole number of seconds from 1 to 3600")))
    if not form.text("url"):
        flaws.append(Flaw("/url", _("Enter the address of the service")))
    endpoints = tuple(_endpoints(form.lines("endpoints"), flaws))
    persons = _read(form, "person_at", places.place_named, PLACE_WORDS, flaws)
    hiders = _read(form, "hiders", names.client_named, CLIENT_WORDS, flaws)
    if flaws:
        raise ServiceInvalid(flaws=tuple(flaws))
    return replace(
        service,
        url=form.text("url"),
        local=form.text("url").startswith("/"),
        title=_title(form, languages, service),
        timeout_seconds=seconds or 1,
        personal=form.text("personal") == "yes",
        hiders=hiders,
        person_at=persons,
        purpose=Purpose(form.text("purpose"), form.text("basis")),
        description_url=form.text("description_url"),
        endpoints=endpoints,
    )


def _title(form: Filled, languages: Sequence[str], before: ServiceDefinition) -> dict[str, str]:
    """Return the title in the form's languages, and as it was in others."""
    others = {code: text for code, text in before.title.items() if code not in languages}
    return others | {code: form.text(f"title-{code}") for code in languages if form.text(f"title-{code}")}


def _new(form: Filled, flaws: list[Flaw]) -> ServiceDefinition:
    try:
        service = ServiceId(names.subsystem_named(form.text("provider")), names.part(form.text("code")))
    except IdentifierInvalid:
        flaws.append(Flaw("/code", _("Choose the system, and a code of letters, digits, dots and dashes")))
        service = ServiceId(names.subsystem_named("-/-/-/-"), "-")
    kind = ServiceKind.OPENAPI3 if form.text("description_url") else ServiceKind.REST
    return ServiceDefinition(service, kind, "")


def _read(form: Filled, name: str, read: Callable[[str], T], words: str, flaws: list[Flaw]) -> tuple[T, ...]:
    """Return what `read` makes of each line of a field; one flaw with `words` when it refuses any."""
    try:
        return tuple(read(line.strip()) for line in form.lines(name))
    except (ValueError, IdentifierInvalid):
        flaws.append(Flaw(f"/{name}", words))
        return ()


def _endpoints(lines: Iterable[str], flaws: list[Flaw]) -> Iterable[Endpoint]:
    for line in lines:
        method, _space, path = line.partition(" ")
        if method.upper() in METHODS and path.strip().startswith(("/", "*")):
            yield Endpoint(method.upper(), path.strip())
        else:
            flaws.append(
                Flaw("/endpoints", _("Write a method and a path on each line, such as GET /persons/*"))
            )
            return

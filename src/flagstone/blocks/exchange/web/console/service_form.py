# SPDX-License-Identifier: EUPL-1.2
"""A service as a form, and a form as a service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid, ServiceInvalid
from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.service import (
    Endpoint,
    Purpose,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.console.asking import Filled, number
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked as _

METHODS = frozenset({"*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
SECONDS_MAX = 3_600


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
    if flaws:
        raise ServiceInvalid(flaws=tuple(flaws))
    return replace(
        service,
        url=form.text("url"),
        title={code: form.text(f"title-{code}") for code in languages if form.text(f"title-{code}")},
        timeout_seconds=seconds or 1,
        personal=form.text("personal") == "yes",
        purpose=Purpose(form.text("purpose"), form.text("basis")),
        description_url=form.text("description_url"),
        endpoints=endpoints,
    )


def _new(form: Filled, flaws: list[Flaw]) -> ServiceDefinition:
    try:
        service = ServiceId(names.subsystem_named(form.text("provider")), names.part(form.text("code")))
    except IdentifierInvalid:
        flaws.append(Flaw("/code", _("Choose the system, and a code of letters, digits, dots and dashes")))
        service = ServiceId(names.subsystem_named("-/-/-/-"), "-")
    kind = ServiceKind.OPENAPI3 if form.text("description_url") else ServiceKind.REST
    return ServiceDefinition(service, kind, "")


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

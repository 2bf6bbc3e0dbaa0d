# SPDX-License-Identifier: EUPL-1.2
"""The rights matrix: who may call what, given and taken with a reason and a declared purpose."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId, Subject
from flagstone.blocks.exchange.contract.service import Endpoint, Purpose, Right, ServiceDefinition, Snapshot
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.console.asking import (
    CHANGE,
    LOOK,
    Filled,
    FormOf,
    Named,
    attempt,
    filled,
)
from flagstone.blocks.exchange.web.console.parts import Desk, caller_of, offered, subjects, to
from flagstone.blocks.exchange.web.console.services import found
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.routes import Routes

WHOLE = Endpoint()


@dataclass(frozen=True)
class Cell:
    """What one holder may do with one service: all of it, or a count of its endpoints."""

    service: ServiceId
    whole: bool
    endpoints: int
    address: str


@dataclass(frozen=True)
class Matrix:
    """The rights to the services of one provider: a row for each holder, a cell for each service."""

    provider: ClientId
    services: tuple[ServiceDefinition, ...]
    rows: tuple[tuple[Subject, tuple[Cell, ...]], ...]


class Rights:
    """The pages under `/desk/exchange/rights`."""

    def __init__(self, desk: Desk) -> None:
        """Show and change the rights of `desk`."""
        self._desk = desk

    def declare(self, routes: Routes) -> None:
        """Add the pages to `routes`."""
        routes.get("/rights", access=LOOK)(self.matrices)
        routes.get("/rights/right", access=LOOK)(self.right)
        routes.post("/rights/right", access=CHANGE)(self.change)

    def matrices(self, request: Request) -> Response:
        """Show a matrix for each system that offers something."""
        snapshot = self._desk.exchange.snapshot()
        return self._desk.show(
            request,
            "rights",
            snapshot=snapshot,
            matrices=matrices(snapshot),
            services=offered(snapshot),
            subjects=[(names.named_subject(each), each) for each in subjects(snapshot)],
        )

    def right(self, request: Request, service: Named, subject: Named) -> Response:
        """Show what one holder may do with one service."""
        snapshot = self._desk.exchange.snapshot()
        definition, who = found(snapshot, service), names.subject_named(subject)
        held = _held(snapshot, definition.id, who)
        purpose = next((right.purpose for right in held), Purpose())
        texts = {"purpose": purpose.words, "basis": purpose.legal_basis}
        form = Filled(texts, {"endpoint": tuple(_key(right.endpoint) for right in held)})
        return self._page(request, snapshot, definition, who, form)

    def change(self, request: Request, service: Named, subject: Named, form: FormOf) -> Response:
        """Give what was ticked and take the rest away."""
        snapshot = self._desk.exchange.snapshot()
        definition, who = found(snapshot, service), names.subject_named(subject)
        sent, caller = filled(form), caller_of(request)
        wanted = wanted_rights(definition, who, sent)
        if definition.personal and wanted and not sent.text("purpose"):
            flaw = Flaw("/purpose", _("Say what the data is asked for: the service tells of persons"))
            return self._page(request, snapshot, definition, who, sent.wrong(flaw))
        gone = tuple(
            right
            for right in _held(snapshot, definition.id, who)
            if right.endpoint not in {each.endpoint for each in wanted}
        )

        def act(reason: Reason) -> None:
            if wanted:
                self._desk.exchange.give(caller, wanted, reason)
            if gone:
                self._desk.exchange.take(caller, gone, reason)

        said = attempt(sent, act)
        if said:
            return self._page(request, snapshot, definition, who, said)
        return to("/rights", "given" if wanted else "taken")

    def _page(
        self, request: Request, snapshot: Snapshot, service: ServiceDefinition, who: Subject, form: Filled
    ) -> Response:
        held = _held(snapshot, service.id, who)
        endpoints = dict.fromkeys((WHOLE, *service.endpoints, *(right.endpoint for right in held)))
        return self._desk.show(
            request,
            "right",
            form,
            snapshot=snapshot,
            service=service,
            subject=who,
            address=address(service.id, who),
            endpoints=[(_key(each), each) for each in endpoints],
            held=held,
        )


def matrices(snapshot: Snapshot) -> list[Matrix]:
    """Return a matrix for each provider of this server, in order."""
    providers = sorted({service.provider for service in snapshot.services})
    return [_matrix(snapshot, provider) for provider in providers]


def _matrix(snapshot: Snapshot, provider: ClientId) -> Matrix:
    services = tuple(snapshot.services[each] for each in offered(snapshot) if each.provider == provider)
    held: dict[str, Subject] = {}
    for service in services:
        held |= {str(right.subject): right.subject for right in snapshot.rights.get(service.id, ())}
    rows = tuple(
        (who, tuple(_cell(snapshot, service.id, who) for service in services))
        for _name, who in sorted(held.items())
    )
    return Matrix(provider, services, rows)


def _cell(snapshot: Snapshot, service: ServiceId, who: Subject) -> Cell:
    endpoints = [right.endpoint for right in _held(snapshot, service, who)]
    return Cell(service, WHOLE in endpoints, len(endpoints), address(service, who))


def _held(snapshot: Snapshot, service: ServiceId, who: Subject) -> tuple[Right, ...]:
    return tuple(right for right in snapshot.rights.get(service, ()) if right.subject == who)


def wanted_rights(service: ServiceDefinition, who: Subject, form: Filled) -> tuple[Right, ...]:
    """Return the rights that were ticked, with the purpose that was declared."""
    purpose = Purpose(form.text("purpose"), form.text("basis"))
    ticked = {_endpoint(key) for key in form.chosen("endpoint")}
    return tuple(Right(who, service.id, each, purpose) for each in sorted(ticked))


def address(service: ServiceId, who: Subject) -> str:
    """Return the address of the page for one holder's right to one service."""
    named = quote(names.named_subject(who), safe="")
    return f"/rights/right?service={quote(str(service), safe='')}&subject={named}"


def _key(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _endpoint(key: str) -> Endpoint:
    method, _space, path = key.partition(" ")
    return Endpoint(method, path or "**")

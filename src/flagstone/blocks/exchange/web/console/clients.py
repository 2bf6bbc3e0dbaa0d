# SPDX-License-Identifier: EUPL-1.2
"""Whose messages this server carries, and the groups that its providers keep."""

from __future__ import annotations

import ssl

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.faults import ClientUnknown, IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.service import Connection, LocalClient, LocalGroup, Snapshot
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.console.asking import (
    CHANGE,
    LOOK,
    NOTHING_FILLED,
    Filled,
    FormOf,
    Named,
    attempt,
    filled,
)
from flagstone.blocks.exchange.web.console.members import clients_of
from flagstone.blocks.exchange.web.console.parts import Desk, caller_of, to
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.routes import Routes

CERTIFICATES_MAX = 10
CONNECTIONS = {
    Connection.NOSSL: _("Plain HTTP, on this machine only"),
    Connection.SSLNOAUTH: _("HTTPS without a certificate of its own"),
    Connection.SSLAUTH: _("HTTPS with one of its registered certificates"),
    Connection.INTERNAL: _("A part of this site, by the site's own secret"),
}


class Clients:
    """The pages under `/desk/exchange/clients`."""

    def __init__(self, desk: Desk) -> None:
        """Show and change the clients of `desk`."""
        self._desk = desk

    def declare(self, routes: Routes) -> None:
        """Add the pages to `routes`."""
        routes.get("/clients", access=LOOK)(self.clients)
        routes.get("/clients/register", access=CHANGE)(self.register_form)
        routes.post("/clients/register", access=CHANGE)(self.register)
        routes.get("/clients/remove", access=CHANGE)(self.remove_form)
        routes.post("/clients/remove", access=CHANGE)(self.remove)
        routes.get("/clients/group", access=CHANGE)(self.group_form)
        routes.post("/clients/group", access=CHANGE)(self.keep_group)

    def clients(self, request: Request) -> Response:
        """Show the systems that this server carries, and the local groups."""
        return self._desk.show(request, "clients", connections=CONNECTIONS)

    def register_form(self, request: Request, id: Named = "") -> Response:  # noqa: A002
        """Ask which system is to be carried and how it connects."""
        snapshot = self._desk.exchange.snapshot()
        held = {str(client): local for client, local in snapshot.clients.items()}.get(id)
        texts = {"id": id}
        if held is not None:
            texts["connection"] = held.connection.value
            texts["certificates"] = "\n".join(map(ssl.DER_cert_to_PEM_cert, held.certificates))
        return self._register_page(request, Filled(texts))

    def register(self, request: Request, form: FormOf) -> Response:
        """Carry a system's messages from now on, or change how it connects."""
        sent, caller = filled(form), caller_of(request)
        said = attempt(
            sent, lambda reason: self._desk.exchange.register_client(caller, local_client(sent), reason)
        )
        return self._register_page(request, said) if said else to("/clients", "changed")

    def _register_page(self, request: Request, form: Filled) -> Response:
        snapshot = self._desk.exchange.snapshot()
        known = sorted(each.id for each in snapshot.directory.subsystems)
        connections = [(each.value, words) for each, words in CONNECTIONS.items()]
        return self._desk.show(
            request, "client", form, snapshot=snapshot, known=known, connections=connections
        )

    def remove_form(self, request: Request, id: Named) -> Response:  # noqa: A002 -- the address's name
        """Ask why a system is no longer to be carried."""
        return self._remove_page(request, _own(self._desk.exchange.snapshot(), id), NOTHING_FILLED)

    def remove(self, request: Request, id: Named, form: FormOf) -> Response:  # noqa: A002
        """Carry a system's messages no more."""
        caller, client = caller_of(request), _own(self._desk.exchange.snapshot(), id)
        said = attempt(filled(form), lambda reason: self._desk.exchange.remove_client(caller, client, reason))
        return self._remove_page(request, client, said) if said else to("/clients", "removed")

    def _remove_page(self, request: Request, client: ClientId, form: Filled) -> Response:
        return self._desk.show(
            request,
            "confirm",
            form,
            heading=_("Carry this system's messages no more"),
            warning=_("Its services and the rights to them are removed too."),
            button=_("Remove"),
            back="/clients",
            facts=[(_("System"), str(client))],
        )

    def group_form(self, request: Request, provider: Named = "", code: Named = "") -> Response:
        """Ask who is in a local group."""
        texts = {"provider": provider, "code": code}
        for group in self._desk.exchange.snapshot().local_groups:
            if (str(group.provider), group.code) == (provider, code):
                members = "\n".join(sorted(map(str, group.members)))
                texts |= {"description": group.description, "members": members}
        return self._group_page(request, Filled(texts))

    def keep_group(self, request: Request, form: FormOf) -> Response:
        """Keep a local group with exactly the members that were named."""
        sent = filled(form)
        said = attempt(sent, lambda reason: self._keep(request, sent, reason))
        return self._group_page(request, said) if said else to("/clients", "changed")

    def _keep(self, request: Request, form: Filled, reason: Reason) -> None:
        provider = _own(self._desk.exchange.snapshot(), form.text("provider"))
        members = clients_of(form, "members")
        group = LocalGroup(provider, names.part(form.text("code")), form.text("description"), members)
        self._desk.exchange.keep_group(caller_of(request), group, reason)

    def _group_page(self, request: Request, form: Filled) -> Response:
        return self._desk.show(request, "group", form)


def local_client(form: Filled) -> LocalClient:
    """Return the client that `form` describes; IdentifierInvalid names the field that is wrong."""
    try:
        connection = Connection(form.text("connection"))
    except ValueError:
        raise IdentifierInvalid(flaws=(Flaw("/connection", _("Choose how it connects")),)) from None
    return LocalClient(
        names.subsystem_named(form.text("id")), connection, certificates(form.text("certificates"))
    )


def certificates(text: str) -> tuple[bytes, ...]:
    """Return the certificates of PEM `text` (RFC 7468) as DER; IdentifierInvalid when it is not PEM."""
    end = "-----END CERTIFICATE-----"
    blocks = [block.strip() + f"\n{end}\n" for block in text.split(end) if block.strip()]
    try:
        if len(blocks) > CERTIFICATES_MAX:
            raise ValueError
        return tuple(ssl.PEM_cert_to_DER_cert(block) for block in blocks)
    except ValueError:
        flaw = Flaw("/certificates", _("Paste at most ten certificates in PEM form"))
        raise IdentifierInvalid(flaws=(flaw,)) from None


def _own(snapshot: Snapshot, named: str) -> ClientId:
    client = names.client_named(named)
    if client not in snapshot.clients:
        raise ClientUnknown
    return client

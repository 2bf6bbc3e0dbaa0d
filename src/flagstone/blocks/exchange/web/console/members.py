# SPDX-License-Identifier: EUPL-1.2
"""Who belongs to the exchange: members, their systems, servers and groups; the centre also admits them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.directory import (
    Directory,
    GlobalGroup,
    Member,
    Server,
    Subsystem,
    Words,
)
from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
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
from flagstone.blocks.exchange.web.console.parts import Desk, caller_of, to
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.routes import Routes

KINDS = ("member", "subsystem", "server", "group")


class Members:
    """The pages under `/desk/exchange/members`."""

    def __init__(self, desk: Desk) -> None:
        """Show and change the directory that `desk` sees."""
        self._desk = desk

    def declare(self, routes: Routes) -> None:
        """Add the pages to `routes`."""
        routes.get("/members", access=LOOK)(self.members)
        for kind in KINDS:
            routes.get(f"/members/{kind}", access=CHANGE)(self._form(kind))
            routes.post(f"/members/{kind}", access=CHANGE)(self._admit(kind))
        routes.get("/members/dismiss", access=CHANGE)(self.dismiss_form)
        routes.post("/members/dismiss", access=CHANGE)(self.dismiss)

    def members(self, request: Request) -> Response:
        """Show the whole directory."""
        return self._desk.show(request, "members")

    def dismiss_form(self, request: Request, id: Named) -> Response:  # noqa: A002 -- the address's name
        """Ask why somebody is dismissed."""
        return self._dismiss_page(request, id, NOTHING_FILLED)

    def dismiss(self, request: Request, id: Named, form: FormOf) -> Response:  # noqa: A002
        """Remove a member with its systems, one system, or a server."""
        caller, who = caller_of(request), _who(self._desk.governance.directory(), id)
        said = attempt(filled(form), lambda reason: self._desk.governance.dismiss(caller, who, reason))
        return self._dismiss_page(request, id, said) if said else to("/members", "removed")

    def _dismiss_page(self, request: Request, named: str, form: Filled) -> Response:
        who = _who(self._desk.governance.directory(), named)
        kind = _("Server") if isinstance(who, ServerId) else _("System") if who.subsystem else _("Member")
        return self._desk.show(
            request,
            "confirm",
            form,
            heading=_("Dismiss from the exchange"),
            warning=_("Its messages are refused everywhere as soon as the directory has spread."),
            button=_("Dismiss"),
            back="/members",
            facts=[(kind, str(who))],
        )

    def _form(self, kind: str) -> Callable[..., Response]:
        def show(request: Request, id: Named = "") -> Response:  # noqa: A002 -- the address's name
            return self._page(request, kind, _known(self._desk.governance.directory(), kind, id))

        return show

    def _admit(self, kind: str) -> Callable[..., Response]:
        def take(request: Request, form: FormOf) -> Response:
            sent = filled(form)
            said = attempt(sent, lambda reason: self._do(request, kind, sent, reason))
            return self._page(request, kind, said) if said else to("/members", "changed")

        return take

    def _page(self, request: Request, kind: str, form: Filled) -> Response:
        return self._desk.show(request, "admit", form, kind=kind, languages_of_names=self._languages())

    def _languages(self) -> list[str]:
        return [language.code for language in self._desk.pages.languages]

    def _do(self, request: Request, kind: str, form: Filled, reason: Reason) -> None:
        caller, governance = caller_of(request), self._desk.governance
        if kind == "member":
            member = names.member_named(form.text("id"))
            governance.admit_member(caller, Member(member, words_of(form, self._languages())), reason)
        elif kind == "subsystem":
            system = names.subsystem_named(form.text("id"))
            governance.admit_subsystem(caller, Subsystem(system, words_of(form, self._languages())), reason)
        elif kind == "server":
            governance.admit_server(caller, server_of(form), reason)
        else:
            description = words_of(form, self._languages())
            members = clients_of(form, "members")
            group = GlobalGroup(names.part(form.text("id")), description, members)
            governance.keep_global_group(caller, group, reason)


def words_of(form: Filled, languages: list[str]) -> Words:
    """Return the name by language, as far as it was filled in; IdentifierInvalid for none at all."""
    words = {code: form.text(f"name-{code}")[:300] for code in languages if form.text(f"name-{code}")}
    if not words:
        raise IdentifierInvalid(flaws=(Flaw(f"/name-{languages[0]}", _("Enter a name")),))
    return words


def clients_of(form: Filled, name: str) -> frozenset[ClientId]:
    """Return the clients that the lines of an area name; IdentifierInvalid says which line is wrong."""
    found: set[ClientId] = set()
    for line in form.lines(name):
        try:
            found.add(names.client_named(line))
        except IdentifierInvalid:
            raise IdentifierInvalid(
                flaws=(Flaw(f"/{name}", _("Write one identifier on each line")),)
            ) from None
    return frozenset(found)


def server_of(form: Filled) -> Server:
    """Return the server that `form` describes; IdentifierInvalid."""
    address = form.text("address")
    if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
        raise IdentifierInvalid(flaws=(Flaw("/address", _("Enter an address that begins with http://")),))
    return Server(
        names.server_named(form.text("id")),
        address,
        clients_of(form, "members"),
        in_maintenance=form.text("maintenance") == "yes",
    )


def _known(directory: Directory, kind: str, named: str) -> Filled:
    """Return a form filled with what the directory has, or with the identifier alone."""
    texts: dict[str, str] = {"id": named}
    words: Words = {}
    for each in (
        directory.members if kind == "member" else directory.subsystems if kind == "subsystem" else ()
    ):
        words = each.name if str(each.id) == named else words
    for server in directory.servers if kind == "server" else ():
        if str(server.id) == named:
            texts |= {"address": server.address, "maintenance": "yes" if server.in_maintenance else ""}
            texts["members"] = "\n".join(sorted(str(client) for client in server.clients))
    for group in directory.groups if kind == "group" else ():
        if group.code == named:
            words, texts["members"] = group.description, "\n".join(sorted(map(str, group.members)))
    return Filled(texts | {f"name-{code}": text for code, text in words.items()})


def _who(directory: Directory, named: str) -> ClientId | ServerId:
    """Return whom `named` means: a server where the directory has one of that name, else a client."""
    servers = {str(server.id): server.id for server in directory.servers}
    return servers.get(named) or names.client_named(named)

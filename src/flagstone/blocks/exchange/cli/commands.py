# SPDX-License-Identifier: EUPL-1.2
"""`flagstone exchange`: clients, services, rights and the log of this site's server, at the command line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from flagstone.blocks.exchange.cli import bringing, evidence, members
from flagstone.blocks.exchange.cli.tools import (
    OPERATOR,
    Basis,
    Declared,
    Endpoints,
    Open,
    Tools,
    WhyGiven,
    done,
    named,
    opened,
    words,
)
from flagstone.blocks.exchange.contract.faults import ServiceUnknown
from flagstone.blocks.exchange.contract.log import Exchanged, LogQuery
from flagstone.blocks.exchange.contract.service import (
    Connection,
    Endpoint,
    LocalClient,
    Purpose,
    Right,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.model import names, places
from flagstone.blocks.exchange.model.descriptions import difference
from flagstone.blocks.exchange.model.plan_reader import endpoint_named
from flagstone.blocks.exchange.model.services import WHOLE
from flagstone.blocks.exchange.service.documents import text_of
from flagstone.kernel.audit import Reason

Service = Annotated[str, typer.Argument(help="INSTANCE/CLASS/CODE/SUBSYSTEM/SERVICE")]
Holder = Annotated[str, typer.Argument(help="A client's identifier, global:GROUP or local:GROUP.")]
Client = Annotated[str, typer.Argument(help="INSTANCE/CLASS/CODE/SUBSYSTEM")]
PLACE_HELP = "path:/people/{person}, query:NAME, request:/POINTER or response:/POINTER; again for more."
HIDER_HELP = "A client that by law may keep a use hidden for a while; again for more."


def commands(open_site: Open) -> typer.Typer:
    """Return the sub-commands; `open_site` opens the parts of the site that the settings name."""
    app = typer.Typer(help="The exchange: clients, services, rights, the message log.", no_args_is_help=True)
    _showing(app, open_site)
    _searching(app, open_site)
    _carrying(app, open_site)
    _offering(app, open_site)
    _naming(app, open_site)
    _permitting(app, open_site)
    members.add_to(app, open_site)
    bringing.add_to(app, open_site)
    evidence.add_to(app, open_site)
    return app


def _showing(app: typer.Typer, open_site: Open) -> None:
    """Add the commands that only look."""

    @app.command()
    def status() -> None:
        """Show this server, its directory and how much it carries."""
        with opened(open_site) as tools:
            _show_status(tools)

    @app.command()
    def clients() -> None:
        """Show whose messages this server carries."""
        with opened(open_site) as tools:
            table = Table("Client", "Connection", "Certificates")
            for each in tools.exchange.snapshot().clients.values():
                table.add_row(str(each.id), each.connection.value, str(len(each.certificates)))
        Console().print(table)

    @app.command()
    def services() -> None:
        """Show what this server's clients offer."""
        with opened(open_site) as tools:
            table = Table("Service", "Title", "Kind", "Address", "Endpoints", "State")
            for each in tools.exchange.snapshot().services.values():
                state = "enabled" if each.enabled else "disabled"
                count = str(len(each.endpoints))
                table.add_row(str(each.id), words(each.title), each.kind.value, each.url, count, state)
        Console().print(table)

    @app.command()
    def rights(service: Annotated[str, typer.Argument(help="Only of this service.")] = "") -> None:
        """Show who may call what."""
        wanted = named(names.service_named, service) if service else None
        with opened(open_site) as tools:
            table = Table("Service", "Holder", "Endpoint", "Purpose", "Legal basis")
            for offered, given in tools.exchange.snapshot().rights.items():
                for each in given if wanted in {None, offered} else ():
                    where = f"{each.endpoint.method} {each.endpoint.path}"
                    said = (each.purpose.words, each.purpose.legal_basis)
                    table.add_row(str(offered), names.named_subject(each.subject), where, *said)
        Console().print(table)


def _searching(app: typer.Typer, open_site: Open) -> None:
    """Add the command that searches the message log."""

    @app.command("log")
    def search(
        message: Annotated[str, typer.Option(help="Only the message of this X-Road-Id.")] = "",
        client: Annotated[str, typer.Option(help="Only of this client.")] = "",
        service: Annotated[str, typer.Option(help="Only of this service.")] = "",
        hours: Annotated[int, typer.Option(help="Only of so many hours.", min=1, max=8_760)] = 24,
        count: Annotated[int, typer.Option(help="At most so many.", min=1, max=500)] = 50,
        *,
        failed: Annotated[bool, typer.Option("--failed", help="Only those that failed.")] = False,
    ) -> None:
        """Search the message log; the look is itself recorded."""
        query = LogQuery(
            message_id=message,
            client=named(names.client_named, client) if client else None,
            service=named(names.service_named, service) if service else None,
            since=datetime.now(UTC) - timedelta(hours=hours),
            failed_only=failed,
            page_size=count,
        )
        with opened(open_site) as tools:
            page = tools.exchange.search(OPERATOR, query)
        table = Table("Time", "Side", "Message", "Client", "Service", "Status", "Fault", "ms")
        for each in page.exchanges:
            table.add_row(*_line(each))
        Console().print(table)
        done(f"{len(page.exchanges)} of {page.total}")


def _carrying(app: typer.Typer, open_site: Open) -> None:
    """Add the commands for clients."""

    @app.command()
    def carry(
        client: Client,
        connection: Annotated[Connection, typer.Option(help="How it connects.")] = Connection.NOSSL,
        certificate: Annotated[list[Path] | None, typer.Option(help="DER file; again for more.")] = None,
        reason: WhyGiven = "Carried by the operator",
    ) -> None:
        """Carry a subsystem's messages, or change how it connects."""
        with opened(open_site) as tools:
            certificates = tuple(each.read_bytes() for each in certificate or [])
            local = LocalClient(named(names.client_named, client), connection, certificates)
            tools.exchange.register_client(OPERATOR, local, Reason(reason))
            done(f"{local.id} is carried.")

    @app.command()
    def drop(client: Client, reason: WhyGiven) -> None:
        """Carry a subsystem's messages no more; its services and rights go with it."""
        with opened(open_site) as tools:
            tools.exchange.remove_client(OPERATOR, named(names.client_named, client), Reason(reason))
            done(f"{client} is carried no more.")


def _offering(app: typer.Typer, open_site: Open) -> None:
    """Add the commands for services."""

    @app.command()
    def offer(
        service: Service,
        url: Annotated[str, typer.Argument(help="http(s) address, or a path of this site.")],
        *,
        title: Annotated[str, typer.Option(help="What it is called, in English.")] = "",
        openapi: Annotated[str, typer.Option(help="Its OpenAPI document: a file or an address.")] = "",
        purpose: Declared = "",
        basis: Basis = "",
        reason: WhyGiven = "Offered by the operator",
        personal: Annotated[bool | None, typer.Option(help="It tells of persons.")] = None,
    ) -> None:
        """Offer an HTTP API as a service, or change the one that is there; what is not said stays."""
        with opened(open_site) as tools:
            identifier = named(names.service_named, service)
            before = tools.exchange.snapshot().services.get(identifier)
            now = before or ServiceDefinition(identifier, ServiceKind.REST, url, {"en": identifier.code})
            now = replace(now, url=url, local=url.startswith("/"), **_described(openapi))
            _offer(tools, _said(now, title, Purpose(purpose, basis), personal=personal), Reason(reason))

    @app.command()
    def withdraw(service: Service, reason: WhyGiven) -> None:
        """Offer a service no more; its rights go with it."""
        with opened(open_site) as tools:
            tools.exchange.withdraw(OPERATOR, named(names.service_named, service), Reason(reason))
            done(f"{service} is withdrawn.")

    @app.command()
    def refresh(service: Service, reason: WhyGiven = "Refreshed by the operator") -> None:
        """Fetch a service's description anew and tell which endpoints came and went."""
        with opened(open_site) as tools:
            identifier = named(names.service_named, service)
            before = tools.exchange.snapshot().services.get(identifier)
            after = tools.exchange.refresh(OPERATOR, identifier, Reason(reason))
            changed = difference(before.endpoints if before else (), after.endpoints)
            for word, endpoints in (("came", changed.came), ("went", changed.went)):
                for each in endpoints:
                    done(f"{word}: {each.method} {each.path}")
            done(f"{service} has {len(after.endpoints)} endpoints.")


def _naming(app: typer.Typer, open_site: Open) -> None:
    """Add the command that says where persons are named."""

    @app.command()
    def persons(
        service: Service,
        at: Annotated[list[str] | None, typer.Option(help=PLACE_HELP)] = None,
        hider: Annotated[list[str] | None, typer.Option(help=HIDER_HELP)] = None,
        reason: WhyGiven = "Said by the operator",
    ) -> None:
        """Say where a service's messages name persons, and who may keep a use hidden from them.

        Without options, show what holds; one empty option takes away what was said.
        """
        with opened(open_site) as tools:
            found = _found(tools, service)
            now = _with_persons(found, at, hider)
            if now != found:
                _offer(tools, now, Reason(reason))
            for place in now.person_at:
                done(f"A person is named at {places.named_place(place)}")
            for client in now.hiders:
                done(f"{client} may keep a use hidden.")


def _permitting(app: typer.Typer, open_site: Open) -> None:
    """Add the commands for rights."""

    @app.command()
    def give(
        service: Service,
        holder: Holder,
        endpoint: Endpoints = None,
        *,
        purpose: Declared = "",
        basis: Basis = "",
        reason: WhyGiven = "Given by the operator",
    ) -> None:
        """Let somebody call a service, or only some of its endpoints."""
        with opened(open_site) as tools:
            rights = _rights(service, holder, endpoint)
            declared = Purpose(purpose, basis)
            tools.exchange.give(
                OPERATOR, [replace(each, purpose=declared) for each in rights], Reason(reason)
            )
            done(f"{holder} may call {service}.")

    @app.command()
    def take(service: Service, holder: Holder, reason: WhyGiven, endpoint: Endpoints = None) -> None:
        """Take rights away, all that somebody has to a service or only some; at once."""
        with opened(open_site) as tools:
            rights = _rights(service, holder, endpoint)
            if endpoint is None:
                given = tools.exchange.snapshot().rights.get(rights[0].service, ())
                rights = [each for each in given if each.subject == rights[0].subject]
            tools.exchange.take(OPERATOR, rights, Reason(reason))
            done(f"{len(rights)} rights of {holder} to {service} are taken.")


def _found(tools: Tools, service: str) -> ServiceDefinition:
    """Return a service that is offered here; ServiceUnknown."""
    found = tools.exchange.snapshot().services.get(named(names.service_named, service))
    if found is None:
        raise ServiceUnknown(service)
    return found


def _said(
    now: ServiceDefinition, title: str, purpose: Purpose, *, personal: bool | None
) -> ServiceDefinition:
    """Return a service with what a command says of it; the rest stays."""
    return replace(
        now,
        title={**now.title, "en": title} if title else now.title,
        purpose=purpose if purpose != Purpose() else now.purpose,
        personal=now.personal if personal is None else personal,
    )


def _with_persons(
    now: ServiceDefinition, at: list[str] | None, hiders: list[str] | None
) -> ServiceDefinition:
    """Return a service with other places of persons and other hiders; None leaves what there is."""
    if at is not None:
        now = replace(now, person_at=tuple(named(places.place_named, each) for each in at if each))
    if hiders is not None:
        now = replace(now, hiders=tuple(named(names.client_named, each) for each in hiders if each))
    return now


def _described(openapi: str) -> dict[str, Any]:
    """Return what an OpenAPI document, given as a file or an address, says of a service."""
    if not openapi:
        return {}
    fetched = openapi.startswith(("http://", "https://"))
    text = "" if fetched else text_of(Path(openapi).read_bytes())
    address = openapi if fetched else ""
    return {"kind": ServiceKind.OPENAPI3, "description": text, "description_url": address}


def _offer(tools: Tools, definition: ServiceDefinition, reason: Reason) -> None:
    """Offer a service, or change the one that is there."""
    if definition.id in tools.exchange.snapshot().services:
        tools.exchange.change(OPERATOR, definition, reason)
        done(f"{definition.id} is changed.")
    else:
        tools.exchange.offer(OPERATOR, definition, reason)
        done(f"{definition.id} is offered.")


def _rights(service: str, holder: str, endpoints: list[str] | None) -> list[Right]:
    """Return the rights that a command names; without endpoints the one to the whole service."""
    identifier, subject = named(names.service_named, service), named(names.subject_named, holder)
    chosen: list[Endpoint] = [named(endpoint_named, each) for each in endpoints or []]
    return [Right(subject, identifier, each) for each in chosen or [WHOLE]]


def _show_status(tools: Tools) -> None:
    """Print how this server stands."""
    snapshot, checked = tools.exchange.snapshot(), tools.checked_at()
    directory = snapshot.directory
    when = checked.isoformat(timespec="seconds") if checked else "never"
    table = Table(show_header=False)
    for name, value in (
        ("Server", str(snapshot.server)),
        ("Instance", directory.instance),
        ("Governs", "yes" if tools.is_centre else "no"),
        ("Directory", f"revision {directory.revision}, found to be the newest {when}"),
        ("Members", f"{len(directory.members)}, with {len(directory.subsystems)} subsystems"),
        ("Servers", str(len(directory.servers))),
        ("Clients here", str(len(snapshot.clients))),
        ("Services here", str(len(snapshot.services))),
        ("Rights here", str(sum(map(len, snapshot.rights.values())))),
    ):
        table.add_row(name, value)
    Console().print(table)


def _line(each: Exchanged) -> tuple[str, ...]:
    """Return an exchange as the cells of a row; nothing that was said in it."""
    request, response = each.request, each.response
    ended = ("", "", "")
    if response is not None:
        ended = (str(response.status), response.fault, str(response.milliseconds))
    at = request.at.isoformat(timespec="seconds")
    return at, request.side.value, request.message_id, str(request.client), str(request.service), *ended

# SPDX-License-Identifier: EUPL-1.2
"""`flagstone exchange members`: who belongs to the exchange; changes at the centre only."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flagstone.blocks.exchange.cli.tools import OPERATOR, Open, WhyGiven, done, named, opened, words
from flagstone.blocks.exchange.contract.directory import GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.model import names
from flagstone.kernel.audit import Reason

Name = Annotated[str, typer.Option(help="Its name in English.")]
Clients = Annotated[list[str] | None, typer.Option("--client", help="A client; again for more.")]


def add_to(parent: typer.Typer, open_site: Open) -> None:
    """Add the sub-commands for members, subsystems, servers and global groups."""
    app = typer.Typer(help="Members, subsystems, servers and global groups.", no_args_is_help=True)
    parent.add_typer(app, name="members")
    _showing(app, open_site)
    _admitting(app, open_site)

    @app.command("keep-group")
    def keep_group(
        code: str,
        client: Clients = None,
        description: Annotated[str, typer.Option(help="What it is, in English.")] = "",
        reason: WhyGiven = "Decided at the centre",
    ) -> None:
        """Keep a global group with exactly these clients; without any it is removed."""
        with opened(open_site) as tools:
            listed = frozenset(named(names.client_named, each) for each in client or [])
            group = GlobalGroup(named(names.part, code), {"en": description or code}, listed)
            tools.governance.keep_global_group(OPERATOR, group, Reason(reason))
            done(f"Group {code} has {len(listed)} clients.")

    @app.command()
    def dismiss(
        who: Annotated[str, typer.Argument(help="A member, a subsystem, or with --server a server.")],
        reason: WhyGiven,
        *,
        server: Annotated[bool, typer.Option("--server", help="WHO is a server.")] = False,
    ) -> None:
        """Remove a member with its subsystems, one subsystem, or a server."""
        with opened(open_site) as tools:
            gone: ClientId | ServerId = named(names.server_named, who) if server else _client(who)
            tools.governance.dismiss(OPERATOR, gone, Reason(reason))
            done(f"{who} is dismissed.")


def _client(text: str) -> ClientId:
    return named(names.client_named, text)


def _showing(app: typer.Typer, open_site: Open) -> None:
    @app.command("list")
    def show() -> None:
        """Show everybody in the directory, and the servers that carry them."""
        with opened(open_site) as tools:
            directory = tools.governance.directory()
        table = Table("Identifier", "Name", "Carried by")
        for member in directory.members:
            table.add_row(str(member.id), words(member.name), "")
        for subsystem in directory.subsystems:
            servers = ", ".join(str(each.id) for each in directory.servers_of(subsystem.id))
            table.add_row(str(subsystem.id), words(subsystem.name), servers)
        Console().print(table)


def _admitting(app: typer.Typer, open_site: Open) -> None:
    @app.command("admit")
    def admit(
        who: Annotated[str, typer.Argument(help="INSTANCE/CLASS/CODE or with /SUBSYSTEM.")],
        name: Name,
        reason: WhyGiven = "Admitted at the centre",
    ) -> None:
        """Admit a member or a subsystem of one, or change its name."""
        with opened(open_site) as tools:
            client = named(names.client_named, who)
            if client.subsystem:
                subsystem = Subsystem(client, {"en": name})
                tools.governance.admit_subsystem(OPERATOR, subsystem, Reason(reason))
            else:
                tools.governance.admit_member(OPERATOR, Member(client, {"en": name}), Reason(reason))
            done(f"{client} is admitted.")

    @app.command("admit-server")
    def admit_server(
        server: Annotated[str, typer.Argument(help="INSTANCE/CLASS/CODE/SERVER")],
        address: Annotated[str, typer.Argument(help="http(s)://HOST:PORT")],
        client: Clients = None,
        reason: WhyGiven = "Admitted at the centre",
        *,
        maintenance: Annotated[bool, typer.Option("--maintenance", help="It is in maintenance.")] = False,
    ) -> None:
        """Admit a server with exactly these clients, or change it."""
        with opened(open_site) as tools:
            carried = frozenset(named(names.client_named, each) for each in client or [])
            admitted = Server(named(names.server_named, server), address, carried, maintenance)
            tools.governance.admit_server(OPERATOR, admitted, Reason(reason))
            done(f"{server} is admitted with {len(carried)} clients.")

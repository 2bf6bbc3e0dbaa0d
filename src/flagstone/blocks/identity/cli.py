# SPDX-License-Identifier: EUPL-1.2
"""`flagstone identity`: the provider's keys, its clients, and ending a person's sign-ins."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flagstone.blocks.identity.contract import Client, ClientInvalid
from flagstone.blocks.identity.model.registration import client_from
from flagstone.blocks.identity.service.provider import Provider
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.ids import PersonCode

Open = Callable[[], AbstractContextManager[Provider]]

REGISTRATION_BYTES_MAX = 65_536
OPERATOR = job("flagstone identity")
ReasonGiven = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]


def commands(open_provider: Open) -> typer.Typer:
    """Return the sub-commands; `open_provider` opens the site's provider for one command."""
    app = typer.Typer(help="The identity provider: keys, clients, sign-ins.", no_args_is_help=True)
    app.add_typer(_key_commands(open_provider), name="keys")
    app.add_typer(_client_commands(open_provider), name="clients")

    @app.command("sign-out")
    def sign_out(reason: ReasonGiven = "signed out by the operator") -> None:
        """End every sign-in of one person; her personal code is read from standard input."""
        with open_provider() as provider:
            ended = provider.end_sessions_of(PersonCode(sys.stdin.readline().strip()), reason)
        typer.echo(f"{ended} sign-ins ended.")

    return app


def _key_commands(open_provider: Open) -> typer.Typer:
    """Return the commands for signing keys."""
    app = typer.Typer(help="Signing keys: published before use, kept until all has expired.")

    @app.command("list")
    def show() -> None:
        """Show each key, its state and its dates."""
        table = Table("Algorithm", "Key", "State", "Signs from", "Leaves")
        with open_provider() as provider:
            for algorithm, ring in provider.vault.rings.items():
                for place, state in ring.states(provider.clock.now()):
                    table.add_row(algorithm, place.id, state.value, place.used_from, place.retired_at)
        Console().print(table)

    @app.command("rotate")
    def rotate() -> None:
        """Publish a next key for each algorithm; it signs once verifiers have had time to learn it."""
        with open_provider() as provider:
            for algorithm, key in provider.rotate_keys().items():
                typer.echo(f"{algorithm}: next key {key}")

    @app.command("revoke")
    def revoke(algorithm: str, key: str) -> None:
        """Take a key out at once, when others may know it; what it signed is no longer accepted."""
        with open_provider() as provider:
            if algorithm not in provider.vault.rings:
                raise typer.BadParameter("the algorithm is ES256 or RS256")
            now_signing = provider.vault.rings[algorithm].revoke(provider.clock.now(), key).id
        typer.echo(f"{algorithm}: {key} is revoked, {now_signing} signs now")

    return app


def _client_commands(open_provider: Open) -> typer.Typer:
    """Return the commands for clients."""
    app = typer.Typer(help="Clients: relying parties and machines.")

    @app.command("add")
    def add(file: Path, reason: ReasonGiven) -> None:
        """Register the client that FILE describes in JSON; a secret is shown this once."""
        client = read_registration(file)
        with open_provider() as provider:
            secret = provider.clients.add(client, OPERATOR, Reason(reason))
        typer.echo(f"Client {client.id} is registered.")
        if secret:
            typer.echo(f"Secret, shown only now: {secret}")

    @app.command("close")
    def close(client: str, reason: ReasonGiven) -> None:
        """Close a client: it gets no code and no token from now on."""
        with open_provider() as provider:
            provider.clients.close(client, OPERATOR, Reason(reason))
        typer.echo(f"Client {client} is closed.")

    @app.command("list")
    def show() -> None:
        """Show every client."""
        table = Table("Client", "Proves itself by", "Scopes", "State")
        with open_provider() as provider:
            for each in provider.clients.all():
                state = "active" if each.active else "closed"
                table.add_row(each.id, each.authentication.value, " ".join(sorted(each.scopes)), state)
        Console().print(table)

    return app


def read_registration(file: Path) -> Client:
    """Return the client that a JSON file describes; ClientInvalid when it cannot be read."""
    try:
        data = file.read_bytes()
        document = json.loads(data) if len(data) <= REGISTRATION_BYTES_MAX else None
    except (OSError, ValueError, RecursionError) as error:
        raise ClientInvalid(f"{file} cannot be read as JSON") from error
    if not isinstance(document, Mapping):
        raise ClientInvalid(f"{file} is not a JSON object of at most {REGISTRATION_BYTES_MAX} bytes")
    return client_from(document)

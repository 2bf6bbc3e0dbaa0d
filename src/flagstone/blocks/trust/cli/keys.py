# SPDX-License-Identifier: EUPL-1.2
"""`flagstone trust keys`: make, certify and destroy the keys of the site, on record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from flagstone.blocks.trust.cli.opened import OPERATOR, Open, said, written
from flagstone.blocks.trust.contract.faults import KeyUnknown
from flagstone.blocks.trust.contract.keys import Key, KeyType, Purpose
from flagstone.kernel.clock import rfc3339

Id = Annotated[str, typer.Argument(help="Id of the key.")]


def commands(open_trust: Open) -> typer.Typer:
    """Return the sub-commands."""
    app = typer.Typer(help="The keys of the site.", no_args_is_help=True)
    _making(app, open_trust)
    _ending(app, open_trust)
    return app


def _making(app: typer.Typer, open_trust: Open) -> None:
    """Add the commands that make and certify."""

    @app.command("list")
    def listed() -> None:
        """List every key there was, the newest first, and how often it was used."""
        with open_trust() as opened:
            found = opened.keys.keys(OPERATOR)
        table = Table(Column("Id", no_wrap=True), "Purpose", "Type", "Place", "State", "Since", "Uses")
        for each in found:
            table.add_row(*_row(each))
        Console().print(table)

    @app.command()
    def make(
        purpose: Annotated[Purpose, typer.Argument(help="What the key is for.")],
        type_: Annotated[KeyType, typer.Option("--type", help="Kind of key.")] = KeyType.RSA_3072,
    ) -> None:
        """Make a key that waits for its certificate; prints its id."""
        with open_trust() as opened:
            said(opened.keys.make(OPERATOR, purpose, type_).id)

    @app.command()
    def csr(
        key_id: Id, out: Annotated[Path, typer.Option("--out", help="File to write to; a new one.")]
    ) -> None:
        """Write a PKCS#10 request for a key."""
        with open_trust() as opened:
            written(out, opened.keys.request_for(OPERATOR, key_id))

    @app.command()
    def adopt(
        file: Annotated[Path, typer.Argument(help="PEM of the certificate and of those above it.")],
    ) -> None:
        """Take the certificate of a key; the key is used from now on, and the one before it retires."""
        try:
            certificate = file.read_bytes()
        except OSError as error:
            raise KeyUnknown(f"{file} cannot be read") from error
        with open_trust() as opened:
            key = opened.keys.adopt(OPERATOR, certificate)
        said(f"{key.id} {key.state.value}")


def _ending(app: typer.Typer, open_trust: Open) -> None:
    """Add the command that destroys."""

    @app.command()
    def destroy(
        key_id: Id, words: Annotated[str, typer.Option("--words", help="Why it is destroyed.")]
    ) -> None:
        """Destroy a key that is retired or still waits, for good."""
        with open_trust() as opened:
            key = opened.keys.destroy(OPERATOR, key_id, words)
        said(f"{key.id} {key.state.value}")


def _row(key: Key) -> tuple[str, ...]:
    """Return a key as the cells of a table."""
    uses = f"{key.uses}" + (f" (+{key.uses_lost_max} at most)" if key.uses_lost_max else "")
    return (
        key.id,
        key.purpose.value,
        key.type.value,
        key.place,
        key.state.value,
        rfc3339(key.changed_at),
        uses,
    )

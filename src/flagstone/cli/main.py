# SPDX-License-Identifier: EUPL-1.2
"""The command `flagstone`: every sub-command in one list, every fault as one clear message."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console

from flagstone.blocks.identity import cli as identity
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.registry import cli as registry
from flagstone.blocks.registry.contract import Registry
from flagstone.cli import auditing, checking, making, migrating, options, running
from flagstone.kernel.errors import Fault


@contextmanager
def _provider() -> Iterator[Provider]:
    """Open the identity provider of the site for one command."""
    with options.visiting() as site:
        yield site.services.provider


@contextmanager
def _registry() -> Iterator[Registry]:
    """Open the registry of the site for one command."""
    with options.visiting() as site:
        yield site.services.registry


app = typer.Typer(
    name="flagstone",
    help="A whole digital state in one package.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("up")(running.up)
app.command("serve")(running.serve)
app.command("make")(running.make)
app.command("check")(checking.check)
app.command("migrate")(migrating.migrate)
app.command("new-country")(making.new_country)
app.command("new-block")(making.new_block)
app.add_typer(auditing.app, name="audit")
app.callback()(options.remember)
app.add_typer(identity.commands(_provider), name="identity")
app.add_typer(registry.commands(_registry), name="registry")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; a fault is told with what to do, and the exit code is 2."""
    try:
        app(list(arguments) if arguments is not None else None)
    except Fault as fault:
        tell(fault)
        sys.exit(2)


def tell(fault: Fault) -> None:
    """Say on the error stream what happened and what to do."""
    console = Console(stderr=True, highlight=False)
    console.print(
        f"[bold red]{fault.title}[/]" + (f": {fault.detail}" if fault.detail else ""), soft_wrap=True
    )
    for flaw in fault.flaws:
        console.print(f"  {flaw.pointer}: {flaw.message}", markup=False, soft_wrap=True)
    console.print(f"{fault.remedy}  [dim]({fault.code})[/]", soft_wrap=True)

# SPDX-License-Identifier: EUPL-1.2
"""The command `flagstone`: every sub-command in one list, every fault as one clear message."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import typer
from rich.console import Console
from rich.markup import escape

from flagstone.app.globalconf import following_apart
from flagstone.blocks.exchange.cli import commands as exchange_commands
from flagstone.blocks.exchange.cli import globalconf, news
from flagstone.blocks.exchange.service.log_counts import HandedOut
from flagstone.blocks.identity import cli as identity
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.registry import cli as registry
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.rules.cli import commands as rules
from flagstone.blocks.rules.service.decisions import Service as Decisions
from flagstone.blocks.tracker import cli as tracker
from flagstone.blocks.trust.cli.commands import commands as trust_commands
from flagstone.cli import (
    auditing,
    checking,
    exchanging,
    making,
    migrating,
    options,
    ruling,
    running,
    sites,
    trusting,
)
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import Fault, SettingsFault
from flagstone.platform.http import logs

UNFORESEEN = 70  # EX_SOFTWARE of sysexits.h
PLACES = 3


@contextmanager
def _provider() -> Iterator[Provider]:
    """Open the identity provider of the site for one command."""
    with options.visiting() as site:
        if site.services.identity is None:
            raise SettingsFault(f"site: {site.plan.code} signs nobody in")
        yield site.services.identity.provider


@contextmanager
def _registry() -> Iterator[Registry]:
    """Open the registry of the site for one command."""
    with options.visiting() as site:
        yield site.services.registry


@contextmanager
def _tracker() -> Iterator[tracker.Opened]:
    """Open the tracker of the site for one command, with what the message log says of personal data."""
    with options.visiting() as site:
        exchange = site.services.exchange
        handed_out = HandedOut(site.databases["exchange"], exchange.service).between if exchange else nothing
        yield tracker.Opened(site.services.tracker, handed_out, SystemClock())


@contextmanager
def _decisions() -> Iterator[Decisions]:
    """Open the decisions of the site for one command."""
    with options.visiting() as site:
        if site.services.computing is None:
            raise SettingsFault(f"site: {site.plan.code} computes by no law")
        yield site.services.computing.decisions


def nothing(_since: datetime, _until: datetime) -> tuple[()]:
    """Return that no message passed: there is no exchange."""
    return ()


@contextmanager
def _news() -> Iterator[news.Opened]:
    """Open the events of the site for one command."""
    with options.visiting() as site:
        if site.services.announcing is None:
            raise SettingsFault(f"country: {site.country.code} has no exchange")
        yield news.Opened(site.services.announcing.news, site.services.announcing.inbox)


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
app.add_typer(sites.app, name="sites")
app.callback()(options.remember)
app.add_typer(identity.commands(_provider), name="identity")
app.add_typer(registry.commands(_registry), name="registry")
app.add_typer(tracker.commands(_tracker), name="tracker")
app.add_typer(rules.commands(ruling.serve, _decisions), name="rules")
exchange = exchange_commands.commands(exchanging.opened)
exchange.add_typer(news.commands(_news), name="news")
exchange.add_typer(globalconf.commands(exchanging.configuration, following_apart), name="conf")
app.add_typer(exchange, name="exchange")
app.add_typer(trust_commands(trusting.opened), name="trust")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; a fault is told with what to do, and the exit code is 2, without any trace.

    An error that nobody foresaw is told by its class and place, without its text, with exit code 70.
    """
    try:
        app(list(arguments) if arguments is not None else None)
    except Fault as fault:
        tell(fault)
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - the last net: its text may quote a person's data
        _tell_unforeseen(error)
        sys.exit(UNFORESEEN)


def tell(fault: Fault) -> None:
    """Say on the error stream what happened and what to do."""
    console = Console(stderr=True, highlight=False)
    detail = f": {escape(fault.detail)}" if fault.detail else ""
    console.print(f"[bold red]{fault.title}[/]{detail}", soft_wrap=True)
    for flaw in fault.flaws:
        console.print(f"  {flaw.pointer}: {flaw.message}", markup=False, soft_wrap=True)
    console.print(f"{escape(fault.remedy)}  [dim]({fault.code})[/]", soft_wrap=True)


def _tell_unforeseen(error: Exception) -> None:
    """Say on the error stream which class of error came from where."""
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]{Fault.title}[/]: {type(error).__qualname__}", soft_wrap=True)
    for place in logs.described(error)["places"][-PLACES:]:
        console.print(f"  {place}", markup=False, soft_wrap=True)
    console.print("This is a fault of the program; report it with these lines.")

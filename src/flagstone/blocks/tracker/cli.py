# SPDX-License-Identifier: EUPL-1.2
"""`flagstone tracker`: compare with the exchange's log, look for unusual reading, list open questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flagstone.blocks.tracker.contract import Messages, Oversight, Reconciliation, Signal, SignalKind
from flagstone.kernel.audit import Caller, job
from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.kernel.errors import Fault

OPERATOR = Caller(job("flagstone tracker"))
WORDS = {
    SignalKind.NO_CASE: "read without naming a case",
    SignalKind.SUDDEN_RATE: "read far more than usual",
    SignalKind.SAME_PERSON_OFTEN: "looked up the same person often",
    SignalKind.RECORD_MISSING: "the exchange knows of reads that have no record",
    SignalKind.PERSON_UNREAD: "messages did not say whose data they used",
}


@dataclass(frozen=True)
class Opened:
    """What a command works with: the site's oversight, the exchange's messages, and the time."""

    oversight: Oversight
    messages: Messages
    clock: Clock


Open = Callable[[], AbstractContextManager[Opened]]
Since = Annotated[str, typer.Option(help="RFC 3339 time; a day ago by default.")]
Until = Annotated[str, typer.Option(help="RFC 3339 time; now by default.")]


def commands(open_service: Open) -> typer.Typer:
    """Return the sub-commands; `open_service` opens the tracker of the site that the settings name."""
    app = typer.Typer(name="tracker", help="Who used persons' data: compare, watch.", no_args_is_help=True)
    console = Console(stderr=True)

    @app.command()
    def reconcile(since: Since = "", until: Until = "") -> None:
        """Compare the exchange's log with the records of use; exit status 1 when a record is missing."""
        with _told(console), open_service() as opened:
            now = opened.clock.now()
            period = _time(since, now - timedelta(days=1)), _time(until, now)
            found = opened.oversight.reconcile(opened.messages, *period)
        _show_reconciliation(found)
        if not found.complete:
            raise typer.Exit(1)

    @app.command()
    def signals() -> None:
        """Look at the newest readings and list the open signals; pseudonyms stay what they are."""
        with _told(console), open_service() as opened:
            opened.oversight.watch()
            found = [one for one in opened.oversight.signals(OPERATOR) if one.settled_at is None]
        Console().print(_signals(found))

    @app.command()
    def questions() -> None:
        """List the open questions of persons, without their words."""
        with _told(console), open_service() as opened:
            waiting = [one for one in opened.oversight.questions(OPERATOR) if one.answered_at is None]
        table = Table("Asked", "About", "At", "Register")
        for one in waiting:
            table.add_row(
                rfc3339(one.asked_at), one.usage.action, rfc3339(one.usage.logtime), one.usage.register
            )
        Console().print(table)

    return app


def _show_reconciliation(found: Reconciliation) -> None:
    """Print what does not agree, one line a message."""
    for message in found.missing:
        typer.echo(f"missing: message {message} told of more uses than there are records")
    for message in found.surplus:
        typer.echo(f"surplus: message {message} has more records than its answer told of")
    typer.echo(
        f"{rfc3339(found.since)} to {rfc3339(found.until)}: {found.messages} messages, "
        f"{found.records} records, {len(found.missing)} missing, {len(found.surplus)} surplus, "
        f"{found.unsaid} messages that told nothing"
    )


def _signals(found: list[Signal]) -> Table:
    table = Table("Raised", "Official", "What", "Register", "Readings")
    for one in found:
        table.add_row(rfc3339(one.raised_at), one.official, WORDS[one.kind], one.register, str(one.count))
    return table


def _time(text: str, default: datetime) -> datetime:
    """Return the time that an option names; a wrong one is a wrong option."""
    try:
        return parse_rfc3339(text) if text else default
    except ValueError as error:
        raise typer.BadParameter("a time is RFC 3339 with an offset, such as 2026-11-22T08:00:00Z") from error


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Turn a fault into its title, detail and remedy, and exit status 1."""
    try:
        yield
    except Fault as fault:
        console.print(f"{fault.title}. {fault.detail}".strip(), markup=False)
        console.print(fault.remedy, markup=False)
        raise typer.Exit(1) from fault

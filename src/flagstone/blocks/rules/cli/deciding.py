# SPDX-License-Identifier: EUPL-1.2
"""`flagstone rules decisions | keys | replay | touched`: what a site decided, checked and computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from flagstone.blocks.rules.contract.decision import Replay, Touched
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Fault

if TYPE_CHECKING:
    from flagstone.blocks.rules.service.decisions import Service

    Open = Callable[[], AbstractContextManager[Service]]

OPERATOR = Caller(job("flagstone rules"))
LOOKING = Reason("see which decisions a change of the law touches")
TURNING = Reason("rotate the key that signs decisions")
BROKEN_SHOWN = 50
Numbers = Annotated[list[str] | None, typer.Argument(help="Numbers of decisions.")]
Day = Annotated[
    list[str], typer.Option("--known-at", help="A day, YYYY-MM-DD: give it twice, before and after.")
]


def add_to(app: typer.Typer, open_decisions: Open) -> None:
    """Add the sub-commands; `open_decisions` opens the decisions of the site that the settings name."""
    console = Console(stderr=True)
    app.add_typer(_decisions(open_decisions, console), name="decisions")
    app.add_typer(_keys(open_decisions, console), name="keys")
    _add_replay(app, open_decisions, console)
    _add_touched(app, open_decisions, console)


def _decisions(open_decisions: Open, console: Console) -> typer.Typer:
    decisions = typer.Typer(help="List decisions, or verify all of them.", invoke_without_command=True)

    @decisions.callback()
    def listed(context: typer.Context) -> None:
        """List the newest decisions; nothing about anybody is shown."""
        if context.invoked_subcommand is None:
            with _told(console), open_decisions() as service:
                _list(service)

    @decisions.command("verify")
    def verify() -> None:
        """Verify every record, signature, row and archive, and the chain; exit status 1 when not whole."""
        with _told(console), open_decisions() as service:
            checked = service.verify(OPERATOR)
        for each in checked.broken[:BROKEN_SHOWN]:
            typer.echo(f"broken: {each.number or 'all'}: {each.what}")
        typer.echo(f"{checked.decisions} decisions, {len(checked.broken)} broken")
        if not checked.whole:
            raise typer.Exit(1)

    return decisions


def _keys(open_decisions: Open, console: Console) -> typer.Typer:
    keys = typer.Typer(help="The keys that sign decisions: list, rotate.", no_args_is_help=True)

    @keys.command("list")
    def listed() -> None:
        """List the keys that decisions are verified by; the first signs."""
        with _told(console), open_decisions() as service:
            for place, each in enumerate(service.public_keys()):
                typer.echo(f"{each['kid']} {'verifies' if place else 'signs'}")

    @keys.command("rotate")
    def rotate() -> None:
        """Let a new key sign from now on; what the keys before it signed stays verifiable."""
        with _told(console), open_decisions() as service:
            typer.echo(service.turn_key(OPERATOR, TURNING))

    return keys


def _add_replay(app: typer.Typer, open_decisions: Open, console: Console) -> None:
    @app.command("replay")
    def replay(
        numbers: Numbers = None,
        *,
        every: Annotated[bool, typer.Option("--all", help="Replay every decision.")] = False,
    ) -> None:
        """Compute decisions again by the law kept for them; exit status 1 when one differs in any bit."""
        if every == bool(numbers):
            raise typer.BadParameter("name decisions, or give --all")
        with _told(console), open_decisions() as service:
            done = _replayed(service.replay_all(OPERATOR, tuple(numbers or ())))
        if not done:
            raise typer.Exit(1)


def _add_touched(app: typer.Typer, open_decisions: Open, console: Console) -> None:
    @app.command("touched")
    def touched(known_at: Day) -> None:
        """List the decisions that a change of the law touches, and how many values of each become others."""
        days = [_day(each) for each in known_at]
        if len(days) != 2:
            raise typer.BadParameter("give --known-at twice: a day before the change and one after it")
        before, after = (Terms(known_at=each) for each in days)
        with _told(console), open_decisions() as service:
            found = service.touched(before, after, OPERATOR, LOOKING)
        for each in found:
            typer.echo(_line(each))
        typer.echo(f"{len(found)} decisions touched, {sum(bool(each.becomes) for each in found)} change")


def _list(service: Service) -> None:
    table = Table("Place", "Number", "What", "At", "Replaces")
    for each in service.newest(OPERATOR):
        table.add_row(str(each.sequence), each.number, each.kind, rfc3339(each.at), each.replaces)
    Console().print(table)


def _replayed(found: Iterator[Replay]) -> bool:
    """Tell what differs, count, and return whether all are the same."""
    same = others = 0
    notes: dict[str, int] = {}
    for each in found:
        same, others = same + each.same, others + (not each.same)
        for difference in each.differences:
            typer.echo(f"differs: {each.number}: {difference}")
        for note in each.notes:
            notes[note] = notes.get(note, 0) + 1
    for note, count in notes.items():
        typer.echo(f"note, of {count}: {note}")
    typer.echo(f"{same} identical, {others} differ")
    return others == 0


def _line(touched: Touched) -> str:
    """Return a decision that is touched, without any amount."""
    change = f"{len(touched.becomes)} values become others" if touched.becomes else "stays as it is"
    return f"{touched.number}: {change} ({', '.join(touched.parameters)})"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a day is written YYYY-MM-DD") from error


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Turn a fault into its title, detail and remedy, and exit status 1."""
    try:
        yield
    except Fault as fault:
        console.print(f"{fault.title}. {fault.detail}".strip(), markup=False)
        console.print(fault.remedy, markup=False)
        raise typer.Exit(1) from fault

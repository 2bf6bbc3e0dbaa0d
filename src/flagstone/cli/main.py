# SPDX-License-Identifier: EUPL-1.2
"""The command `flagstone`: every sub-command in one list, every fault as one clear message."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.markup import escape

from flagstone.cli import options
from flagstone.cli.commands import Commands
from flagstone.kernel.errors import Fault
from flagstone.platform.http import logs

UNFORESEEN = 70  # EX_SOFTWARE of sysexits.h
PLACES = 3

app = typer.Typer(
    cls=Commands,
    name="flagstone",
    help="A whole digital state in one package.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.callback()(options.remember)


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

# SPDX-License-Identifier: EUPL-1.2
"""`sites` shows the sites of the country that runs here, and stops or starts one alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flagstone.cli import control
from flagstone.cli.options import Data, File, settled
from flagstone.cli.supervisor import Condition

app = typer.Typer(help="The sites of a country that runs here: list, stop, start.", no_args_is_help=True)
Named = Annotated[str, typer.Argument(help="Name of the site.")]
WAIT_SECONDS_MAX = 30


@app.command("list")
def show(settings: File = None, data: Data = None) -> None:
    """Show every site and how it stands."""
    chosen, _ = settled(settings, data)
    _print(control.ask(chosen.data, {"do": "list"}))


@app.command()
def stop(site: Named, settings: File = None, data: Data = None) -> None:
    """Stop one site; the others go on without it."""
    chosen, _ = settled(settings, data)
    control.ask(chosen.data, {"do": "stop", "site": site})
    _print(_awaited(chosen.data, site, Condition.STOPPED))


@app.command()
def start(site: Named, settings: File = None, data: Data = None) -> None:
    """Start one site that was stopped."""
    chosen, _ = settled(settings, data)
    control.ask(chosen.data, {"do": "start", "site": site})
    _print(_awaited(chosen.data, site, Condition.READY))


def _awaited(data: Path, site: str, wanted: Condition) -> dict[str, str]:
    """Return how all sites stand once `site` is as wanted, or after half a minute."""
    until = time.monotonic() + WAIT_SECONDS_MAX
    found = control.ask(data, {"do": "list"})
    while found.get(site) != wanted.value and time.monotonic() < until:
        time.sleep(0.1)
        found = control.ask(data, {"do": "list"})
    return found


def _print(conditions: dict[str, str]) -> None:
    """Print a line for each site."""
    console = Console(highlight=False)
    for code, condition in conditions.items():
        console.print(f"{condition:<10} {code}", markup=False)

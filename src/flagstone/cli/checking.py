# SPDX-License-Identifier: EUPL-1.2
"""`check` prints each setting's effective value and source, and what is wrong with them and the data."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from rich.console import Console
from rich.table import Table

from flagstone import country as countries
from flagstone.app.site import visited
from flagstone.cli.options import Data, File, SiteName, loaded
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import Fault
from flagstone.settings import Loaded


def check(settings: File = None, data: Data = None, site: SiteName = None) -> None:
    """Show every setting with its value and source; say what is wrong. Exit code 1 when anything is."""
    found = loaded(settings, data, site=site)
    console = Console(highlight=False)
    console.print(_table(found))
    wrong = list(_complaints(found))
    for complaint in wrong:
        console.print(f"[red]wrong[/]  {complaint}", soft_wrap=True)
    if not wrong:
        console.print("[green]All is well.[/]")
    raise typer.Exit(1 if wrong else 0)


def _table(found: Loaded) -> Table:
    """Return the settings as a table."""
    table = Table("setting", "value", "source", box=None)
    for option in found.options():
        value = ", ".join(option.value) if isinstance(option.value, tuple) else option.value
        table.add_row(option.name, "" if value is None else str(value), option.source)
    return table


def _complaints(found: Loaded) -> Iterator[str]:
    """Yield what is wrong: with the settings, then with the country, then with the data folder."""
    for flaw in found.flaws:
        yield f"{flaw.pointer}: {flaw.message}"
    if found.flaws:
        return
    settings = found.settings
    try:
        country = countries.load(settings.country)
        if (settings.data / settings.site).exists():
            with visited(settings, country, SystemClock()):
                return
    except Fault as fault:
        yield f"{fault.title}: {fault.detail} {fault.remedy}"

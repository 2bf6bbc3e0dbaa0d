# SPDX-License-Identifier: EUPL-1.2
"""`check` prints each setting's effective value and source, and what is wrong with them and the data."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from rich.console import Console
from rich.markup import escape

from flagstone import country as countries
from flagstone.app.site import visited
from flagstone.cli import doors
from flagstone.cli.options import Data, File, SiteName, loaded
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import Fault
from flagstone.platform.http import server
from flagstone.platform.http.look import read_look
from flagstone.settings.options import Settings
from flagstone.settings.reading import Loaded


def check(settings: File = None, data: Data = None, site: SiteName = None) -> None:
    """Show every setting with its value and source; say what is wrong. Exit code 1 when anything is."""
    found, _ = loaded(settings, data, site=site)
    console = Console(highlight=False)
    for line in _lines(found):
        console.print(line, markup=False, soft_wrap=True)
    wrong = list(_complaints(found))
    for complaint in wrong:
        console.print(f"[red]wrong[/]  {escape(complaint)}", soft_wrap=True)
    if not wrong:
        console.print("[green]All is well.[/]")
    raise typer.Exit(1 if wrong else 0)


def _lines(found: Loaded) -> Iterator[str]:
    """Yield each setting with its value and source; an address that holds a password is not shown."""
    wrong = {flaw.pointer for flaw in found.flaws}
    for option in found.options():
        value = ", ".join(option.value) if isinstance(option.value, tuple) else option.value
        shown = "" if value is None else str(value)
        if option.name == "database.url" and option.name in wrong:
            shown = "(not shown)"
        yield f"{option.name:<28} {shown:<28} {option.source}"


def _complaints(found: Loaded) -> Iterator[str]:
    """Yield what is wrong: with the settings, then with the country, then with the data folder."""
    for flaw in found.flaws:
        yield f"{flaw.pointer}: {flaw.message}"
    if found.flaws:
        return
    settings = found.settings
    for look in (_look_at_door, _look_at_site):
        try:
            look(settings)
        except Fault as fault:
            yield f"{fault.title}: {fault.detail or fault.code}. {fault.remedy}"


def _look_at_door(settings: Settings) -> None:
    """Raise what would keep the site from listening, but for a port that is taken: it may be its own."""
    tls = doors.tls(settings)
    if tls is not None:
        server.tls_context(tls)
    server.bind(settings.http.host, 0, tls=tls).close()


def _look_at_site(settings: Settings) -> None:
    """Raise what is wrong with the country, its look, or the data folder where there is one."""
    country = countries.load(settings.country)
    read_look(country.look)
    if (settings.folder).exists():
        with visited(settings, country, SystemClock()):
            return

# SPDX-License-Identifier: EUPL-1.2
"""`audit`: tells whether anything in the journals or tables is other than it was written."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape

from flagstone.app.checkpoints import sign_all, verify_all
from flagstone.app.site import visited
from flagstone.cli.options import Data, File, SiteName, settled_all
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage.verification import Verdict

app = typer.Typer(help="The audit log: verify it, sign its heads.", no_args_is_help=True)


@app.command()
def verify(settings: File = None, data: Data = None, site: SiteName = None) -> None:
    """Check every entry, row and checkpoint; name the first damage. Exit code 1 when there is any.

    Without --site every site of the country is looked at.
    """
    console = Console(highlight=False)
    verdicts: list[Verdict] = []
    for one, country in settled_all(settings, data, site):
        with visited(one, country, SystemClock()) as found:
            verdicts += verify_all(found.folder, found.databases)
    for verdict in verdicts:
        console.print(_words(verdict), soft_wrap=True)
    raise typer.Exit(0 if all(verdict.sound for verdict in verdicts) else 1)


@app.command()
def checkpoint(settings: File = None, data: Data = None, site: SiteName = None) -> None:
    """Sign the present heads of all journals; copy the checkpoints folder to another machine."""
    for one, country in settled_all(settings, data, site):
        with visited(one, country, SystemClock()) as found:
            sign_all(found.folder, found.databases)
            words = f"Signed heads are in {found.folder.checkpoints}"
            Console(highlight=False).print(words, markup=False, soft_wrap=True)


def _words(verdict: Verdict) -> str:
    """Return a verdict in one line."""
    if verdict.discovery is None:
        counts = f"{verdict.entries:,} entries, {verdict.rows:,} rows, head {verdict.head.hex()[:16]}"
        return f"[green]sound[/]  {verdict.origin}: {counts}"
    found = verdict.discovery
    return f"[red]{found.damage.value}[/]  {verdict.origin}: {escape(f'{found.place}: {found.words}')}"

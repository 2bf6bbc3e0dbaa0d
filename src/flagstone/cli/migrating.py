# SPDX-License-Identifier: EUPL-1.2
"""`migrate` shows what the databases lack, and takes the steps only when told to."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from flagstone.app import databases as bases
from flagstone.app.folder import claim_made, visit
from flagstone.cli.options import Data, File, SiteName, settled_all
from flagstone.country import Country
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage import migration
from flagstone.settings.options import Settings


def migrate(
    settings: File = None,
    data: Data = None,
    site: SiteName = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Take the steps; without it they are only shown.")
    ] = False,
) -> None:
    """Show the pending steps of every database; with --apply take them. There is no way back.

    Without --site every site of the country is looked at.
    """
    console = Console(highlight=False, markup=False)
    each = settled_all(settings, data, site)
    shown = sum([_migrate(*one, console, apply=apply) for one in each])
    if shown and not apply:
        console.print("Nothing was changed; --apply takes these steps.")


def _migrate(settings: Settings, country: Country, console: Console, *, apply: bool) -> int:
    """Show or take the steps of one site; return how many there are."""
    enter = claim_made if apply else visit
    folder = enter(settings.folder, country.code, settings.site)
    shown = 0
    try:
        with bases.opened(settings, country, folder, SystemClock()) as databases:
            for block, database in databases.items():
                steps = migration.migrate(database) if apply else migration.pending(database)
                verb = "took" if apply else "pending"
                for step in steps:
                    words = f"{block}: {step.chain} {step.revision}  {step.summary}"
                    console.print(f"{verb}  {settings.site}  {words}")
                shown += len(steps)
                if not steps:
                    console.print(f"current  {settings.site}  {block}")
    finally:
        folder.release()
    return shown

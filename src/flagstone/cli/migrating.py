# SPDX-License-Identifier: EUPL-1.2
"""`migrate` shows what the databases lack, and takes the steps only when told to."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from flagstone.app import databases as bases
from flagstone.app.folder import claim_made, visit
from flagstone.cli.options import Data, File, SiteName, settled
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage import migration


def migrate(
    settings: File = None,
    data: Data = None,
    site: SiteName = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Take the steps; without it they are only shown.")
    ] = False,
) -> None:
    """Show the pending steps of every database; with --apply take them. There is no way back."""
    chosen, country = settled(settings, data, site=site)
    console = Console(highlight=False, markup=False)
    shown = 0
    enter = claim_made if apply else visit
    folder = enter(chosen.data / chosen.site, country.code, chosen.site)
    try:
        with bases.opened(chosen, folder, SystemClock()) as databases:
            for block, database in databases.items():
                steps = migration.migrate(database) if apply else migration.pending(database)
                verb = "took" if apply else "pending"
                for step in steps:
                    console.print(f"{verb}  {block}: {step.chain} {step.revision}  {step.summary}")
                shown += len(steps)
                if not steps:
                    console.print(f"current  {block}")
        if shown and not apply:
            console.print("Nothing was changed; --apply takes these steps.")
    finally:
        folder.release()

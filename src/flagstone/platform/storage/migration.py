# SPDX-License-Identifier: EUPL-1.2
"""Migrations, forward only: the platform's own steps first, then the block's.

Each step is an Alembic revision file with `upgrade()` alone. `pending` shows before `migrate` acts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import translated
from flagstone.platform.storage.faults import MigrationsPending

if TYPE_CHECKING:
    from flagstone.platform.storage.steps import Step

OWN_MIGRATIONS = Path(__file__).with_name("migrations")


def pending(database: Database) -> list[Step]:
    """Return the steps that `migrate` would take; DatabaseNewer when the database knows more than we."""
    with translated(), database.writers.connect() as connection, connection.begin():
        behind = [chain for chain in _chains(database) if not _is_current(connection, *chain)]
        if not behind:
            return []
        from flagstone.platform.storage.steps import pending as lacking  # noqa: PLC0415 - rarely needed

        return [step for chain in behind for step in lacking(connection, *chain)]


def require_current(database: Database) -> None:
    """Raise MigrationsPending unless the database has every step."""
    found = pending(database)
    if found:
        raise MigrationsPending(f"{database.schema.block}: {len(found)} steps are pending")


def migrate(database: Database) -> list[Step]:
    """Take every pending step in one transaction and return them."""
    from flagstone.platform.storage.steps import pending as lacking  # noqa: PLC0415 - rarely needed
    from flagstone.platform.storage.steps import take  # noqa: PLC0415

    with database.turn(), translated(), database.writers.connect() as connection, connection.begin():
        taken = []
        for name, folder in _chains(database):
            taken += lacking(connection, name, folder)
            take(connection, name, folder)
        return taken


def _chains(database: Database) -> list[tuple[str, Path]]:
    """Return the two chains of steps, by name and folder."""
    return [("storage", OWN_MIGRATIONS), (database.schema.block, database.schema.migrations)]


def _is_current(connection: Connection, name: str, folder: Path) -> bool:
    """Tell whether a chain is at its newest step, whose file's name begins with its revision."""
    place = Table(f"{name}_version", MetaData(), Column("version_num", Text))
    newest = max(
        (file.stem.partition("_")[0] for file in (folder / "versions").glob("[0-9]*.py")), default=""
    )
    if not inspect(connection).has_table(place.name):
        return False
    return connection.execute(select(place.c.version_num)).scalar() == newest

# SPDX-License-Identifier: EUPL-1.2
"""Migrations, forward only: the platform's own steps first, then the block's.

Each step is an Alembic revision file with `upgrade()` alone. `pending` shows before `migrate` acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import translated
from flagstone.platform.storage.faults import DatabaseNewer, MigrationsPending

OWN_MIGRATIONS = Path(__file__).with_name("migrations")


@dataclass(frozen=True)
class Step:
    """One pending migration: which chain it belongs to, its revision and what it does."""

    chain: str
    revision: str
    summary: str


def pending(database: Database) -> list[Step]:
    """Return the steps that `migrate` would take; DatabaseNewer when the database knows more than we."""
    with translated(), database.writers.connect() as connection, connection.begin():
        return [step for chain in _chains(database) for step in _pending(connection, *chain)]


def require_current(database: Database) -> None:
    """Raise MigrationsPending unless the database has every step."""
    steps = pending(database)
    if steps:
        raise MigrationsPending(f"{database.schema.block}: {len(steps)} steps are pending")


def migrate(database: Database) -> list[Step]:
    """Take every pending step in one transaction and return them."""
    with database.turn(), translated(), database.writers.connect() as connection, connection.begin():
        steps = []
        for name, folder in _chains(database):
            steps += _pending(connection, name, folder)
            _run(connection, name, folder)
        return steps


def _chains(database: Database) -> list[tuple[str, Path]]:
    """Return the two chains of steps, by name and folder."""
    return [("storage", OWN_MIGRATIONS), (database.schema.block, database.schema.migrations)]


def _script(folder: Path) -> ScriptDirectory:
    """Return the revision files of a chain."""
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])


def _context(connection: Connection, name: str, **options: Any) -> MigrationContext:
    """Return the migration context of one chain; each keeps its place in a table of its own."""
    return MigrationContext.configure(connection, opts={"version_table": f"{name}_version", **options})


def _pending(connection: Connection, name: str, folder: Path) -> list[Step]:
    """Return the steps of one chain that the database lacks."""
    script = _script(folder)
    current = _context(connection, name).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseNewer(f"{name} is at {current}, which this program does not know")
    steps = []
    for revision in script.walk_revisions():
        if revision.revision == current:
            break
        steps.append(Step(name, revision.revision, (revision.doc or "").splitlines()[0]))
    return steps[::-1]


def _run(connection: Connection, name: str, folder: Path) -> None:
    """Upgrade one chain to its head."""
    script = _script(folder)
    heads = tuple(script.get_heads())

    def upgrade(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs(heads, revision)  # type: ignore[arg-type]

    context = _context(connection, name, fn=upgrade, transaction_per_migration=False)
    with Operations.context(context):
        context.run_migrations()

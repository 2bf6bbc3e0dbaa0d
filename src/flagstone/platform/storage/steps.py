# SPDX-License-Identifier: EUPL-1.2
"""Taking the steps of one chain by Alembic, loaded only where a step is pending."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from flagstone.platform.storage.faults import DatabaseNewer


@dataclass(frozen=True)
class Step:
    """One pending migration: which chain it belongs to, its revision and what it does."""

    chain: str
    revision: str
    summary: str


def pending(connection: Connection, name: str, folder: Path) -> list[Step]:
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


def take(connection: Connection, name: str, folder: Path) -> None:
    """Upgrade one chain to its head."""
    script = _script(folder)
    heads = tuple(script.get_heads())

    def upgrade(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs(heads, revision)  # type: ignore[arg-type]

    context = _context(connection, name, fn=upgrade, transaction_per_migration=False)
    with Operations.context(context):
        context.run_migrations()


def _script(folder: Path) -> ScriptDirectory:
    """Return the revision files of a chain."""
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])


def _context(connection: Connection, name: str, **options: Any) -> MigrationContext:
    """Return the migration context of one chain; each keeps its place in a table of its own."""
    return MigrationContext.configure(connection, opts={"version_table": f"{name}_version", **options})

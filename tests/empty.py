# SPDX-License-Identifier: EUPL-1.2
"""Blocks' empty SQLite databases: migrated once in a process, and written out for each test."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import MetaData

from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import Location
from flagstone.platform.storage.sql import BlockSchema


def placed(schema: BlockSchema, path: Path) -> Location:
    """Return a block's migrated database at `path`: as it was left there, or an empty one."""
    if not path.exists():
        path.write_bytes(_migrated(schema.block, migration.OWN_MIGRATIONS, schema.migrations))
    return engine.sqlite(path)


@cache
def _migrated(block: str, _platforms: Path, steps: Path) -> bytes:
    """Return the file that all steps make, those of the platform and of the block, without any row."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        schema = BlockSchema(block, MetaData(), steps)
        database = Database(schema, engine.sqlite(path), "aralia/test", clock=SystemClock())
        migration.migrate(database)
        database.close()
        assert not path.with_name(f"{path.name}-wal").exists(), "the file alone is the whole database"
        return path.read_bytes()

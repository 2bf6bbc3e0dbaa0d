# SPDX-License-Identifier: EUPL-1.2
"""The steps of every block lead exactly to the tables that its code uses, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, inspect

import flagstone.app.site  # noqa: F401 - with it every block has made its tables known
from flagstone.app.databases import SCHEMAS
from flagstone.platform.storage import engine, migration, postgresql
from flagstone.platform.storage.sql import BlockSchema
from flagstone.platform.storage.tables import metadata as platform_metadata

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

MADE_BY_HAND = {"record_words"}
"""Full text, which the code's tables cannot say; and the shadow tables that SQLite makes for it."""


@pytest.fixture
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of the kind that `open_database` opens, for tables made from the code."""
    if request.node.callspec.params["open_database"] == "sqlite":
        location = engine.sqlite(tmp_path / "live.sqlite")
    else:
        url = request.getfixturevalue("postgresql_database")
        location = postgresql.provision(url, "live", "any", postgresql.fresh_password())
    made = engine.writing_engine(location)
    yield made
    made.dispose()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.block)
def test_the_steps_make_the_tables_that_the_code_uses(
    open_database: OpenDatabase, live: Engine, schema: BlockSchema
) -> None:
    with live.begin() as connection:
        platform_metadata.create_all(connection)
        schema.metadata.create_all(connection)
    stepped = open_database(schema)
    by_steps, by_code = described(stepped.writers), described(live)
    for name in ("storage_version", f"{schema.block}_version"):
        del by_steps[name]
    assert by_steps == by_code


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.block)
def test_the_file_of_a_step_is_named_by_its_revision(schema: BlockSchema) -> None:
    for folder in (schema.migrations, migration.OWN_MIGRATIONS):
        files = sorted((folder / "versions").glob("*.py"))
        numbers = [file.stem.partition("_")[0] for file in files]
        assert numbers == [f"{place:04}" for place in range(1, len(files) + 1)]
        for file, number in zip(files, numbers, strict=True):
            assert f'revision = "{number}"' in file.read_text().splitlines()


def described(database: Engine) -> dict[str, Any]:
    """Return every table with its columns, keys and indexes, those made by hand left out."""
    found = inspect(database)
    tables = [name for name in found.get_table_names() if not by_hand(name)]
    return {
        table: {
            "columns": {one["name"]: column(one) for one in found.get_columns(table)},
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(str(one["column_names"]) for one in found.get_unique_constraints(table)),
            "indexes": {
                str(one["name"]): index(one) for one in found.get_indexes(table) if not by_hand(one["name"])
            },
        }
        for table in tables
    }


def by_hand(name: str | None) -> bool:
    """Tell whether a step makes it by hand."""
    return any(str(name) == each or str(name).startswith(f"{each}_") for each in MADE_BY_HAND)


def column(found: Any) -> tuple[str, bool, object]:
    """Return what counts of a column: its type with its collation, whether null may be, its default."""
    kind = found["type"]
    return f"{kind!r} {getattr(kind, 'collation', None)}", found["nullable"], found["default"]


def index(found: Any) -> tuple[object, bool, object]:
    """Return what counts of an index: its columns, whether it is unique, and its condition."""
    options = found.get("dialect_options", {})
    where = [str(value) for key, value in sorted(options.items()) if key.endswith("_where")]
    return found["column_names"], bool(found["unique"]), where

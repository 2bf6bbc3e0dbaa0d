# SPDX-License-Identifier: EUPL-1.2
"""The migrations make exactly the tables that the store declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from flagstone.blocks.identity import store

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


def test_migrations_and_tables_agree(open_database: OpenDatabase) -> None:
    database = open_database(store.SCHEMA)
    found = inspect(database.readers)
    for table in store.metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}, table.name
        keys = found.get_pk_constraint(table.name)["constrained_columns"]
        assert keys == [column.name for column in table.primary_key], table.name
        indexes = {str(index["name"]) for index in found.get_indexes(table.name)}
        assert {str(index.name) for index in table.indexes} <= indexes, table.name

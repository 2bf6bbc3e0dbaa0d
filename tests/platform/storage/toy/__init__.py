# SPDX-License-Identifier: EUPL-1.2
"""A toy block's tables, for testing the storage door."""

from pathlib import Path

from flagstone.platform.storage.sql import (
    BlockSchema,
    Boolean,
    Column,
    Document,
    Integer,
    MetaData,
    Text,
    derived_table,
    journaled_table,
)

metadata = MetaData()
stone = journaled_table(
    "stone",
    metadata,
    Column("quarry", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", Document, nullable=False),
    Column("polished", Boolean, nullable=False, default=False),
    register_column="quarry",
)
colour = derived_table("colour", metadata, Column("number", Integer, primary_key=True), Column("name", Text))
SCHEMA = BlockSchema("toy", metadata, Path(__file__).parent)

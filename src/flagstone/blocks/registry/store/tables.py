# SPDX-License-Identifier: EUPL-1.2
"""The registry's tables: versions and records are the truth; persons, words and counters are derived."""

from __future__ import annotations

from pathlib import Path

from flagstone.platform.storage.sql import (
    BigInteger,
    BlockSchema,
    Column,
    Document,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    derived_table,
    journaled_table,
)

metadata = MetaData()

Code = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its code points on both engines."""

register_version = journaled_table(
    "register_version",
    metadata,
    Column("register", Code, primary_key=True),
    Column("version", Code, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("definition", Document, nullable=False),
    Column("status", Text, nullable=False),
    Column("published_at", Text, nullable=False),
    register_column="register",
)
"""One version of a register; `number` counts the versions of a register in order of publication."""

record = journaled_table(
    "record",
    metadata,
    Column("register", Code, primary_key=True),
    Column("id", Code, primary_key=True),
    Column("version", Text, nullable=False),
    Column("data", Document, nullable=False),
    Column("valid_from", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    register_column="register",
)
"""One record; `data` is by storage key (see `model/lineage.py`), secret values sealed."""

Index(
    "record_live",
    record.c.register,
    record.c.id,
    sqlite_where=record.c.deleted_at.is_(None),
    postgresql_where=record.c.deleted_at.is_(None),
)

record_person = derived_table(
    "record_person",
    metadata,
    Column("person", Code, primary_key=True),
    Column("register", Code, primary_key=True),
    Column("record_id", Code, primary_key=True),
    Index("record_person_by_record", "register", "record_id"),
)
"""Whom each live record concerns."""

record_text = derived_table(
    "record_text",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("register", Code, nullable=False),
    Column("record_id", Code, nullable=False),
    Column("words", Text, nullable=False),
    Index("record_text_by_record", "register", "record_id", unique=True),
)
"""The folded words of each live record, each with the register's code before it, as one text."""

record_words = Table("record_words", MetaData(), Column("rowid", Integer))
"""SQLite's FTS5 table over `record_text`, whose row numbers it shares; the migration makes it."""

record_counter = derived_table(
    "record_counter",
    metadata,
    Column("register", Code, primary_key=True),
    Column("last", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
)
"""The last running number that was given out in each register."""

SCHEMA = BlockSchema("registry", metadata, Path(__file__).parent.with_name("migrations"))

# SPDX-License-Identifier: EUPL-1.2
"""SQL for the store rooms: the parts of SQLAlchemy Core that they use, and our kinds of table.

Three kinds of table: *journaled* ones hold the truth and change only through the audited write;
*derived* ones (indexes, full text) can be rebuilt from those; the platform keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    asc,
    bindparam,
    case,
    cast,
    delete,
    desc,
    exists,
    false,
    func,
    insert,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

if TYPE_CHECKING:
    from alembic import op

__all__ = [
    "JSON",
    "BigInteger",
    "BlockSchema",
    "Boolean",
    "Column",
    "ColumnElement",
    "Document",
    "Index",
    "Integer",
    "LargeBinary",
    "MetaData",
    "PrimaryKeyConstraint",
    "Row",
    "Select",
    "String",
    "Table",
    "Text",
    "UniqueConstraint",
    "added_text",
    "and_",
    "asc",
    "bindparam",
    "case",
    "cast",
    "delete",
    "derived_table",
    "desc",
    "exists",
    "false",
    "func",
    "insert",
    "journaled_table",
    "literal",
    "literal_column",
    "not_",
    "null",
    "op",
    "or_",
    "select",
    "text",
    "true",
    "tuple_",
    "update",
]

Row = Mapping[str, Any]
"""One row by column name."""

Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A column of canonical content: null, booleans, integers, text, lists, maps with text keys."""


def __getattr__(name: str) -> Any:
    """Return what steps are written with; loaded where a step is taken, as it weighs more than 10 MB."""
    if name != "op":
        raise AttributeError(name)
    from alembic import op  # noqa: PLC0415 - see above

    return op


@dataclass(frozen=True)
class BlockSchema:
    """A block's tables and the folder of their migrations; each store room exposes one as `SCHEMA`."""

    block: str
    metadata: MetaData
    migrations: Path


def journaled_table(
    name: str, metadata: MetaData, *columns: Column[Any], register_column: str | None = None
) -> Table:
    """Return a table whose every change is journaled; `revision` and `deleted_at` are added.

    `columns` must include the primary key and be of Text, Integer, BigInteger, Boolean, LargeBinary or
    Document. `register_column` names the column that tells which register a row belongs to.
    """
    return Table(
        name,
        metadata,
        *columns,
        Column("revision", Integer, nullable=False),
        Column("deleted_at", Text),
        info={"journaled": True, "register_column": register_column},
    )


def added_text(name: str) -> Column[str]:
    """Return a text column, empty by default, that a journaled table got after it had rows.

    A row's document leaves it out while it is empty, so that the entries of older rows still fit them.
    """
    return Column(name, Text, nullable=False, server_default="", info={"added": True})


def derived_table(name: str, metadata: MetaData, *columns: Column[Any] | Index) -> Table:
    """Return a table that holds nothing of its own and can be rebuilt from journaled ones."""
    return Table(name, metadata, *columns, info={"derived": True})

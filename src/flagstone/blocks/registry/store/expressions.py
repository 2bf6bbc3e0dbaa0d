# SPDX-License-Identifier: EUPL-1.2
"""A field of the stored content as SQL, in the same words for its index and for the questions that use it.

Only storage keys and register codes that were checked as identifiers are ever written into SQL.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from flagstone.blocks.registry.contract.register import FieldType, Value
from flagstone.blocks.registry.model.lineage import Shape
from flagstone.blocks.registry.model.queries import is_indexed
from flagstone.blocks.registry.store.tables import record
from flagstone.platform.storage.sql import ColumnElement, literal_column
from flagstone.platform.storage.writing import Writing

_identifier = re.compile(r"[a-z][a-z0-9_]{0,80}")


def field_sql(key: str, of: FieldType, *, sqlite: bool) -> str:
    """Return the SQL expression of the value stored under `key`, comparable in the order of its type."""
    _require_identifier(key)
    if sqlite:
        value = f"json_extract(record.data, '$.\"{key}\"')"
        return f"CAST({value} AS REAL)" if of is FieldType.DECIMAL else value
    value = f"(record.data ->> '{key}')"
    kinds = {FieldType.INTEGER: "bigint", FieldType.DECIMAL: "numeric"}
    return f"CAST({value} AS {kinds[of]})" if of in kinds else f'{value} COLLATE "C"'


def stored_value(value: Value, of: FieldType, *, sqlite: bool) -> Any:
    """Return `value` as the engine compares it with `field_sql`."""
    if of is FieldType.DECIMAL:
        return float(str(value)) if sqlite else Decimal(str(value))
    if of is FieldType.BOOLEAN:
        return int(value is True) if sqlite else str(value).lower()
    return value


def field_column(key: str, of: FieldType, *, sqlite: bool, indexed: bool = True) -> ColumnElement[Any]:
    """Return `field_sql` as an element of a statement; without `indexed` no index of it is used."""
    return literal_column(f"({'' if indexed else '+'}{field_sql(key, of, sqlite=sqlite)})")


@lru_cache(maxsize=256)
def is_live(register: str, *, indexed: bool = True) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that partial indexes ask for, word by word: the register, and not archived.

    Without `indexed` no index serves them, so that SQLite begins with the full text: it would else ask the
    full text anew for each record.
    """
    code: ColumnElement[Any] = literal_column(_quoted(register))
    if indexed:
        return record.c.register == code, record.c.deleted_at.is_(None)
    of: ColumnElement[Any] = literal_column("(+record.register)")
    gone: ColumnElement[Any] = literal_column("(+record.deleted_at)")
    return of == code, gone.is_(None)


def ensure_indexes(write: Writing, shape: Shape) -> None:
    """Create the index of each field that records are found by, unique ones where so declared."""
    for code, field in shape.fields.items():
        if is_indexed(shape, field) and not field.secret and code != shape.definition.key:
            _ensure_index(write, shape, code, unique=field.unique)


def _ensure_index(write: Writing, shape: Shape, code: str, *, unique: bool) -> None:
    """Create one index; AlreadyThere when it is unique and two records share a value."""
    register, key, of = shape.definition.code, shape.keys[code], shape.fields[code].type
    expression = field_sql(key, of, sqlite=write.is_sqlite).replace("record.data", "data")
    what = f"{register}/{key}/{of.value}/{unique}"
    write.ensure_index(
        f"record_by_{hashlib.sha256(what.encode()).hexdigest()[:24]}",
        record,
        f"({expression})" if unique else f"({expression}), id",
        where=f"register = {_quoted(register)} AND deleted_at IS NULL",
        unique=unique,
    )


def _quoted(register: str) -> str:
    """Return a register's code as an SQL literal."""
    _require_identifier(register)
    return f"'{register}'"


def _require_identifier(text: str) -> None:
    """Raise ValueError for anything that could leave its quotes."""
    if not _identifier.fullmatch(text):
        raise ValueError("not an identifier")

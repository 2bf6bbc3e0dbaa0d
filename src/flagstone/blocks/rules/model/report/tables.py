# SPDX-License-Identifier: EUPL-1.2
"""Tables of numbers with their words: as a page shows them, and as CSV that no spreadsheet computes with."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from flagstone.blocks.rules.model.report.speech import Told

Cell = str | float | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What a spreadsheet may take for the beginning of a formula (CWE-1236)."""


class Form(Enum):
    """What a column's cells are: words, or a number told in one of these ways."""

    WORDS = "words"
    COUNT = "count"
    CHANGE = "change"
    SHARE = "share"
    SHARE_CHANGE = "share-change"
    INDEX = "index"
    INDEX_CHANGE = "index-change"


@dataclass(frozen=True)
class Column:
    """A column: `key` names it in files, `words` on pages."""

    key: str
    words: str
    form: Form = Form.COUNT

    @property
    def numeric(self) -> bool:
        """Tell whether the cells are numbers."""
        return self.form is not Form.WORDS


@dataclass(frozen=True)
class Table:
    """Rows of cells, one for each column; the first column names the row. `strong` rows are sums.

    `forms`, where given, say for each row how its numbers are told, whatever the column says.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    strong: frozenset[int] = frozenset()
    forms: tuple[Form, ...] = ()

    def form(self, row: int, column: Column) -> Form:
        """Return how a cell's number is told."""
        if not self.forms or not column.numeric:
            return column.form
        return _CHANGES[self.forms[row]] if column.form is Form.CHANGE else self.forms[row]


_CHANGES = {Form.COUNT: Form.CHANGE, Form.SHARE: Form.SHARE_CHANGE, Form.INDEX: Form.INDEX_CHANGE}


def shown(table: Table, told: Told) -> list[list[str]]:
    """Return the cells as a page shows them."""
    return [
        [
            _shown(cell, table.form(number, column), told)
            for cell, column in zip(row, table.columns, strict=True)
        ]
        for number, row in enumerate(table.rows)
    ]


def _shown(cell: Cell, form: Form, told: Told) -> str:
    if isinstance(cell, str):
        return cell
    if form is Form.SHARE:
        return told.share(cell)
    if form is Form.SHARE_CHANGE:
        return told.signed(None if cell is None else cell * 100, 1)
    places = 4 if form in {Form.INDEX, Form.INDEX_CHANGE} else 0
    changes = form in {Form.CHANGE, Form.INDEX_CHANGE}
    return told.signed(cell, places) if changes else told.number(cell, places)


def as_csv(tables: Sequence[Table]) -> bytes:
    """Return the tables as one CSV file (RFC 4180, UTF-8 with its mark), parted by empty lines.

    Each begins with a line that names it and a line of column keys; numbers are plain and whole.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for number, table in enumerate(tables):
        if number:
            writer.writerow([])
        writer.writerow([safe(table.id)])
        writer.writerow([safe(column.key) for column in table.columns])
        writer.writerows([[_written(cell) for cell in row] for row in table.rows])
    return text.getvalue().encode("utf-8-sig")


def as_json(table: Table) -> list[dict[str, Cell]]:
    """Return the rows as objects by column key; what is no finite number is null."""
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, map(_finite, row), strict=True)) for row in table.rows]


def safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def _written(cell: Cell) -> str:
    found = _finite(cell)
    if found is None:
        return ""
    return safe(found) if isinstance(found, str) else f"{found + 0.0:.12g}"  # what adding up left is cut


def _finite(cell: Cell) -> Cell:
    return None if isinstance(cell, float | int) and not math.isfinite(cell) else cell

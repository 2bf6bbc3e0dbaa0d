# SPDX-License-Identifier: EUPL-1.2
"""A law's tables of many rows, as the zones of all communes, are read at once instead of line by line.

These are Python's own readers; a law that mixes going through one with reading single lines gets other lines.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import Any

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced

_LINES, _READLINE = (Target(codecs, "StreamReader." + name) for name in ("__iter__", "readline"))
_ROWS, _ROW = (Target(csv, "DictReader." + name) for name in ("__iter__", "__next__"))


def _lines(self: Any) -> Iterator[str]:
    """Return an iterator of the lines that are left, with their ends."""
    return iter(self.read().splitlines(keepends=True))


def _rows(self: Any) -> Iterator[dict[Any, Any]]:
    """Return an iterator of the rows that are left; a subclass has its own way."""
    return _each(self) if type(self) is csv.DictReader else self


def _each(table: Any) -> Iterator[dict[Any, Any]]:
    names, reader = table.fieldnames or [], table.reader
    count, filled = len(names), True
    for row in reader:
        if filled or row:
            table.line_num = reader.line_num
        filled = bool(row)
        if not filled:
            continue
        found = dict(zip(names, row, strict=False))
        if len(row) > count:
            found[table.restkey] = row[count:]
        for name in names[len(row) :] if len(row) < count else ():
            found[name] = table.restval
        yield found


def _read_at_once() -> Undo:
    return replaced((_LINES, _lines), (_ROWS, _rows))


HOOK = Hook(
    "tables-at-once", (_LINES, _READLINE, _ROWS, _ROW), frozenset({"c7d662cd5139b986"}), _read_at_once
)

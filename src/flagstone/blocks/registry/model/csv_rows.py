# SPDX-License-Identifier: EUPL-1.2
"""Rows of a register as CSV (RFC 4180, UTF-8, comma, header row), read and written.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, and an
apostrophe that stands at the front gets a second one; reading takes exactly that apostrophe away, so
that what was exported comes back as it was. Lists and objects are JSON within their cell.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from flagstone.blocks.registry.contract.faults import FileUnreadable
from flagstone.blocks.registry.contract.record import IMPORT_ROWS_MAX, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition, Value
from flagstone.kernel.errors import Flaw

FILE_BYTES_MAX = 256 * 1024 * 1024
LINE_BYTES_MAX = 1024 * 1024
COLUMNS_MAX = 300
ID_COLUMN = "id"
BLOCK_BYTES = 64 * 1024

_formula_starts = "=+-@\t\r"
_guarded_starts = _formula_starts + "'"
_archives = {b"PK\x03\x04": "a zip archive or a workbook", b"\x1f\x8b": "a gzip archive"}
_other_marks = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def read_csv(file: BinaryIO, definition: RegisterDefinition) -> Iterator[dict[str, Value]]:
    """Yield one mapping a data row, each value the text of its cell.

    FileUnreadable names the row and what is wrong: encoding, quotes, columns, ragged rows, sizes.
    """
    reader = csv.reader(decoded_lines(file), strict=True)
    header: list[str] | None = None
    number = 0
    try:
        for cells in reader:
            if header is None:
                header = _header(cells, definition)
            elif cells:
                number += 1
                yield _row(header, cells, number)
    except csv.Error as error:
        raise FileUnreadable(
            f"row {number + 1} is not proper CSV: check its quotes and its length"
        ) from error
    if header is None:
        raise FileUnreadable("the file is empty; a header row is needed")


def decoded_lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, with or without a byte order mark, within the bounds of size."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    pending, total = "", 0
    while True:
        block = file.read(BLOCK_BYTES)
        if total == 0:
            refuse_foreign(block)
        total += len(block)
        if total > FILE_BYTES_MAX:
            raise FileUnreadable(f"the file is larger than {FILE_BYTES_MAX} bytes")
        try:
            pending += decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise FileUnreadable(
                f"the file is not UTF-8 near byte {total - len(block) + error.start}"
            ) from error
        *lines, pending = pending.split("\n")
        yield from (line + "\n" for line in lines)
        if len(pending) > LINE_BYTES_MAX:
            raise FileUnreadable(f"a line is longer than {LINE_BYTES_MAX} characters")
        if not block:
            break
    if pending:
        yield pending


def refuse_foreign(start: bytes) -> None:
    """Raise FileUnreadable for a file that by its first bytes is something else."""
    for mark, name in (_archives | _other_marks).items():
        if start.startswith(mark):
            raise FileUnreadable(f"the file is {name}; send plain UTF-8 text")


def _header(cells: Sequence[str], definition: RegisterDefinition) -> list[str]:
    """Return the column names; FileUnreadable for unknown, missing, empty or repeated ones."""
    names = [cell.strip() for cell in cells]
    if len(names) > COLUMNS_MAX:
        raise FileUnreadable(f"the file has more than {COLUMNS_MAX} columns")
    known = {field.code for field in definition.fields} | {ID_COLUMN}
    needed = [field.code for field in definition.fields if field.required and field.default is None]
    flaws = [Flaw(f"column {place}", _odd(name)) for place, name in enumerate(names, 1) if name not in known]
    flaws += [Flaw(f"column {name}", "is there twice") for name in sorted(known) if names.count(name) > 1]
    flaws += [Flaw(f"column {name}", "is missing") for name in needed if name not in names]
    if flaws:
        hint = "; columns are separated by commas" if len(names) == 1 else ""
        raise FileUnreadable(f"the header row has {len(flaws)} flaws{hint}", flaws=tuple(flaws[:COLUMNS_MAX]))
    return names


def _odd(name: str) -> str:
    """Return what is wrong with a column name that is not known."""
    shown = name[:40].encode("ascii", "backslashreplace").decode()
    return f"`{shown}` is not a field of this register" if name else "has no name"


def _row(header: Sequence[str], cells: Sequence[str], number: int) -> dict[str, Value]:
    """Return one row by column name."""
    if number > IMPORT_ROWS_MAX:
        raise FileUnreadable(f"the file has more than {IMPORT_ROWS_MAX} rows")
    if len(cells) != len(header):
        raise FileUnreadable(f"row {number} has {len(cells)} cells where the header has {len(header)}")
    return {name: unguarded(cell) for name, cell in zip(header, cells, strict=True)}


def write_csv(columns: Sequence[str], records: Iterable[Record]) -> Iterator[str]:
    """Yield the lines of a CSV file: the ids, then `columns` in their order."""
    yield _line([ID_COLUMN, *columns])
    for record in records:
        yield _line([guarded(record.id), *(_cell(record.data.get(code)) for code in columns)])


def _line(cells: Sequence[str]) -> str:
    """Return one line with CR LF at its end."""
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Value) -> str:
    """Return a value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return guarded(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula; plain negative numbers stay as they are."""
    if text[:1] and text[0] in _guarded_starts and not _is_number(text):
        return f"'{text}"
    return text


def unguarded(cell: str) -> str:
    """Return the text that `guarded` was given."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in _guarded_starts else cell


def _is_number(text: str) -> bool:
    """Tell whether text is a negative number and nothing more."""
    return text[0] == "-" and text.isascii() and text[1:].replace(".", "", 1).isdigit()

# SPDX-License-Identifier: EUPL-1.2
"""A CSV file as a register: its columns become fields that nobody sees unless they are named.

Every field is text, so that another file of the same shape fits; the rows are known by the key column, or
by their place in the file where there is none. A file that is offered anew with other columns makes the
next version of its register.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flagstone.blocks.exchange.contract.faults import FileRefused
from flagstone.blocks.exchange.contract.onboarding import CSV_BYTES_MAX, Columns, Offering, Preview
from flagstone.blocks.registry.contract.register import (
    BreakingChange,
    Field,
    FieldType,
    RegisterDefinition,
    RegisterKind,
    Service,
)
from flagstone.kernel.errors import Flaw

COLUMNS_MAX = 100
ROWS_MAX = 200_000
CELL_LENGTH_MAX = 2_000
CODE_LENGTH_MAX = 60
EXAMPLE_LENGTH_MAX = 60
FLAWS_MAX = 50
ROW = "row_number"
HIDDEN = frozenset({"registrar@owner"})
READS = frozenset({Service.LIST, Service.READ, Service.EXISTS})
_CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PERSONAL_NAME = re.compile(
    r"person|name|nimi|birth|born|syn+i|phone|telefon|mail|post|addres|aadress|isik|citizen|gender|sugu|"
    r"national|passport|kood$|^code_?of_?(the_)?holder|iban|account|health|religion"
)
_PERSONAL_VALUE = re.compile(r"[0-9]{11}|[^@\s]+@[^@\s]+\.[a-z]{2,}|\+?[0-9][0-9 -]{7,14}")


@dataclass(frozen=True)
class Table:
    """A file that was read: the codes of its columns, as they were written, and the cells of its rows."""

    codes: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[Sequence[str], ...]


def read_table(data: bytes) -> Table:
    """Return the table in a CSV file (RFC 4180, UTF-8, header row); FileRefused names rows and columns."""
    if len(data) > CSV_BYTES_MAX:
        raise FileRefused(f"it is larger than {CSV_BYTES_MAX} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(f"it is not UTF-8 near byte {error.start}") from error
    if "\x00" in text:
        raise FileRefused("it is not text")
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise FileRefused("it is not proper CSV: check its quotes") from error
    if not rows:
        raise FileRefused("it is empty; a header row is needed")
    header, *rest = rows
    flaws = [*_header_flaws(header), *_row_flaws(header, rest)]
    if flaws:
        raise FileRefused(f"{len(flaws)} places are wrong", flaws=tuple(flaws[:FLAWS_MAX]))
    return Table(_codes(header), tuple(cell.strip() for cell in header), tuple(rest))


def preview_of(table: Table) -> Preview:
    """Return what a wizard shows of a file before anything is made of it."""
    examples = {code: _first(table, place)[:EXAMPLE_LENGTH_MAX] for place, code in enumerate(table.codes)}
    personal = {
        code
        for code, example in examples.items()
        if _PERSONAL_NAME.search(code) or _PERSONAL_VALUE.fullmatch(example)
    }
    return Preview(table.codes, examples, len(table.rows), frozenset(personal))


def definition_of(table: Table, columns: Columns, offering: Offering) -> RegisterDefinition:
    """Return the register that a file becomes, as its first version; FileRefused for unknown columns."""
    named = {*columns.shown, *filter(None, (columns.key, columns.person))}
    flaws = [Flaw(f"column {name}", "is not in the file") for name in sorted(named - set(table.codes))]
    flaws += _key_flaws(table, columns.key)
    if flaws:
        raise FileRefused(f"{len(flaws)} places are wrong", flaws=tuple(flaws))
    personal = preview_of(table).looks_personal | {columns.person}
    fields = [
        _field(code, title, columns, personal=code in personal)
        for code, title in zip(table.codes, table.titles, strict=True)
    ]
    if not columns.key:
        title = {"en": "Row of the file"}
        fields.insert(0, Field(ROW, FieldType.TEXT, title, required=True, unique=True, length_max=10))
    persons = (columns.person,) if columns.person else ()
    return RegisterDefinition(
        code=register_code(offering),
        version="1.0",
        title=dict(offering.title) or {"en": offering.service.code},
        description={"en": mark(offering)},
        kind=RegisterKind.OTHER,
        owner=str(offering.service.provider.member),
        fields=tuple(fields),
        key=columns.key or ROW,
        persons=persons,
        display=(columns.key or ROW,),
        permits=_permits(persons),
    )


def next_version(before: RegisterDefinition, after: RegisterDefinition) -> RegisterDefinition:
    """Return `after` as the version that follows `before`, or `before` itself when they say the same."""
    if replace(after, version=before.version, breaking=before.breaking) == before:
        return before
    if before.key != after.key or before.persons != after.persons:
        raise FileRefused("the key and the person's column cannot change; offer it under another code")
    major, _, minor = before.version.partition(".")
    why = "The file was offered anew with other columns"
    breaking = tuple(BreakingChange(field.code, why) for field in before.fields)
    return replace(after, version=f"{major}.{int(minor or 0) + 1}", breaking=breaking)


def rows_of(table: Table, key: str) -> list[Mapping[str, str]]:
    """Return the rows by field code; without a `key` each with its place in the file, from 1."""
    rows = [dict(zip(table.codes, row, strict=True)) for row in table.rows]
    return [row if key else {ROW: str(number), **row} for number, row in enumerate(rows, 1)]


def register_code(offering: Offering) -> str:
    """Return the code of the register that a service is made of."""
    return _code(offering.service.code, "register")


def mark(offering: Offering) -> str:
    """Return the words by which a register that was made of a file for this service is known again."""
    return f"From a file, offered as {offering.service}"


def _permits(persons: tuple[str, ...]) -> Mapping[str, frozenset[Service]]:
    """Return who may do what: the exchange reads, the owner's registrars do everything."""
    permits = {"exchange": READS, "registrar@owner": frozenset(Service)}
    if persons:
        permits["self"] = frozenset({Service.READ, Service.HISTORY, Service.READ_LOG})
        permits["tracker"] = frozenset({Service.READ_LOG})
    return permits


def _field(code: str, title: str, columns: Columns, *, personal: bool) -> Field:
    """Return the field of a column: hidden unless it was named, and findable when it is seen."""
    shown, is_key = code in columns.shown, code == columns.key
    return Field(
        code,
        FieldType.TEXT,
        {"en": title[:200]},
        required=is_key or code == columns.person,
        unique=is_key,
        personal=personal,
        filter=shown or code == columns.person,
        length_max=CELL_LENGTH_MAX,
        read_roles=frozenset() if shown or is_key else HIDDEN,
    )


def _header_flaws(header: Sequence[str]) -> list[Flaw]:
    if len(header) > COLUMNS_MAX:
        return [Flaw("header", f"there are more than {COLUMNS_MAX} columns")]
    names = [cell.strip() for cell in header]
    flaws = [Flaw(f"column {place}", "has no name") for place, name in enumerate(names, 1) if not name]
    twice = {place for place, name in enumerate(names, 1) if name and name in names[: place - 1]}
    return flaws + [Flaw(f"column {place}", "has the name of another column") for place in sorted(twice)]


def _row_flaws(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Flaw]:
    if len(rows) > ROWS_MAX:
        return [Flaw("rows", f"there are more than {ROWS_MAX}")]
    flaws = []
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            flaws.append(Flaw(f"row {number}", f"has {len(row)} cells where the header has {len(header)}"))
        elif any(len(cell) > CELL_LENGTH_MAX for cell in row):
            flaws.append(Flaw(f"row {number}", f"has a cell of over {CELL_LENGTH_MAX} characters"))
        if len(flaws) >= FLAWS_MAX:
            break
    return flaws


def _key_flaws(table: Table, key: str) -> list[Flaw]:
    """Return the rows whose key is empty or another's; nobody's value is named."""
    if key not in table.codes:
        return []
    place, seen, flaws = table.codes.index(key), set(), []
    for number, row in enumerate(table.rows, 1):
        value = row[place].strip()
        if not value or value in seen:
            flaws.append(Flaw(f"row {number}, column {key}", "is empty or another row's key"))
        seen.add(value)
        if len(flaws) >= FLAWS_MAX:
            break
    return flaws


def _codes(header: Sequence[str]) -> tuple[str, ...]:
    """Return a code for each column, all different; `id` is kept for the record's own."""
    codes: list[str] = []
    taken = {"id", ROW}
    for place, cell in enumerate(header, 1):
        code = base = _code(cell, f"column_{place}")
        number = 2
        while code in taken:
            code, number = f"{base}_{number}", number + 1
        taken.add(code)
        codes.append(code)
    return tuple(codes)


def _code(text: str, otherwise: str) -> str:
    code = re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")[:CODE_LENGTH_MAX]
    code = code if not code[:1].isdigit() else f"n_{code}"[:CODE_LENGTH_MAX]
    return code if _CODE.fullmatch(code) else otherwise


def _first(table: Table, place: int) -> str:
    return next((row[place] for row in table.rows if row[place].strip()), "")

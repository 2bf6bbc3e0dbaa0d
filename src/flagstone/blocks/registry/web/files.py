# SPDX-License-Identifier: EUPL-1.2
"""Files in and out: CSV (RFC 4180), JSON and GeoJSON (RFC 7946), read strictly and written in a stream."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from flagstone.blocks.registry.contract.faults import FileUnreadable, QueryInvalid
from flagstone.blocks.registry.contract.record import IMPORT_ROWS_MAX, Record
from flagstone.blocks.registry.contract.register import FieldType, RegisterDefinition, Value
from flagstone.kernel.clock import rfc3339

Format = Literal["csv", "json", "geojson"]

MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "geojson": "application/geo+json",
}
FILE_BYTES_MAX = 64 * 1024 * 1024
CELL_LENGTH_MAX = 100_000
COLUMNS_MAX = 300
DEPTH_MAX = 8
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, Value]


def read_rows(content: bytes, name: str, definition: RegisterDefinition) -> list[Row]:
    """Return the rows of a CSV or JSON file, told apart by how it begins; FileUnreadable."""
    if len(content) > FILE_BYTES_MAX:
        raise FileUnreadable(f"the file is larger than {FILE_BYTES_MAX} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileUnreadable(f"byte {error.start} is not UTF-8") from None
    if "\0" in text:
        raise FileUnreadable("the file holds a null character")
    as_json = name.lower().endswith(".json") or text.lstrip()[:1] in {"[", "{"}
    return list(_json_rows(text) if as_json else _csv_rows(text, definition))


def _json_rows(text: str) -> Iterator[Row]:
    try:
        data = json.loads(text, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise FileUnreadable("the file is not JSON") from None
    if not isinstance(data, list) or len(data) > IMPORT_ROWS_MAX:
        raise FileUnreadable(f"the file must be a list of at most {IMPORT_ROWS_MAX} objects")
    for number, row in enumerate(data, 1):
        if not isinstance(row, dict) or _depth(row) > DEPTH_MAX:
            raise FileUnreadable(f"row {number} is not an object, or nests deeper than {DEPTH_MAX}")
        yield row


def _no_constant(name: str) -> str:
    raise ValueError(name)


def _depth(value: object) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)


def _csv_rows(text: str, definition: RegisterDefinition) -> Iterator[Row]:
    """Yield rows by column name; lists and objects are JSON in their cell, an empty cell is left out."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_delimiter(text))
    compound = {field.code for field in definition.fields if field.type in {FieldType.LIST, FieldType.OBJECT}}
    try:
        header = _header(next(lines, []))
        for number, cells in enumerate(lines, 1):
            if number > IMPORT_ROWS_MAX:
                raise FileUnreadable(f"the file has more than {IMPORT_ROWS_MAX} rows")
            if not cells:
                continue
            _refuse_unfit(cells, header, number)
            row = dict(zip(header, map(_unguarded, cells), strict=True))
            yield {code: _cell(code, cell, compound) for code, cell in row.items() if cell != ""}
    except csv.Error:
        raise FileUnreadable(f"line {lines.line_num} is not CSV") from None


def _refuse_unfit(cells: list[str], header: list[str], number: int) -> None:
    if any(len(cell) > CELL_LENGTH_MAX for cell in cells):
        raise FileUnreadable(f"row {number} has a cell of over {CELL_LENGTH_MAX} characters")
    if len(cells) != len(header):
        raise FileUnreadable(f"row {number} has {len(cells)} cells, the header has {len(header)}")


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not header or len(header) > COLUMNS_MAX or len(set(header)) != len(header) or "" in header:
        raise FileUnreadable(f"the header must name 1 to {COLUMNS_MAX} different columns")
    return header


def _delimiter(text: str) -> str:
    head = text.split("\n", 1)[0]
    return ";" if head.count(";") > head.count(",") else ","


def _cell(code: str, cell: str, compound: set[str]) -> Value:
    if code not in compound:
        return cell
    try:
        value: Value = json.loads(cell, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return cell
    return value if _depth(value) <= DEPTH_MAX else cell


def write(format_: Format, definition: RegisterDefinition, records: Iterable[Record]) -> Iterator[bytes]:
    """Yield the file piece by piece; QueryInvalid for GeoJSON of a register without places."""
    if format_ == "geojson" and definition.geometry is None:
        raise QueryInvalid("the register has no places")
    writers = {"csv": _write_csv, "json": _write_json, "geojson": _write_geojson}
    return writers[format_](definition, records)


def _write_csv(definition: RegisterDefinition, records: Iterable[Record]) -> Iterator[bytes]:
    codes = [field.code for field in definition.fields]
    extra = [] if definition.key else ["id"]
    yield _line([*extra, *codes])
    for record in records:
        yield _line([*([record.id] if extra else []), *(_text(record.data.get(code)) for code in codes)])


def _line(cells: list[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([_guarded(cell) for cell in cells])
    return out.getvalue().encode()


def _guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay as they are (CWE-1236).

    Text that looks guarded already is guarded once more, so that it is read as it was.
    """
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) and not _is_number(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def _is_number(cell: str) -> bool:
    digits = cell.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)


def _write_json(definition: RegisterDefinition, records: Iterable[Record]) -> Iterator[bytes]:
    del definition
    yield b"["
    for place, record in enumerate(records):
        row = {**record.data, "id": record.id} if "id" not in record.data else record.data
        yield (b",\n" if place else b"\n") + json.dumps(row, ensure_ascii=False).encode()
    yield b"\n]\n"


def _write_geojson(definition: RegisterDefinition, records: Iterable[Record]) -> Iterator[bytes]:
    yield b'{"type": "FeatureCollection", "features": ['
    for place, record in enumerate(records):
        yield (b",\n" if place else b"\n") + json.dumps(
            feature(definition, record), ensure_ascii=False
        ).encode()
    yield b"\n]}\n"


def feature(definition: RegisterDefinition, record: Record) -> dict[str, object]:
    """Return `record` as a GeoJSON feature (RFC 7946, 3.2): a point in WGS 84, or no place."""
    longitude, latitude = definition.geometry or ("", "")
    data = dict(record.data)
    at = [data.pop(code, None) for code in (longitude, latitude)]
    point = [float(str(value)) for value in at if value not in {None, ""}]
    return {
        "type": "Feature",
        "id": record.id,
        "geometry": {"type": "Point", "coordinates": point} if len(point) == 2 else None,
        "properties": data | {"recorded_at": rfc3339(record.recorded_at)},
    }

# SPDX-License-Identifier: EUPL-1.2
"""Rows of a register as JSON (RFC 8259): a list of objects or one object a line; and GeoJSON (RFC 7946)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import BinaryIO, cast

from flagstone.blocks.registry.contract.faults import FileUnreadable
from flagstone.blocks.registry.contract.record import IMPORT_ROWS_MAX, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition, Value
from flagstone.blocks.registry.model.csv_rows import ID_COLUMN, decoded_lines
from flagstone.blocks.registry.model.values import max_depth

LIST_CHARACTERS_MAX = 64 * 1024 * 1024
DEPTH_MAX = 16


def read_json(file: BinaryIO) -> Iterator[dict[str, Value]]:
    """Yield one mapping an object of the list, or of the line where each line is an object.

    FileUnreadable for anything else, names given twice in an object, depth over 16, and sizes.
    """
    lines = decoded_lines(file)
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("["):
        objects = _list(first, lines)
    elif first.lstrip().startswith("{"):
        objects = _each_line(first, lines)
    else:
        raise FileUnreadable("the file is neither a JSON list of objects nor one JSON object a line")
    for number, row in enumerate(objects, 1):
        if number > IMPORT_ROWS_MAX:
            raise FileUnreadable(f"the file has more than {IMPORT_ROWS_MAX} rows")
        if not isinstance(row, dict):
            raise FileUnreadable(f"row {number} is not an object")
        yield row


def _list(first: str, lines: Iterator[str]) -> Iterator[object]:
    """Yield the elements of a list that spans the file."""
    parts, length = [first], len(first)
    for line in lines:
        parts.append(line)
        length += len(line)
        if length > LIST_CHARACTERS_MAX:
            raise FileUnreadable("the list is too long; send one object a line")
    yield from cast("list[object]", _parsed("".join(parts), "the list"))


def _each_line(first: str, lines: Iterator[str]) -> Iterator[object]:
    """Yield the object of each line that is not blank."""
    yield _parsed(first, "row 1")
    for number, line in enumerate((line for line in lines if line.strip()), 2):
        yield _parsed(line, f"row {number}")


def _parsed(text: str, place: str) -> object:
    """Return the value of JSON `text`; FileUnreadable that names `place`."""
    if max_depth(text) > DEPTH_MAX:
        raise FileUnreadable(f"{place} is nested deeper than {DEPTH_MAX}")
    try:
        value: object = json.loads(
            text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once_each
        )
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(f"{place} is not proper JSON") from error
    return value


def _no_constant(name: str) -> object:
    """Refuse `NaN` and `Infinity`."""
    raise ValueError(name)


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; ValueError when a name is given twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def write_json(records: Iterable[Record]) -> Iterator[str]:
    """Yield the pieces of a JSON list with one object a record, its id under `id`."""
    separator = "[\n"
    for record in records:
        yield separator + _text({ID_COLUMN: record.id, **record.data})
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def write_geojson(definition: RegisterDefinition, records: Iterable[Record]) -> Iterator[str]:
    """Yield the pieces of a FeatureCollection; a record without coordinates has a null geometry.

    ValueError when the register has no geometry.
    """
    if definition.geometry is None:
        raise ValueError("the register has no geometry")
    yield '{"type":"FeatureCollection","features":['
    separator = "\n"
    for record in records:
        yield separator + _feature(record, *definition.geometry)
        separator = ",\n"
    yield "\n]}\n"


def _feature(record: Record, longitude: str, latitude: str) -> str:
    """Return one Feature; coordinates keep their decimal digits."""
    east, north = record.data.get(longitude), record.data.get(latitude)
    properties = {code: value for code, value in record.data.items() if code not in {longitude, latitude}}
    point = "null"
    if isinstance(east, str) and isinstance(north, str):
        point = f'{{"type":"Point","coordinates":[{east},{north}]}}'
    return f'{{"type":"Feature","id":{_text(record.id)},"geometry":{point},"properties":{_text(properties)}}}'


def _text(value: object) -> str:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

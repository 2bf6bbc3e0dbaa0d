# SPDX-License-Identifier: EUPL-1.2
"""JSON (RFC 8259) and GeoJSON (RFC 7946): what is read, refused and written."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.registry.model.test_csv_rows import DEFINITION

from flagstone.blocks.registry.contract.faults import FileUnreadable
from flagstone.blocks.registry.contract.record import Record
from flagstone.blocks.registry.contract.register import Value
from flagstone.blocks.registry.model.json_rows import read_json, write_geojson, write_json


def read(data: bytes | str) -> list[object]:
    return list(read_json(io.BytesIO(data.encode() if isinstance(data, str) else data)))


def record(record_id: str, /, **data: Value) -> Record:
    return Record("places", record_id, "1.0", 1, data, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))


def test_reads_lists_and_lines() -> None:
    assert read('\n [{"a": 1.50},\n {"b": [true]}]') == [{"a": Decimal("1.50")}, {"b": [True]}]
    assert read('{"a": 1}\r\n\r\n{"a": 2}') == [{"a": 1}, {"a": 2}]
    assert read("[]") == []


@pytest.mark.parametrize(
    "data",
    [
        "",
        "5",
        "[1]",
        '{"a":1}\n5',
        '{\n"a":1}',
        '[{"a":1,"a":2}]',
        '[{"a":NaN}]',
        '[{"a":1}',
        '[{"a":1}] x',
        "[" * 100_000,
        '{"a":' * 20 + "1" + "}" * 20,
        '[{"a":' + "9" * 10_000 + "}]",
        b'[{"a":"\xff"}]',
        b"PK\x03\x04",
    ],
)
def test_refuses(data: bytes | str) -> None:
    with pytest.raises(FileUnreadable):
        read(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for start in (b"[", b"{", b""):
        try:
            read(start + data)
        except FileUnreadable:
            continue


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.dictionaries(texts.filter(lambda code: code != "id"), texts | st.integers(), max_size=4)))
def test_what_is_written_is_read_back(rows: list[dict[str, Value]]) -> None:
    written = "".join(write_json(record(str(number), **row) for number, row in enumerate(rows)))
    expected = [{"id": str(number), **row} for number, row in enumerate(rows)]
    assert json.loads(written) == expected
    assert read(written) == expected


def test_geojson_has_points_and_null_geometries() -> None:
    there = replace(DEFINITION, geometry=("east", "north"))
    points = [record("a", name="Å", east="24.750", north="-59.40"), record("b", name="nowhere")]
    parsed = json.loads("".join(write_geojson(there, points)))
    assert [one["geometry"] for one in parsed["features"]] == [
        {"type": "Point", "coordinates": [24.75, -59.4]},
        None,
    ]
    assert parsed["features"][0]["properties"] == {"name": "Å"}
    assert json.loads("".join(write_geojson(there, [])))["features"] == []
    with pytest.raises(ValueError, match="geometry"):
        list(write_geojson(DEFINITION, []))

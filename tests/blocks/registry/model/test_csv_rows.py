# SPDX-License-Identifier: EUPL-1.2
"""CSV (RFC 4180): what is read, what is refused, and that an export comes back as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.registry.contract.faults import FileUnreadable
from flagstone.blocks.registry.contract.record import Record
from flagstone.blocks.registry.contract.register import (
    Field,
    FieldType,
    RegisterDefinition,
    RegisterKind,
    Value,
)
from flagstone.blocks.registry.model.csv_rows import guarded, read_csv, unguarded, write_csv

TITLE = {"en": "x"}
DEFINITION = RegisterDefinition(
    "places",
    "1.0",
    TITLE,
    RegisterKind.LOCATIONS,
    "owner",
    (
        Field("code", FieldType.TEXT, TITLE, required=True),
        Field("name", FieldType.TEXT, TITLE),
        Field("tags", FieldType.LIST, TITLE, items=Field("tag", FieldType.TEXT, TITLE)),
    ),
)


def read(data: bytes) -> list[Mapping[str, Value]]:
    return list(read_csv(io.BytesIO(data), DEFINITION))


def record(data: Mapping[str, Value]) -> Record:
    return Record("places", "a", "1.0", 1, data, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))


def test_reads_quotes_line_ends_and_marks() -> None:
    text = '\ufeffcode,name\r\na,"Says ""hi"",\r\nthen goes"\r\n\r\nb,\n'
    assert read(text.encode()) == [
        {"code": "a", "name": 'Says "hi",\r\nthen goes'},
        {"code": "b", "name": ""},
    ]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"code,colour\n", "header"),
        (b"name\n", "header"),
        (b"code,code\n", "header"),
        (b"code,\n", "header"),
        (b"code;name\na;b\n", "commas"),
        (b"code,name\na\n", "row 1 has 1 cells"),
        (b"code,name\na,b\nc,d,e\n", "row 2 has 3 cells"),
        (b'code,name\na,"b"c\n', "row 1"),
        (b'code,name\na,"never closed\n', "row 1"),
        (b"code,name\na,\xff\n", "UTF-8 near byte 12"),
        ("code\na\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "zip"),
        (b"\x1f\x8brest", "gzip"),
        (b"code\n" + b"x" * 2_000_000, "longer"),
        (b"code\n" + b'"' + b"x\n" * 200_000, "row 1"),
        (",".join(f"c{number}" for number in range(400)).encode(), "columns"),
    ],
)
def test_refuses_and_says_where(data: bytes, word: str) -> None:
    with pytest.raises(FileUnreadable) as caught:
        read(data)
    assert word in caught.value.detail


def test_bounds_of_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagstone.blocks.registry.model.csv_rows.FILE_BYTES_MAX", 1_000)
    monkeypatch.setattr("flagstone.blocks.registry.model.csv_rows.IMPORT_ROWS_MAX", 3)
    with pytest.raises(FileUnreadable, match="larger"):
        read(b"code\n" + b"x\n" * 1_000)
    with pytest.raises(FileUnreadable, match="more than 3 rows"):
        read(b"code\n" + b"x\n" * 4)


@pytest.mark.parametrize("start", ["=1+1", "+1", "-x", "@SUM(A1)", "\tx", "\rx", "'=x", "''"])
def test_formulas_are_guarded(start: str) -> None:
    (_, line) = write_csv(["name"], [record({"name": start})])
    (cells,) = csv.reader([line])
    assert cells[1] == f"'{start}" or start == "+1"
    assert unguarded(cells[1]) == start


def test_plain_negative_numbers_stay_numbers() -> None:
    assert guarded("-12.5") == "-12.5"
    assert guarded("-12.5.1") == "'-12.5.1"


@given(st.text())
def test_guarding_is_undone(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in {"=", "+", "@", "\t", "\r"}


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@given(st.lists(st.fixed_dictionaries({"code": cells, "name": cells}), max_size=8))
def test_what_is_exported_is_read_back(rows: list[dict[str, Value]]) -> None:
    text = "".join(write_csv(["code", "name"], [record(row) for row in rows]))
    assert [{**row, "id": "a"} for row in rows] == read(text.encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(FileUnreadable):
        read(b"code,name\n" + data)

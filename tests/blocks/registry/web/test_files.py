# SPDX-License-Identifier: EUPL-1.2
"""Files read strictly and written so that a spreadsheet runs nothing."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.blocks.registry.web.sites import PEOPLE, PLACES

from flagstone.blocks.registry.contract.faults import FileUnreadable
from flagstone.blocks.registry.contract.record import Record
from flagstone.blocks.registry.web import files
from flagstone.blocks.registry.web.files import read_rows, write


def record(**data: object) -> Record:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Record("places", str(data["code"]), "1.0", 1, data, date(2026, 11, 22), at)  # type: ignore[arg-type]


def test_csv_rows_come_by_column_and_lists_from_their_cell() -> None:
    text = 'personal_code,nationalities,given_name\r\n1,"[""XA"", ""FI""]",\r\n'
    assert read_rows(text.encode("utf-8-sig"), "a.csv", PEOPLE) == [
        {"personal_code": "1", "nationalities": ["XA", "FI"]}
    ]
    assert read_rows(b"code;name\nL1;Quay, old\n", "a.csv", PLACES) == [{"code": "L1", "name": "Quay, old"}]


def test_json_numbers_stay_exact() -> None:
    assert read_rows(b'[{"code": "L1", "longitude": 24.10}]', "", PLACES) == [
        {"code": "L1", "longitude": "24.10"}
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"",
        b"a,a\n1,2\n",
        b"a,\n1,2\n",
        b"a,b\n1\n",
        b'a\n"open\n',
        b"a\0b\n",
        b"[1]",
        b'{"a": 1}',
        b"[{]",
        b'[{"a": NaN}]',
        b"[" * 100_000,
        b'[{"a": ' + b"[" * 50 + b"]" * 50 + b"}]",
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        read_rows(content, "", PLACES)


def test_a_cell_and_a_table_have_their_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileUnreadable, match="row 1 has a cell of over 100000"):
        read_rows(b"a\n" + b"x" * (files.CELL_LENGTH_MAX + 1), "", PLACES)
    monkeypatch.setattr(files, "IMPORT_ROWS_MAX", 3)
    with pytest.raises(FileUnreadable, match="3 rows"):
        read_rows(b"a\n1\n2\n3\n4\n", "", PLACES)


@pytest.mark.parametrize("name", ["=1+1", "+49", "-x", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(name: str) -> None:
    whole = b"".join(write("csv", PLACES, [record(code="L1", name=name)])).decode()
    assert f"'{name.strip()}" in whole or f"'{name}" in whole
    assert read_rows(whole.encode(), "a.csv", PLACES)[0]["name"] == name


def test_a_negative_number_stays_a_number() -> None:
    whole = b"".join(write("csv", PLACES, [record(code="L1", longitude="-24.5")])).decode()
    assert ",-24.5," in whole


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40))
@example("'=1")
@example("''-24.5")
def test_csv_written_is_csv_read(name: str) -> None:
    whole = b"".join(write("csv", PLACES, [record(code="L1", name=name)]))
    assert read_rows(whole, "a.csv", PLACES) == [{"code": "L1", "name": name}]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(FileUnreadable):
        read_rows(content, "", PEOPLE)

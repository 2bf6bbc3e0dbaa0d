# SPDX-License-Identifier: EUPL-1.2
"""CSV files as registers: what their columns become, what is hidden, and what is refused with its place."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.faults import FileRefused
from flagstone.blocks.exchange.contract.onboarding import CSV_BYTES_MAX, Columns, Offering
from flagstone.blocks.exchange.model import files
from flagstone.blocks.exchange.model.names import service_named
from flagstone.blocks.registry.contract.register import Service

OFFERING = Offering(service_named("XA/GOV/1/registry/Boats-v2"), {"en": "Boats"})


def read(text: str) -> files.Table:
    return files.read_table(text.encode())


def flaws_of(data: bytes) -> list[str]:
    with pytest.raises(FileRefused) as refused:
        files.read_table(data)
    return [f"{each.pointer}: {each.message}" for each in refused.value.flaws] or [refused.value.detail]


def test_columns_get_codes_that_differ() -> None:
    table = read("Reg. No,REG NO,id,1st owner,سجل,,\n".replace(",,", ",Õ,row number"))
    assert table.codes == (
        "reg_no",
        "reg_no_2",
        "id_2",
        "n_1st_owner",
        "column_5",
        "column_6",
        "row_number_2",
    )
    assert table.titles[0] == "Reg. No"


def test_quotes_line_ends_and_a_mark_are_read() -> None:
    table = files.read_table('\ufeffname,note\r\n"a, b","two\nlines"\r\n\r\nc,\r\n'.encode())
    assert table.rows == (["a, b", "two\nlines"], ["c", ""])


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"\xff\xfea\x00", "not UTF-8"),
        (b"a\x00\n1\n", "it is not text"),
        (b'a\n"x', "not proper CSV"),
        (b'a\n"x"y\n', "not proper CSV"),
        (b"a,,c\n1,2,3\n", "column 2: has no name"),
        (b"a, a\n1,2\n", "column 2: has the name of another column"),
        (b"a,b\n1,2\n3\n", "row 2: has 1 cells where the header has 2"),
        (b"a\n" + b"x" * 2_001 + b"\n", "row 1: has a cell of over 2000 characters"),
        (b"a\n" + b"x" * 200_000 + b"\n", "not proper CSV"),
        (",".join(f"c{n}" for n in range(101)).encode(), "header: there are more than 100 columns"),
        (b"x" * (CSV_BYTES_MAX + 1), "it is larger than"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(data: bytes, flaw: str) -> None:
    assert any(flaw in each for each in flaws_of(data))


def test_what_looks_like_persons_data_is_pointed_out() -> None:
    table = read("code,owner name,tel,amount,mail\nA-1,Mari,+372 5555 5555,7,mari@example.org\n")
    assert files.preview_of(table).looks_personal == {"owner_name", "tel", "mail"}


def test_only_named_columns_are_seen_by_others() -> None:
    table = read("no,owner,size\n1,60001019906,7\n")
    made = files.definition_of(table, Columns(frozenset({"size"}), "no", "owner"), OFFERING)
    hidden = {field.code for field in made.fields if field.read_roles}
    assert (made.code, made.key, made.persons, hidden) == ("boats_v2", "no", ("owner",), {"owner"})
    assert made.permits["exchange"] == {Service.LIST, Service.READ, Service.EXISTS}
    assert Service.READ in made.permits["self"]
    bare = files.definition_of(table, Columns(), OFFERING)
    assert bare.key == files.ROW
    assert {field.code for field in bare.fields if not field.read_roles} == {files.ROW}
    assert "self" not in bare.permits


def test_columns_that_are_not_there_and_keys_that_repeat_are_refused() -> None:
    table = read("no,size\n1,7\n1,8\n,9\n")
    with pytest.raises(FileRefused) as refused:
        files.definition_of(table, Columns(frozenset({"colour"}), "no"), OFFERING)
    assert [each.pointer for each in refused.value.flaws] == [
        "column colour",
        "row 2, column no",
        "row 3, column no",
    ]


def test_rows_are_known_by_their_place_without_a_key() -> None:
    table = read("no\na\nb\n")
    assert files.rows_of(table, "") == [{"row_number": "1", "no": "a"}, {"row_number": "2", "no": "b"}]
    assert files.rows_of(table, "no") == [{"no": "a"}, {"no": "b"}]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(FileRefused):
        table = files.read_table(data)
        assert len(set(table.codes)) == len(table.codes) == len(table.titles)


@given(st.lists(st.text(max_size=10), min_size=1, max_size=6))
def test_any_header_gives_codes_that_a_register_takes(header: list[str]) -> None:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line).writerow(header)
    with suppress(FileRefused, UnicodeEncodeError):
        table = files.read_table(line.getvalue().encode())
        assert all(files._CODE.fullmatch(code) for code in table.codes)

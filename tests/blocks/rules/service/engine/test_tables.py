# SPDX-License-Identifier: EUPL-1.2
"""Tables read at once have the rows that Python's own readers find line by line."""

from __future__ import annotations

import codecs
import csv
from io import BytesIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.service.engine.hooks import install
from flagstone.blocks.rules.service.engine.speed import tables

TEXT = st.text(
    st.sampled_from('ab,";é\n\r\x0b\x1c\u2028 1'), max_size=60
)  # every end of a line that Python knows, quotes, and letters of more than a byte


def rows(text: str, **how: Any) -> list[Any]:
    lines = codecs.getreader("utf-8")(BytesIO(text.encode()))
    table = csv.DictReader(lines, **how)
    try:
        return [*table, table.line_num]
    except csv.Error as wrong:
        return [str(wrong)]


@given(TEXT)
def test_rows_are_the_same(text: str) -> None:
    plain = [rows(text), rows(text, restkey="more", restval="-"), rows(text, fieldnames=["x", "y"])]
    installed = install([tables.HOOK])
    try:
        found = [rows(text), rows(text, restkey="more", restval="-"), rows(text, fieldnames=["x", "y"])]
    finally:
        installed.undo()
    assert found == plain


@given(TEXT)
def test_lines_are_the_same(text: str) -> None:
    plain = list(codecs.getreader("utf-8")(BytesIO(text.encode())))
    installed = install([tables.HOOK])
    try:
        assert list(codecs.getreader("utf-8")(BytesIO(text.encode()))) == plain
    finally:
        installed.undo()


def test_a_reader_of_ones_own_keeps_its_way() -> None:
    class Own(csv.DictReader):  # type: ignore[type-arg]
        def __next__(self) -> dict[Any, Any]:
            return {"own": super().__next__()}

    installed = install([tables.HOOK])
    try:
        assert list(Own(["a", "1"])) == [{"own": {"a": "1"}}]
        table = csv.DictReader(["a", "1", "2"])
        assert (next(table), list(table)) == ({"a": "1"}, [{"a": "2"}])
    finally:
        installed.undo()

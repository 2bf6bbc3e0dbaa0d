# SPDX-License-Identifier: EUPL-1.2
"""Reads the rows of a survey's file one after another, CSV (RFC 4180, UTF-8) or Parquet, within bounds."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from flagstone.blocks.rules.contract.faults import SurveyInvalid
from flagstone.kernel.errors import Flaw

COLUMNS_MAX = 500
CELL_LENGTH_MAX = 1_000
_PARQUET_MARK = b"PAR1"
_BATCH_ROWS = 20_000

Row = tuple[int, Sequence[Any]]
"""A line number from 1 and the row's cells; the first row has the names of columns."""


def rows(file: Path) -> Iterator[Row]:
    """Yield the names of columns, then each row; SurveyInvalid for what is neither CSV nor Parquet."""
    try:
        with file.open("rb") as opened:
            is_parquet = opened.read(len(_PARQUET_MARK)) == _PARQUET_MARK
    except OSError as error:
        raise SurveyInvalid(f"{file.name} cannot be read: {error.strerror}") from None
    yield from _bounded(_parquet(file) if is_parquet else _csv(file))


def _bounded(found: Iterator[Row]) -> Iterator[Row]:
    """Pass rows on, each as wide as the first; the first has different names."""
    head = next(found, None)
    if head is None:
        raise SurveyInvalid("it has no rows")
    names = head[1]
    if len(names) > COLUMNS_MAX:
        flaw = Flaw.filled("line 1", "There may be %(most)s columns at most.", most=COLUMNS_MAX)
        raise SurveyInvalid(flaws=(flaw,))
    if len(set(names)) != len(names) or not all(names):
        raise SurveyInvalid(flaws=(Flaw("line 1", "Each column has a name of its own."),))
    yield head
    for line, cells in found:
        if len(cells) != len(names):
            flaw = Flaw.filled(
                f"line {line}",
                "There are %(cells)s cells where the first line names %(names)s.",
                cells=len(cells),
                names=len(names),
            )
            raise SurveyInvalid(flaws=(flaw,))
        yield line, cells


def _csv(file: Path) -> Iterator[Row]:
    with file.open(newline="", encoding="utf-8-sig") as opened:
        reader = csv.reader(opened, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnicodeDecodeError:
                raise SurveyInvalid("it is not UTF-8, nor Parquet") from None
            except csv.Error:
                raise SurveyInvalid(flaws=(Flaw(f"line {line}", "This is no CSV."),)) from None
            if flaw := _flaw_of(f"line {line}", cells):
                raise SurveyInvalid(flaws=(flaw,))
            yield line, cells


def _flaw_of(place: str, cells: list[str]) -> Flaw | None:
    if any(len(cell) > CELL_LENGTH_MAX for cell in cells):
        return Flaw.filled(place, "A cell is longer than %(most)s characters.", most=CELL_LENGTH_MAX)
    return Flaw(place, "This is no text.") if "\0" in "".join(cells) else None


def _parquet(file: Path) -> Iterator[Row]:
    """Yield rows counted as if the names of columns stood in line 1."""
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - an extra
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError:
        raise SurveyInvalid("Parquet needs pyarrow: install flagstone[parquet]") from None
    try:
        with ParquetFile(str(file)) as opened:
            names = opened.schema_arrow.names
            yield 1, names
            line = 2
            if len(names) <= COLUMNS_MAX:
                for batch in opened.iter_batches(batch_size=_BATCH_ROWS):
                    for cells in zip(*(each.to_pylist() for each in batch.columns), strict=True):
                        yield line, cells
                        line += 1
    except (ArrowException, OSError, ValueError) as error:
        raise SurveyInvalid("it is no Parquet that can be read") from error

# SPDX-License-Identifier: EUPL-1.2
"""A file with a row for each household: what it has under the law and under the reform."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from flagstone.blocks.rules.contract.faults import SimulationFailed
from flagstone.blocks.rules.service.engine.simulation.measuring import Columns
from flagstone.blocks.rules.service.engine.simulation.people import Array

PARQUET = ".parquet"
_BOTH = ("weight", "people", "units")


def written(file: Path, law: Columns, reform: Columns, names: Sequence[str] | None) -> None:
    """Write all households in order, CSV (RFC 4180) or Parquet by the file's name, whole or not at all.

    `names` are those of a survey; made-up households have their number. SimulationFailed when it cannot be
    written, or Parquet is not installed.
    """
    table = dict(_columns(law, reform, names))
    part = file.with_name(f".{file.name}.part")
    try:
        _parquet(part, table) if file.suffix == PARQUET else _csv(part, table)
        part.replace(file)
    except OSError as error:
        raise SimulationFailed(f"{file.name} cannot be written: {error.strerror}") from error


def _columns(
    law: Columns, reform: Columns, names: Sequence[str] | None
) -> Iterator[tuple[str, Sequence[Any] | Array]]:
    yield "household", names if names is not None else range(len(law["weight"]))
    for name in _BOTH:
        yield name, law[name]
    for name in law:
        if name not in _BOTH:
            yield f"{name}_law", law[name]
            yield f"{name}_reform", reform[name]


def _csv(file: Path, table: dict[str, Any]) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened, lineterminator="\r\n")
        writer.writerow(table)
        lists = [each.tolist() if hasattr(each, "tolist") else each for each in table.values()]
        for row in zip(*lists, strict=True):
            writer.writerow(["" if each != each else each for each in row])  # noqa: PLR0124 - not a number


def _parquet(file: Path, table: dict[str, Any]) -> None:
    try:
        import pyarrow  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise SimulationFailed("Parquet needs pyarrow: install flagstone[parquet]") from None
    columns = {name: list(each) if isinstance(each, range) else each for name, each in table.items()}
    parquet.write_table(pyarrow.table(columns), str(file))

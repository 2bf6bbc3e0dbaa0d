# SPDX-License-Identifier: EUPL-1.2
"""The first content of Aralia's registers: the same rows on every machine, also as CSV text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from aralia.companies import companies
from aralia.definitions import ORDER
from aralia.goods import goods
from aralia.notices import contacts
from aralia.officials import appointments
from aralia.people import people
from aralia.permits import permits
from aralia.person import row as person_row
from aralia.places import places
from aralia.places import row as place_row
from aralia.services import services
from aralia.taxes import incomes, taxpayers
from flagstone.blocks.registry.contract.register import RegisterDefinition, Value

Row = Mapping[str, Value]

_ROWS: dict[str, Callable[[], Iterable[Row]]] = {
    "locations": lambda: map(place_row, places()),
    "individuals": lambda: map(person_row, people()),
    "organisations": companies,
    "appointments": appointments,
    "processes": services,
    "products": goods,
    "taxpayers": taxpayers,
    "incomes": incomes,
    "permits": permits,
    "contacts": contacts,
}


def rows(register: str) -> Iterator[Row]:
    """Yield the rows of `register` in a fixed order; KeyError when Aralia has no such register.

    Take the registers in the order of `definitions.ORDER`, so that every hard link finds its record; within
    the locations a parent comes before what lies in it.
    """
    if register not in ORDER:
        raise KeyError(register)
    yield from _ROWS[register]()


def csv_lines(definition: RegisterDefinition, some: Iterable[Row]) -> Iterator[str]:
    """Yield CSV lines (RFC 4180), header first; lists and objects are JSON within their cell.

    An absent value is an empty cell, true and false are written so.
    """
    codes = [each.code for each in definition.fields]
    yield _line(codes)
    for row in some:
        yield _line([_cell(row.get(code)) for code in codes])


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _cell(value: Value) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

# SPDX-License-Identifier: EUPL-1.2
"""A form made from a register's definition: what it asks, and the data that comes back.

The name of each control is the dotted path of its value (`parents.0.role`), its element's id the same
with hyphens, so that a flaw's RFC 6901 pointer leads to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from starlette.datastructures import FormData

from flagstone.blocks.registry.contract.register import Data, Field, FieldType, Option, Value
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked

_ = marked

PREFIX = "f"
SPARE_ROWS = 1
ROWS_MAX = 60
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_LONG = 200


@dataclass(frozen=True)
class Control:
    """One control or a group; `kind` is input, area, select, yes-no, date, lines, group or rows."""

    kind: str
    path: str
    title: Mapping[str, str]
    value: str = ""
    parts: tuple[str, str, str] = ("", "", "")  # day, month, year
    options: tuple[Option, ...] = ()
    required: bool = False
    numeric: bool = False
    unit: str = ""
    error: str = ""
    children: tuple[Control, ...] = ()

    @property
    def id(self) -> str:
        """Return the id of the element, and of the first part of a date."""
        return element_id(self.path)


def element_id(path: str) -> str:
    """Return the element's id for the dotted `path` of a control."""
    return path.replace(".", "-")


def controls(fields: Iterable[Field], data: Data, flaws: Iterable[Flaw] = ()) -> tuple[Control, ...]:
    """Return a control for each of `fields`, filled from `data`, with its flaw's message."""
    errors = {PREFIX + flaw.pointer.replace("/", "."): flaw.message for flaw in flaws}
    return tuple(_control(each, f"{PREFIX}.{each.code}", data.get(each.code), errors) for each in fields)


def _control(this: Field, path: str, value: Value, errors: Mapping[str, str]) -> Control:
    base = Control("input", path, this.title, required=this.required, error=errors.get(path, ""))
    if this.type is FieldType.OBJECT:
        inner = value if isinstance(value, Mapping) else {}
        children = (
            _control(each, f"{path}.{each.code}", inner.get(each.code), errors) for each in this.properties
        )
        return replace(base, kind="group", children=tuple(children))
    if this.type is FieldType.LIST:
        return _list_control(this, base, value, errors)
    text = _shown(value)
    if this.type is FieldType.DATE:
        return replace(base, kind="date", value=text, parts=_date_parts(text))
    if this.type is FieldType.CATALOGUE:
        return replace(base, kind="select", value=text, options=this.options)
    if this.type is FieldType.BOOLEAN:
        return replace(base, kind="yes-no", value=text)
    numeric = this.type in {FieldType.INTEGER, FieldType.DECIMAL}
    kind = "area" if len(text) > _LONG else "input"
    return replace(base, kind=kind, value=text, numeric=numeric, unit=this.unit)


def _date_parts(text: str) -> tuple[str, str, str]:
    year, _, rest = text.partition("-")
    month, _, day = rest.partition("-")
    return day.lstrip("0"), month.lstrip("0"), year


def _list_control(this: Field, base: Control, value: Value, errors: Mapping[str, str]) -> Control:
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else []
    assert this.items is not None
    if this.items.type is not FieldType.OBJECT:
        below = [message for place, message in errors.items() if place.startswith(f"{base.path}.")]
        lines = "\n".join(_shown(item) for item in items)
        return replace(base, kind="lines", value=lines, error=base.error or "; ".join(below))
    rows = [*items, *[{}] * SPARE_ROWS][:ROWS_MAX]
    children = (_control(this.items, f"{base.path}.{n}", item, errors) for n, item in enumerate(rows))
    return replace(base, kind="rows", children=tuple(children))


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def read_back(fields: Iterable[Field], form: FormData) -> tuple[dict[str, Value], tuple[Flaw, ...]]:
    """Return the data that `form` holds for `fields` (None where left empty), and what cannot be read."""
    flaws: list[Flaw] = []
    texts = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    data = {each.code: _read(each, f"{PREFIX}.{each.code}", texts, flaws) for each in fields}
    flaws += [
        Flaw(f"/{each.code}", _("Enter a value"))
        for each in fields
        if each.required and data[each.code] is None
    ]
    return data, tuple(flaws)


def _read(this: Field, path: str, texts: Mapping[str, str], flaws: list[Flaw]) -> Value:
    if this.type is FieldType.OBJECT:
        inner = {each.code: _read(each, f"{path}.{each.code}", texts, flaws) for each in this.properties}
        return {code: value for code, value in inner.items() if value is not None} or None
    if this.type is FieldType.LIST:
        return _read_list(this, path, texts, flaws)
    if this.type is FieldType.DATE:
        return _read_date(path, texts, flaws)
    return _read_text(this, texts.get(path, "").strip(), path, flaws)


def _read_text(this: Field, text: str, path: str, flaws: list[Flaw]) -> Value:
    if not text:
        return None
    if this.type is FieldType.BOOLEAN:
        return text == "true"
    if this.type is FieldType.INTEGER:
        plain = text.replace("\u00a0", "").replace(" ", "")
        if not _INTEGER.fullmatch(plain):
            flaws.append(Flaw(_pointer(path), _("Enter a whole number")))
            return text
        return int(plain)
    return text.replace("\r\n", "\n")


def _read_list(this: Field, path: str, texts: Mapping[str, str], flaws: list[Flaw]) -> Value:
    assert this.items is not None
    if this.items.type is not FieldType.OBJECT:
        lines = [line.strip() for line in texts.get(path, "").splitlines() if line.strip()]
        return [_read_text(this.items, line, path, flaws) for line in lines[:ROWS_MAX]] or None
    found: list[Value] = []
    for place in _places(path, texts):
        row = _read(this.items, f"{path}.{place}", texts, flaws)
        if row is not None:
            found.append(row)
    return found or None


def _places(path: str, texts: Mapping[str, str]) -> Iterator[int]:
    """Yield the numbers of the rows below `path`, in order."""
    heads = {name[len(path) + 1 :].split(".")[0] for name in texts if name.startswith(f"{path}.")}
    yield from sorted(int(head) for head in heads if head.isdecimal() and len(head) < 4)[:ROWS_MAX]


def _read_date(path: str, texts: Mapping[str, str], flaws: list[Flaw]) -> Value:
    day, month, year = (texts.get(f"{path}.{part}", "").strip() for part in ("day", "month", "year"))
    if not (day or month or year):
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        flaws.append(Flaw(_pointer(path), _("Enter a real date: day, month and year")))
        return f"{year}-{month}-{day}"


def _pointer(path: str) -> str:
    return path.removeprefix(PREFIX).replace(".", "/")


def changed(before: Data, after: Data) -> dict[str, Value]:
    """Return what `after` has otherwise than `before`, None for a field that was emptied."""
    return {code: value for code, value in after.items() if _bare(before.get(code)) != _bare(value)}


def _bare(value: Value) -> Value:
    """Return `value` with nothing, an empty text and an empty list being the same."""
    if isinstance(value, Mapping):
        return {code: _bare(item) for code, item in value.items() if _bare(item) is not None} or None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_bare(item) for item in value] or None
    return value if value != "" else None


def hidden(form: FormData) -> list[tuple[str, str]]:
    """Return the controls of `form` as names and texts, to be carried to the next step."""
    return [(name, value) for name, value in form.multi_items() if _is_ours(name) and isinstance(value, str)]


def _is_ours(name: str) -> bool:
    return name.startswith(f"{PREFIX}.")

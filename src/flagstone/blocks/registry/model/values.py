# SPDX-License-Identifier: EUPL-1.2
"""One field's value: from what a caller or a table's cell holds to the canonical form (DRS-3, DRS-17)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from flagstone.blocks.registry.contract.register import Field, FieldType, Value
from flagstone.blocks.registry.model import patterns
from flagstone.blocks.registry.model.text import clean, western_digits
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.errors import Flaw

INTEGER_MAX = 2**53 - 1
"""Beyond this, JSON readers elsewhere lose digits (RFC 8259 section 6)."""

LIST_ITEMS_MAX = 500
CELL_DEPTH_MAX = 8
NUMBER_TEXT_MAX = 40
PASSED_MAX = 1_000_000

Bound = TypeVar("Bound", int, Decimal, date)
Check = Callable[[str], bool]
Checks = Mapping[str, Check]
TEXT = FieldType.TEXT

_decimal_form = re.compile(r"-?[0-9]{1,28}(\.[0-9]{1,10})?")
_date_form = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_time_form = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_json_text = re.compile(r'"(?:[^"\\]|\\.)*"')
_yes, _no = {"true", "1", "yes"}, {"false", "0", "no"}


class UnfitError(ValueError):
    """A value is not what its field asks for; the message says what is wrong, without the value."""


@dataclass
class Inspection:
    """One look at a record: which named checks there are, where it comes from, what was found.

    `from_table` admits text for every type, as a table's cells hold it, and empty text for no value.
    An inspection may be used for many records of one register; it remembers what passed its checks.
    """

    checks: Checks
    from_table: bool = False
    flaws: list[Flaw] = field(default_factory=list)
    passed: set[tuple[str, str]] = field(default_factory=set)

    def passes(self, check: str, text: str) -> bool:
        """Tell whether `text` passes the named check."""
        if (check, text) in self.passed:
            return True
        if not self.checks[check](text):
            return False
        if len(self.passed) < PASSED_MAX:
            self.passed.add((check, text))
        return True


def read_value(of: Field, value: object, inspection: Inspection) -> Value:
    """Return `value` in the canonical form of the field `of`, or None, and a flaw for each thing wrong.

    The flaws' JSON pointers (RFC 6901) begin at this value.
    """
    if value is None or value == "":
        return None
    try:
        kind = of.type
        read = _text if kind is TEXT else _readers[kind]  # most are text, and an Enum is slow to hash
        return read(of, value, inspection)
    except ValueError as error:
        inspection.flaws.append(Flaw("", str(error)))
        return None


def read_fields(
    fields: tuple[Field, ...], data: Mapping[str, object], inspection: Inspection
) -> dict[str, Value]:
    """Return the canonical values of `data` by field code, without nulls, defaults filled in."""
    shown: dict[str, Value] = {}
    known = 0
    for one in fields:
        code, flaws_before = one.code, len(inspection.flaws)
        if code in data:
            known += 1
            value = read_value(one, data[code], inspection)
        else:
            value = one.default
        if value is not None:
            shown[code] = value
        elif one.required and len(inspection.flaws) == flaws_before:
            inspection.flaws.append(Flaw("", "is required"))
        if len(inspection.flaws) > flaws_before:
            _locate(inspection.flaws, flaws_before, code)
    if known < len(data):
        _name_unknown(fields, data, inspection)
    return shown


def _locate(flaws: list[Flaw], start: int, place: str | int) -> None:
    """Put `place` before the pointers of the flaws from `start` on."""
    flaws[start:] = [Flaw(f"/{place}{flaw.pointer}", flaw.message) for flaw in flaws[start:]]


def _name_unknown(fields: tuple[Field, ...], data: Mapping[str, object], inspection: Inspection) -> None:
    """Add a flaw for each member of `data` that is no field; its name is shortened, and escaped."""
    known = {one.code for one in fields}
    for code in data:
        if code not in known:
            name = str(code)[:64].encode("ascii", "backslashreplace").decode()
            pointer = name.replace("~", "~0").replace("/", "~1")
            inspection.flaws.append(Flaw(f"/{pointer}", "is not a field of this register"))


def _unpacked(value: object, inspection: Inspection) -> object:
    """Return the list or object that a table's cell holds as JSON; any other value as it is."""
    if not (inspection.from_table and isinstance(value, str)):
        return value
    if max_depth(value) > CELL_DEPTH_MAX:
        raise UnfitError(f"is nested deeper than {CELL_DEPTH_MAX}")
    try:
        unpacked: object = json.loads(value, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UnfitError("is not JSON, as a list or an object in a cell must be") from error
    return unpacked


def _refuse_constant(name: str) -> object:
    """Refuse `NaN` and `Infinity`, which JSON does not have."""
    raise UnfitError(f"{name} is not JSON")


def max_depth(text: str) -> int:
    """Return how deep the brackets of the JSON `text` nest, without reading it."""
    depth = deepest = 0
    for part in re.findall(r"[\[{\]}]", _json_text.sub("", text)):
        depth += 1 if part in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _list(of: Field, value: object, inspection: Inspection) -> Value:
    """Return a list of canonical items."""
    items = _unpacked(value, inspection)
    if not isinstance(items, list | tuple):
        raise UnfitError("must be a list")
    if len(items) > LIST_ITEMS_MAX:
        raise UnfitError(f"has more than {LIST_ITEMS_MAX} items")
    assert of.items is not None
    read = []
    for number, item in enumerate(items):
        flaws_before = len(inspection.flaws)
        one = read_value(of.items, item, inspection)
        if one is not None:
            read.append(one)
        if len(inspection.flaws) > flaws_before:
            _locate(inspection.flaws, flaws_before, number)
    return read or None


def _object(of: Field, value: object, inspection: Inspection) -> Value:
    """Return an object of canonical members."""
    members = _unpacked(value, inspection)
    if not isinstance(members, Mapping):
        raise UnfitError("must be an object")
    return read_fields(of.properties, members, inspection) or None


def _text(of: Field, value: object, inspection: Inspection) -> Value:
    """Return text in NFC within its length, pattern and check."""
    if not isinstance(value, str):
        raise UnfitError("must be text")
    if len(value) > of.length_max * 2:
        raise UnfitError(f"is longer than {of.length_max} characters")
    text = clean(value)
    if len(text) > of.length_max:
        raise UnfitError(f"is longer than {of.length_max} characters")
    if of.pattern and not patterns.fits(of.pattern, text):
        raise UnfitError("does not have the form that is asked for")
    if of.check and not inspection.passes(of.check, text):
        raise UnfitError(f"fails the check `{of.check}`")
    return text


def _integer(of: Field, value: object, inspection: Inspection) -> Value:
    """Return a whole number within its bounds."""
    if isinstance(value, str) and inspection.from_table:
        digits = western_digits(value.strip())
        if len(digits) > NUMBER_TEXT_MAX or not re.fullmatch(r"[+-]?[0-9]+", digits):
            raise UnfitError("must be a whole number")
        value = int(digits)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnfitError("must be a whole number")
    if abs(value) > INTEGER_MAX:
        raise UnfitError("is too large a number")
    _check_bounds(of, value, int)
    return value


def _decimal(of: Field, value: object, _: Inspection) -> Value:
    """Return a decimal as text, its digits after the point kept."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise UnfitError("must be a decimal number such as 12.50")
    text = _decimal_text(value)
    if not _decimal_form.fullmatch(text):
        raise UnfitError("must be a decimal number such as 12.50")
    number = Decimal(text)
    _check_bounds(of, number, Decimal)
    return str(abs(number)) if number == 0 else f"{number:f}"


def _decimal_text(value: str | float | Decimal) -> str:
    """Return the digits of a number in whatever form; what is no number comes back unfit."""
    if isinstance(value, str):
        return western_digits(value.strip())[:NUMBER_TEXT_MAX]
    try:
        return f"{Decimal(repr(value)) if isinstance(value, float) else Decimal(value):f}"[:200]
    except (InvalidOperation, ValueError, OverflowError):
        return ""


def _boolean(_: Field, value: object, inspection: Inspection) -> Value:
    """Return true or false."""
    if isinstance(value, str) and inspection.from_table:
        word = western_digits(value.strip()).lower()
        if word in _yes or word in _no:
            return word in _yes
    if not isinstance(value, bool):
        raise UnfitError("must be true or false")
    return value


def _date(of: Field, value: object, _: Inspection) -> Value:
    """Return a date as `YYYY-MM-DD` (ISO 8601)."""
    text = western_digits(value.strip()) if isinstance(value, str) else ""
    if not _date_form.fullmatch(text):
        raise UnfitError("must be a date such as 2026-01-31")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise UnfitError("is a date that does not exist") from error
    _check_bounds(of, day, date.fromisoformat)
    return text


def _time(_: Field, value: object, __: Inspection) -> Value:
    """Return a time of day as `HH:MM:SS`."""
    text = western_digits(value.strip()) if isinstance(value, str) else ""
    if not _time_form.fullmatch(text):
        raise UnfitError("must be a time such as 08:30 or 08:30:00")
    try:
        return time.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UnfitError("is a time that does not exist") from error


def _datetime(_: Field, value: object, __: Inspection) -> Value:
    """Return an instant as RFC 3339 text in UTC."""
    try:
        return rfc3339(parse_rfc3339(value.strip())) if isinstance(value, str) else _no_instant()
    except (ValueError, OverflowError) as error:
        raise UnfitError("must be an instant such as 2026-01-31T08:30:00Z") from error


def _no_instant() -> str:
    """Refuse a value that is not even text."""
    raise UnfitError("not text")


def _catalogue(of: Field, value: object, _: Inspection) -> Value:
    """Return the code of one of the field's options."""
    for option in of.options:
        if option.code == value:
            return option.code
    raise UnfitError("is not one of the options")


def _check_bounds(of: Field, value: Bound, parse: Callable[[str], Bound]) -> None:
    """Raise ValueError when `value` is outside of the field's bounds."""
    if of.minimum is not None and value < parse(of.minimum):
        raise UnfitError(f"is below {of.minimum}")
    if of.maximum is not None and value > parse(of.maximum):
        raise UnfitError(f"is above {of.maximum}")


_readers: Mapping[FieldType, Callable[[Field, object, Inspection], Value]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.DECIMAL: _decimal,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.TIME: _time,
    FieldType.DATETIME: _datetime,
    FieldType.CATALOGUE: _catalogue,
    FieldType.LIST: _list,
    FieldType.OBJECT: _object,
}

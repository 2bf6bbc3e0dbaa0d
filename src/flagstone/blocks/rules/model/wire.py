# SPDX-License-Identifier: EUPL-1.2
"""The values of the contract as JSON and back, for the block's processes and interfaces."""

from __future__ import annotations

import types
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.kernel.errors import Flaw

T = TypeVar("T")
_PLAIN = (str, bool, int, float, types.NoneType)


class NotOnWire(ValueError):
    """A value is not what its type says; `flaw` has the RFC 6901 pointer of where, and not the value."""

    def __init__(self, flaw: Flaw) -> None:
        """Take what is wrong and where."""
        super().__init__(flaw.message)
        self.flaw = flaw

    @property
    def place(self) -> str:
        """The RFC 6901 pointer of where it is."""
        return self.flaw.pointer


def on_wire(value: object) -> Any:
    """Return a value as JSON: dataclasses as objects, tuples as lists, dates and times as ISO 8601."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name.rstrip("_"): on_wire(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): on_wire(each) for key, each in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [on_wire(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def from_wire(kind: type[T], document: object, place: str = "") -> T:
    """Return the value of a dataclass or other type that a JSON document describes; NotOnWire.

    Fields with a default may be absent; one that the class does not have is refused.
    """
    return cast("T", _read(kind, document, place))


def _read(kind: Any, document: Any, place: str) -> Any:
    if kind is Any or _is_json(kind):
        return document
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, document, place)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _made(kind, document, place)
    if kind in {date, datetime}:
        return _made(kind.fromisoformat, document, place)
    if kind in _PLAIN:
        return _plain(kind, document, place)
    return _generic(get_origin(kind), get_args(kind), document, place)


def _generic(origin: Any, inner: tuple[Any, ...], document: Any, place: str) -> Any:
    if origin in {Union, types.UnionType}:
        return _either(inner, document, place)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(document, Mapping):
            raise NotOnWire(Flaw(place, "This must be an object."))
        return {key: _read(inner[1], each, f"{place}/{_escaped(key)}") for key, each in document.items()}
    if origin is None or not issubclass(origin, Sequence):
        raise TypeError(f"{origin} has no form in JSON")
    return _sequence(inner, document, place)


def _sequence(inner: tuple[Any, ...], document: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(document, list | tuple):
        raise NotOnWire(Flaw(place, "This must be a list."))
    kinds: Sequence[Any] = inner
    if len(inner) == 1 or inner[1:] == (Ellipsis,):
        kinds = [inner[0]] * len(document)
    if len(kinds) != len(document):
        raise NotOnWire(Flaw.filled(place, "This must be a list of %(many)s.", many=len(kinds)))
    return tuple(
        _read(kind, each, f"{place}/{at}")
        for at, (kind, each) in enumerate(zip(kinds, document, strict=True))
    )


def _either(kinds: tuple[Any, ...], document: Any, place: str) -> Any:
    if document is None and types.NoneType in kinds:
        return None
    left = [each for each in kinds if each is not types.NoneType]
    for each in left[:-1]:
        try:
            return _read(each, document, place)
        except NotOnWire:
            continue
    return _read(left[-1], document, place)


def _dataclass(kind: type[Any], document: Any, place: str) -> Any:
    if not isinstance(document, Mapping):
        raise NotOnWire(Flaw(place, "This must be an object."))
    known = _fields(cast("Hashable", kind))
    for name in document:
        if name not in known:
            raise NotOnWire(Flaw(f"{place}/{_escaped(str(name))}", "There is no such field."))
    values = {}
    for name, (field, hint) in known.items():
        if name in document:
            values[field.name] = _read(hint, document[name], f"{place}/{name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise NotOnWire(Flaw(f"{place}/{name}", "This is missing."))
    return _made(lambda given: kind(**given), values, place)


@lru_cache(maxsize=256)
def _fields(kind: Any) -> dict[str, tuple[Field[Any], Any]]:
    """Return each field by its name on the wire, which has no underscore at the end, with its type."""
    hints = get_type_hints(kind)
    return {each.name.rstrip("_"): (each, hints[each.name]) for each in fields(kind) if each.init}


def _is_json(kind: Any) -> bool:
    """Tell whether a type is `JsonValue`, or a mapping or sequence of it that takes any JSON."""
    return kind is JsonValue or (get_origin(kind) in {Union, types.UnionType} and len(get_args(kind)) >= 7)


def _plain(kind: Any, document: Any, place: str) -> Any:
    fits = isinstance(document, int | float) if kind is float else isinstance(document, kind)
    if not fits or (isinstance(document, bool) and kind is not bool):
        raise NotOnWire(Flaw(place, _SAYINGS[kind]))
    return float(document) if kind is float else document


def _made(make: Any, document: Any, place: str) -> Any:
    try:
        return make(document)
    except (ValueError, TypeError):
        raise NotOnWire(Flaw(place, "This value is not allowed here.")) from None


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


_SAYINGS = {
    str: "This must be a text.",
    bool: "This must be true or false.",
    int: "This must be a whole number.",
    float: "This must be a number.",
    types.NoneType: "This must be null.",
}

# SPDX-License-Identifier: EUPL-1.2
"""How long a session lasts, and the order in which facts are shown; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from flagstone.blocks.registry.contract.record import Record
from flagstone.blocks.registry.contract.register import Field, FieldType, RegisterDefinition, RegisterKind
from flagstone.kernel.clock import parse_rfc3339

SEEN_EVERY = timedelta(seconds=60)
"""A session's last use is written at most this often."""

ORDER = (RegisterKind.INDIVIDUALS, RegisterKind.ORGANISATIONS, RegisterKind.LOCATIONS)
"""Kinds of register that come first among a person's facts: herself, her companies, her places."""


@dataclass(frozen=True)
class Limits:
    """How long a session lasts without use and in all."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)

    def __post_init__(self) -> None:
        """Refuse limits that make no sense."""
        if not timedelta(0) < self.idle <= self.absolute:
            raise ValueError("a session's idle limit is above zero and at most the absolute one")

    def is_over(self, now: datetime, *, seen_at: datetime, ends_at: datetime) -> bool:
        """Tell whether a session last used at `seen_at` that must end at `ends_at` is over at `now`."""
        return now >= ends_at or now - seen_at >= self.idle


def is_note_due(now: datetime, seen_at: datetime) -> bool:
    """Tell whether the use at `now` is to be written down."""
    return now - seen_at >= SEEN_EVERY


def by_register(
    records: Iterable[Record], definitions: Mapping[str, RegisterDefinition]
) -> list[tuple[RegisterDefinition, list[Record]]]:
    """Return records grouped by register, the person's own first; those of unknown registers are left out."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.register in definitions:
            groups.setdefault(record.register, []).append(record)
    ordered = sorted(groups, key=lambda code: (place(definitions[code]), code))
    return [(definitions[code], groups[code]) for code in ordered]


def place(definition: RegisterDefinition) -> int:
    """Return where a register comes among a person's facts; those of the same place keep their order."""
    return ORDER.index(definition.kind) if definition.kind in ORDER else len(ORDER)


def heading(record: Record, definition: RegisterDefinition) -> str:
    """Return what names a record among others: its display fields, else its id."""
    words = [str(record.data[code]) for code in definition.display if record.data.get(code) not in (None, "")]
    return " ".join(words) or record.id


def is_sound(data: object, fields: Iterable[Field]) -> bool:
    """Tell whether content from elsewhere can be shown: each field's value is of the field's type."""
    if not isinstance(data, Mapping):
        return False
    return all(data.get(field.code) is None or _is_of(data[field.code], field) for field in fields)


def _is_of(value: object, field: Field) -> bool:
    """Tell whether a value can be shown as the field's type."""
    match field.type:
        case FieldType.LIST:
            each = field.items
            return isinstance(value, list | tuple) and all(each is None or _is_of(one, each) for one in value)
        case FieldType.OBJECT:
            return is_sound(value, field.properties)
        case FieldType.BOOLEAN:
            return isinstance(value, bool)
        case FieldType.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, str) and _reads(value, field.type)


def _reads(text: str, kind: FieldType) -> bool:
    """Tell whether text says what its type needs."""
    try:
        if kind is FieldType.DATE:
            date.fromisoformat(text)
        elif kind is FieldType.DATETIME:
            parse_rfc3339(text)
        elif kind is FieldType.DECIMAL:
            return Decimal(text).is_finite()
    except (ValueError, InvalidOperation):
        return False
    return True

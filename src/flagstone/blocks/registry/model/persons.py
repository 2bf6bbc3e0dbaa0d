# SPDX-License-Identifier: EUPL-1.2
"""Whom a record concerns, and what of it is personal data (DRS-8, DRS-13, DRS-14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flagstone.blocks.registry.contract.register import Data, Field, RegisterDefinition, RegisterKind, Value
from flagstone.kernel.ids import PersonCode


def persons_of(definition: RegisterDefinition, data: Data) -> tuple[PersonCode, ...]:
    """Return the personal codes that the record's `persons` paths lead to, each once, in order."""
    found = (code for path in definition.persons for code in texts_at(data, path))
    return tuple(PersonCode(code) for code in dict.fromkeys(found))


def texts_at(data: Value, path: str) -> Iterator[str]:
    """Yield each text that a dotted path leads to, through lists and objects."""
    if isinstance(data, str):
        if not path:
            yield data
    elif isinstance(data, Sequence):
        for item in data:
            yield from texts_at(item, path)
    elif isinstance(data, Mapping) and path:
        code, _, rest = path.partition(".")
        yield from texts_at(data.get(code), rest)


def personal_fields(definition: RegisterDefinition) -> frozenset[str]:
    """Return the codes of fields that are personal data; all of them in a register of individuals."""
    if not definition.persons:
        return frozenset()
    if definition.kind is RegisterKind.INDIVIDUALS:
        return frozenset(one.code for one in definition.fields)
    roots = {path.split(".")[0] for path in definition.persons}
    return frozenset(one.code for one in definition.fields if one.code in roots or _is_personal(one))


def _is_personal(field: Field) -> bool:
    """Tell whether a field or a part of it is marked as personal data."""
    if field.personal or (field.items is not None and _is_personal(field.items)):
        return True
    return any(_is_personal(one) for one in field.properties)

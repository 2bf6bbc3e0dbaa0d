# SPDX-License-Identifier: EUPL-1.2
"""A whole record against its register: fields, size, dates, its id, its words for full text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from flagstone.blocks.registry.contract.faults import RecordInvalid
from flagstone.blocks.registry.contract.register import Data, RegisterDefinition, Value
from flagstone.blocks.registry.model.text import words
from flagstone.blocks.registry.model.values import Inspection, read_fields
from flagstone.kernel.errors import Flaw

RECORD_BYTES_MAX = 48 * 1024
ID_LENGTH_MAX = 200
ID_DIGITS = 6
FLAWS_MAX = 100
WORDS_MAX = 400

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def checked(
    definition: RegisterDefinition, data: Mapping[str, object], inspection: Inspection
) -> dict[str, Value]:
    """Return `data` in canonical form without nulls; what is wrong is added to `inspection.flaws`."""
    read = read_fields(definition.fields, data, inspection)
    if size_bytes(read) > RECORD_BYTES_MAX:
        inspection.flaws.append(Flaw("", f"the record is larger than {RECORD_BYTES_MAX} bytes"))
    if definition.key and definition.key in read:
        flaw = id_flaw(str(read[definition.key]))
        if flaw:
            inspection.flaws.append(Flaw(f"/{definition.key}", flaw))
    return read


def refuse_flaws(flaws: Sequence[Flaw]) -> None:
    """Raise RecordInvalid that names `flaws`, if there are any."""
    if flaws:
        raise RecordInvalid(f"{len(flaws)} flaws", flaws=tuple(flaws[:FLAWS_MAX]))


def size_bytes(data: Data) -> int:
    """Return the record's size as compact JSON, which is never smaller than its canonical CBOR."""
    return len(_compact(data).encode())


def id_flaw(record_id: str) -> str:
    """Return why `record_id` cannot be a record's id, or nothing; it must fit into a path segment."""
    if not 0 < len(record_id) <= ID_LENGTH_MAX:
        return f"an id has 1 to {ID_LENGTH_MAX} characters"
    if any(part in "/\\?#%" or not part.isprintable() for part in record_id) or record_id in {".", ".."}:
        return "an id cannot hold / \\ ? # % or control characters"
    return ""


def generated_id(prefix: str, number: int) -> str:
    """Return the id with running `number`: the prefix and at least six digits."""
    return f"{prefix}{number:0{ID_DIGITS}d}"


def number_of(prefix: str, record_id: str) -> int | None:
    """Return the running number of a generated id, or None for any other text."""
    match = re.fullmatch(re.escape(prefix) + r"([0-9]{6,15})", record_id)
    number = int(match.group(1)) if match else 0
    return number if number and generated_id(prefix, number) == record_id else None


def day_of_effect(valid_from: date | None, today: date) -> date:
    """Return when the fact became true, today by default; RecordInvalid for a day to come."""
    if valid_from is not None and valid_from > today:
        raise RecordInvalid("", flaws=(Flaw("/valid_from", "lies in the future; record it on the day"),))
    return valid_from or today


def text_of(codes: Sequence[str], data: Data) -> list[str]:
    """Return the words within the fields `codes`, each once, for the full text."""
    found = [word for code in codes for text in _texts(data.get(code)) for word in words(text)]
    return list(dict.fromkeys(found))[:WORDS_MAX]


def _texts(value: Value) -> Iterator[str]:
    """Yield every text and number within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif value is not None:
        for part in value:
            yield from _texts(part)


def apply_changes(shown: Data, changes: Mapping[str, object]) -> dict[str, object]:
    """Return the record's content with `changes`; a null removes a field."""
    merged: dict[str, object] = {**shown, **changes}
    return {code: value for code, value in merged.items() if value is not None}


def differing(before: Data, after: Data) -> tuple[str, ...]:
    """Return the codes whose values differ, sorted."""
    return tuple(sorted(code for code in before.keys() | after.keys() if before.get(code) != after.get(code)))

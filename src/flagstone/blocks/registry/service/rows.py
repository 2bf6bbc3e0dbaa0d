# SPDX-License-Identifier: EUPL-1.2
"""From checked content to the rows that are stored: ids, sealed secrets, storage keys, links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flagstone.blocks.registry.contract.faults import RecordInvalid
from flagstone.blocks.registry.contract.register import Data, Value
from flagstone.blocks.registry.model.lineage import Shape
from flagstone.blocks.registry.model.persons import texts_at
from flagstone.blocks.registry.model.records import RECORD_BYTES_MAX, generated_id, size_bytes
from flagstone.blocks.registry.service.looking import Lens
from flagstone.blocks.registry.store import derived, records
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Flaw
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.writing import Writing


def fresh_rows(
    write: Writing, through: Lens, read: Sequence[Data], since: date, ids: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of new records; ids that are not given are taken from the key or generated."""
    definition = through.shape.definition
    if ids is None:
        ids = _ids(write, through.shape, read)
    return [
        {
            "register": definition.code,
            "id": record_id,
            "version": definition.version,
            "data": stored_data(through, record_id, data),
            "valid_from": since.isoformat(),
            "recorded_at": rfc3339(write.at),
        }
        for record_id, data in zip(ids, read, strict=True)
    ]


def _ids(write: Writing, shape: Shape, read: Sequence[Data]) -> list[str]:
    """Return the ids of new records: their keys, or the next running numbers."""
    definition = shape.definition
    if definition.key:
        return [str(data[definition.key]) for data in read]
    start = derived.next_numbers(write, definition.code, len(read))
    return [generated_id(definition.id_prefix, start + place) for place in range(len(read))]


def stored_data(
    through: Lens, record_id: str, read: Data, before: tuple[Data, Data] = ({}, {})
) -> dict[str, Value]:
    """Return content as it is stored; `before` is what it was, opened by field code and as stored.

    A secret that stays the same keeps its sealed form. RecordInvalid when sealing makes it too large.
    """
    shape, (plain, stored) = through.shape, before
    same = {code for code in shape.secrets & read.keys() & plain.keys() if read[code] == plain[code]}
    kept = {code: stored[shape.keys[code]] for code in same}
    fresh = {code: read[code] for code in shape.secrets & read.keys() - same}
    sealed = through.secrets.seal(shape, record_id, fresh) if fresh else {}
    whole = shape.stored({**read, **kept, **sealed}, stored)
    if sealed and size_bytes(whole) > RECORD_BYTES_MAX:
        raise RecordInvalid("", flaws=(Flaw("", f"the record is larger than {RECORD_BYTES_MAX} bytes"),))
    return whole


def broken_links(view: Reading, shape: Shape, read: Sequence[Data]) -> list[Flaw]:
    """Return a flaw for each hard link that leads to no record, by field."""
    flaws = []
    for link in shape.definition.links:
        wanted = {target for data in read for target in texts_at(data, link.field)} if link.hard else set()
        if wanted and wanted - known_targets(view, link.register, wanted):
            pointer = link.field.replace(".", "/")
            flaws.append(Flaw(f"/{pointer}", f"names no record of the register {link.register}"))
    return flaws


def known_targets(view: Reading, register: str, wanted: Iterable[str]) -> set[str]:
    """Return which of the ids are those of live records of `register`."""
    return records.existing(view, register, wanted)

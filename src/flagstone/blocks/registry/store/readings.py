# SPDX-License-Identifier: EUPL-1.2
"""Who read what: the recorded readings of personal data (DRS-8)."""

from __future__ import annotations

from flagstone.blocks.registry.contract.record import Reading as PersonRead
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row, select
from flagstone.platform.storage.tables import person_read

READINGS_MAX = 1_000


def of_record(view: Reading, register: str, record_id: str) -> tuple[PersonRead, ...]:
    """Return the newest thousand readings of a record, the newest first."""
    ours = (person_read.c.register == register, person_read.c.record_key == record_id)
    return _newest(view, *ours)


def of_person(view: Reading, person: PersonCode, register: str = "") -> tuple[PersonRead, ...]:
    """Return the newest thousand readings of a person's data, the newest first."""
    ours = [person_read.c.person == person]
    if register:
        ours.append(person_read.c.register == register)
    return _newest(view, *ours)


def _newest(view: Reading, *conditions: object) -> tuple[PersonRead, ...]:
    """Return readings that meet `conditions`."""
    query = select(person_read).where(*conditions)  # type: ignore[arg-type]  # columns compared
    newest = query.order_by(person_read.c.at.desc(), person_read.c.id.desc()).limit(READINGS_MAX)
    return tuple(_reading(row) for row in view.rows(newest))


def _reading(row: Row) -> PersonRead:
    """Return a row as the contract's reading."""
    return PersonRead(
        id=row["id"],
        person=PersonCode(row["person"]),
        register=row["register"],
        record_id=row["record_key"],
        fields=tuple(row["fields"]),
        actor_id=row["actor_id"],
        actor_name=row["actor_name"],
        organisation=row["organisation"],
        system=row["system"],
        reason=Reason(row["purpose"], row["legal_basis"], row["message_reference"]),
        at=parse_rfc3339(row["at"]),
    )

# SPDX-License-Identifier: EUPL-1.2
"""Who read what: the recorded readings of personal data (DRS-8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flagstone.blocks.registry.contract.record import READINGS_MAX
from flagstone.blocks.registry.contract.record import Reading as PersonRead
from flagstone.kernel.audit import ActorKind, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import ColumnElement, Row, and_, func, or_, select
from flagstone.platform.storage.tables import person_read


@dataclass(frozen=True)
class Sought:
    """Which readings of one person: of a register, from `since` up to and not including `until`."""

    person: PersonCode
    register: str = ""
    since: datetime | None = None
    until: datetime | None = None


def of_record(view: Reading, register: str, record_id: str) -> tuple[PersonRead, ...]:
    """Return the newest thousand readings of a record, the newest first."""
    ours = (person_read.c.register == register, person_read.c.record_key == record_id)
    return _newest(view, *ours)


def of_person(
    view: Reading, sought: Sought, shown_at: datetime | None, *, offset: int = 0, limit: int = READINGS_MAX
) -> tuple[PersonRead, ...]:
    """Return readings of a person's data, the newest first.

    With `shown_at` without those that are hidden from her at that instant.
    """
    return _newest(view, *_conditions(sought, shown_at), offset=offset, limit=limit)


def count(view: Reading, sought: Sought, shown_at: datetime | None) -> int:
    """Return how many readings `of_person` has."""
    query = select(func.count()).select_from(person_read).where(*_conditions(sought, shown_at))
    return int(view.scalar(query))


def count_hidden(view: Reading, sought: Sought, at: datetime) -> int:
    """Return how many readings of a person's data are hidden from her at the instant `at`."""
    hidden = person_read.c.hidden_until > rfc3339(at)
    query = select(func.count()).select_from(person_read).where(*_conditions(sought, None), hidden)
    return int(view.scalar(query))


def by_message(view: Reading, since: datetime, until: datetime) -> Mapping[str, int]:
    """Return how many readings each message made from `since` up to and not including `until`."""
    message, at = person_read.c.message_reference, person_read.c.at
    query = select(message, func.count().label("readings")).group_by(message)
    within = query.where(at >= rfc3339(since), at < rfc3339(until), message != "")
    return {row["message_reference"]: row["readings"] for row in view.rows(within)}


def between(
    view: Reading, since: datetime, until: datetime, *, after: str, limit: int
) -> tuple[PersonRead, ...]:
    """Return readings in the order of time and id; of those made at `since` the ones that follow `after`."""
    at, number = person_read.c.at, person_read.c.id
    behind = or_(at > rfc3339(since), and_(at == rfc3339(since), number > after))
    query = select(person_read).where(at >= rfc3339(since), behind, at < rfc3339(until))
    return tuple(_reading(row) for row in view.rows(query.order_by(at, number).limit(limit)))


def _conditions(sought: Sought, shown_at: datetime | None) -> list[ColumnElement[bool]]:
    """Return what is sought as conditions."""
    found = [person_read.c.person == sought.person]
    if sought.register:
        found.append(person_read.c.register == sought.register)
    if sought.since is not None:
        found.append(person_read.c.at >= rfc3339(sought.since))
    if sought.until is not None:
        found.append(person_read.c.at < rfc3339(sought.until))
    if shown_at is not None:
        found.append(person_read.c.hidden_until <= rfc3339(shown_at))
    return found


def _newest(
    view: Reading, *conditions: ColumnElement[bool], offset: int = 0, limit: int = READINGS_MAX
) -> tuple[PersonRead, ...]:
    """Return readings that meet `conditions`, the newest first."""
    query = select(person_read).where(*conditions)
    newest = query.order_by(person_read.c.at.desc(), person_read.c.id.desc()).limit(limit)
    return tuple(_reading(row) for row in view.rows(newest.offset(offset) if offset else newest))


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
        reason=_reason(row),
        at=parse_rfc3339(row["at"]),
        actor_kind=ActorKind(row["actor_kind"]),
        on_behalf=row["on_behalf"],
    )


def _reason(row: Row) -> Reason:
    """Return why a reading was made."""
    hidden = parse_rfc3339(row["hidden_until"]) if row["hidden_until"] else None
    said = (row["purpose"], row["legal_basis"], row["message_reference"], row["case_number"])
    return Reason(*said, hidden_until=hidden)

# SPDX-License-Identifier: EUPL-1.2
"""The door itself: `reading`, `writing(actor, reason)` and `reading_person(actor, reason)`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from flagstone.kernel.audit import Actor, Reason
from flagstone.kernel.clock import Clock, rfc3339
from flagstone.kernel.ids import PersonCode, fresh_uuid
from flagstone.platform.storage import driver, tally
from flagstone.platform.storage import journal as journals
from flagstone.platform.storage.driver import BUSY_SECONDS_MAX
from flagstone.platform.storage.engine import (
    BEGIN_WRITING,
    OWN_TURNS,
    Location,
    reading_engine,
    translated,
    writing_engine,
)
from flagstone.platform.storage.faults import Busy, ReadingUnrecorded, WriteWithoutEntry
from flagstone.platform.storage.journal import Journal
from flagstone.platform.storage.outbox import Outbox
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import BlockSchema
from flagstone.platform.storage.tables import person_read
from flagstone.platform.storage.writing import Writing


def _no_probe(_step: str) -> None:
    """Do nothing; crash tests put a probe here that kills the process at a named step."""


@dataclass(frozen=True)
class Seen:
    """Whose data a reading showed: which fields of which record."""

    person: PersonCode
    register: str
    record_key: str
    fields: tuple[str, ...]


class PersonReading(Reading):
    """A reading of personal data; it must say whose data it showed before it ends.

    `reason` may be said more exactly until then.
    """

    def __init__(self, connection: Connection, reason: Reason) -> None:
        """Read through `connection` for `reason`."""
        super().__init__(connection)
        self.reason = reason
        self.seen: list[Seen] = []
        self.nobody = False

    def saw(self, person: PersonCode, register: str, record_key: str, fields: Sequence[str]) -> None:
        """Say that `fields` of a record that concerns `person` are shown."""
        self.seen.append(Seen(person, register, record_key, tuple(fields)))

    def saw_nobody(self) -> None:
        """Say that nothing about any person is shown."""
        self.nobody = True


class Database:
    """One block's database of one site. Safe to share between threads."""

    def __init__(
        self,
        schema: BlockSchema,
        location: Location,
        origin: str,
        *,
        clock: Clock,
        probe: Callable[[str], None] = _no_probe,
    ) -> None:
        """Use the database at `location`; `origin` is `country/site/block` and is part of each entry."""
        self.schema = schema
        self.location = location
        self.origin = origin
        self.clock = clock
        self._probe = probe
        self.readers = reading_engine(location)
        self.writers = writing_engine(location)
        self._turn = threading.Lock()
        self._kept: Connection | None = None
        self.journal = Journal(self.readers)
        self.outbox = Outbox(self._transaction, self.readers, clock)

    def close(self) -> None:
        """Close every connection."""
        with suppress(Busy), self.turn():
            if self._kept is not None:
                self._kept.close()
                self._kept = None
        self.readers.dispose()
        self.writers.dispose()

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Open a consistent view; nothing can be written through it."""
        with self._view() as connection:
            yield Reading(connection)

    @contextmanager
    def reading_person(self, actor: Actor, reason: Reason) -> Iterator[PersonReading]:
        """Open a view of personal data; what was seen is journaled before the block is left.

        ReadingUnrecorded when the block says neither `saw` nor `saw_nobody`; then, and when the record
        of the reading cannot be stored, the error leaves the block in place of the data.
        """
        with self._view() as connection:
            view = PersonReading(connection, reason)
            yield view
        if view.seen:
            self._record(view.seen, actor, view.reason)
        elif not view.nobody:
            raise ReadingUnrecorded

    @contextmanager
    def writing(self, actor: Actor, reason: Reason) -> Iterator[Writing]:
        """Open a transaction that ends with its journal entries committed, or without any trace.

        WriteWithoutEntry when nothing was changed; Busy when no turn came within five seconds.
        """
        with self._transaction() as connection:
            write = Writing(connection, self.clock.now(), self._probe)
            yield write
            self._seal(write, actor, reason, connection)
            self._probe("before-commit")
        self._probe("after-commit")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this process's turn to write; only SQLite needs turns."""
        if not self.location.is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_SECONDS_MAX):
            raise Busy(retry_after_seconds=BUSY_SECONDS_MAX)
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Open a transaction that may write; SQLite's connection is kept for the next one.

        SQLAlchemy takes all that a kept connection does for one transaction; the driver begins and ends ours.
        """
        with self.turn(), translated():
            if not self.location.is_sqlite:
                with self.writers.begin() as connection:
                    yield connection
                return
            kept, self._kept = self._kept or self._connected(), None
            try:
                driver.run(kept, BEGIN_WRITING)
                yield kept
                driver.run(kept, "COMMIT")
            except BaseException:
                kept.close()  # and begin with a fresh one
                raise
            self._kept = kept

    def _connected(self) -> Connection:
        """Return a connection to SQLite whose transactions `_transaction` begins and ends."""
        connection = self.writers.connect().execution_options(**{OWN_TURNS: True})
        connection.begin()
        return connection

    @contextmanager
    def _view(self) -> Iterator[Connection]:
        """Open a transaction that cannot write and close it."""
        with translated(), self.readers.connect() as connection, connection.begin():
            yield connection

    def _seal(self, write: Writing, actor: Actor, reason: Reason, connection: Connection) -> None:
        """Append the journal entries of `write`."""
        if not write.changes:
            raise WriteWithoutEntry
        journals.append(connection, self.origin, write.changes, (actor, reason), write.at)
        self._probe("entries-written")

    def _record(self, seen: Sequence[Seen], actor: Actor, reason: Reason) -> None:
        """Write one row a person seen."""
        with self.writing(actor, reason) as write:
            rows = [_reading_row(one, actor, reason, write.at) for one in seen]
            write.insert_many(person_read, rows)
        tally.recorded(len(seen))


def _reading_row(seen: Seen, actor: Actor, reason: Reason, at: datetime) -> dict[str, object]:
    """Return the row that tells the person concerned who looked at what, and why."""
    return {
        "id": str(fresh_uuid(at)),
        "person": seen.person,
        "register": seen.register,
        "record_key": seen.record_key,
        "fields": list(seen.fields),
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "organisation": actor.organisation,
        "system": actor.system,
        "purpose": reason.purpose,
        "legal_basis": reason.legal_basis,
        "message_reference": reason.message_reference,
        "at": rfc3339(at),
        "case_number": reason.case,
        "hidden_until": rfc3339(reason.hidden_until) if reason.hidden_until else "",
        "on_behalf": actor.on_behalf,
    }

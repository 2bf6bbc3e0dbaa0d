# SPDX-License-Identifier: EUPL-1.2
"""Verification: the chain holds, and the tables hold exactly what the chain says.

The first half catches an entry that was edited, removed, inserted or moved; the second catches a change
that went round the door, a row restored from an old copy, and a journal cut short.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from flagstone.kernel.errors import Fault
from flagstone.platform.crypto import canonical
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.engine import translated
from flagstone.platform.storage.entry import GENESIS, Entry, unseal
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.tables import journal, person_read
from flagstone.platform.storage.writing import document, row_key

BATCH = 2_000


class Damage(Enum):
    """What was done to the journal or to the tables beside it."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    BYPASSED = "bypassed"


@dataclass(frozen=True)
class Discovery:
    """The first damage found: at which entry, or in which row, and in words."""

    damage: Damage
    sequence: int
    place: str
    words: str


@dataclass(frozen=True)
class Verdict:
    """The outcome: how many entries and rows hold, the head, and the first damage if any."""

    origin: str
    entries: int
    rows: int
    head: bytes
    discovery: Discovery | None

    @property
    def sound(self) -> bool:
        """Tell whether nothing is wrong."""
        return self.discovery is None


class _Found(Exception):
    """Carries the first damage out of the walk."""

    def __init__(self, damage: Damage, sequence: int, place: str, words: str) -> None:
        super().__init__(words)
        self.discovery = Discovery(damage, sequence, place, words)


@dataclass
class _State:
    """What the entries so far say: the head, and each live row's revision and document digest."""

    count: int = 0
    head: bytes = GENESIS
    rows: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)
    anchors: dict[int, bytes] = field(default_factory=dict)


def verify(database: Database, anchors: Iterable[tuple[int, bytes]] = ()) -> Verdict:
    """Check every entry and every journaled row; the verdict names the first damage.

    `anchors` are heads known from outside (sequence, hash), such as signed checkpoints: only they show
    that the newest entries were changed or cut off together with the rows they explain.
    """
    state = _State(anchors=dict(anchors))
    checked = 0
    discovery = None
    with translated(), database.readers.connect() as connection, connection.begin():
        try:
            _walk(connection, database.origin, state)
            _require_anchors_reached(state)
            for table in _journaled(database):
                checked += _compare(connection, table, state)
            _require_nothing_left(state)
        except _Found as found:
            discovery = found.discovery
    return Verdict(database.origin, state.count, checked, state.head, discovery)


def _journaled(database: Database) -> Iterator[Table]:
    """Yield the tables whose rows the journal must explain."""
    yield person_read
    for table in database.schema.metadata.sorted_tables:
        if table.info.get("journaled"):
            yield table


def _walk(connection: Connection, origin: str, state: _State) -> None:
    """Follow the chain from its beginning; raise _Found at the first entry that does not fit."""
    for row in _stream(connection, select(journal).order_by(journal.c.sequence)):
        entry = _read(row, state.count + 1)
        _require_place(connection, entry, row, origin, state)
        _follow(entry, state)
        state.count, state.head = entry.sequence, entry.hash
        if state.anchors.pop(entry.sequence, entry.hash) != entry.hash:
            place = f"entry {entry.sequence}"
            raise _Found(Damage.EDITED, entry.sequence, place, "a checkpoint saw another one in its place")


def _require_anchors_reached(state: _State) -> None:
    """Raise _Found when a checkpoint saw entries that are not there any more."""
    if any(sequence > state.count for sequence in state.anchors):
        missing = state.count + 1
        raise _Found(Damage.REMOVED, missing, f"entry {missing}", "a checkpoint saw it, and it is gone")


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Row]:
    """Yield the rows of `query` as they come; the cursor is closed even when the walk stops early."""
    with connection.execution_options(yield_per=BATCH).execute(query) as result:
        names = [str(name) for name in result.keys()]  # noqa: SIM118 - not a dict
        for row in result:
            yield dict(zip(names, row, strict=True))


def _read(row: Row, expected: int) -> Entry:
    """Return the stored entry; raise _Found when its bytes are not one or not those that were hashed."""
    try:
        entry = unseal(row["entry"])
    except (Fault, ValueError, KeyError, TypeError) as error:
        raise _Found(
            Damage.EDITED, row["sequence"], f"entry {row['sequence']}", "its bytes cannot be read"
        ) from error
    if entry.hash != row["hash"] and entry.sequence == row["sequence"] == expected:
        raise _Found(Damage.EDITED, expected, f"entry {expected}", "its bytes do not have its hash")
    return entry


def _require_place(connection: Connection, entry: Entry, row: Row, origin: str, state: _State) -> None:
    """Raise _Found unless the entry is the next one of this journal, and its copies are right."""
    expected, place = state.count + 1, f"entry {state.count + 1}"
    if row["sequence"] != expected:
        raise _Found(Damage.REMOVED, expected, place, f"it is missing; entry {row['sequence']} follows")
    if entry.origin != origin:
        raise _Found(Damage.INSERTED, expected, place, "it belongs to another journal")
    if entry.sequence != expected:
        raise _Found(_displaced(connection, entry, expected), expected, place, _stands(entry))
    if entry.previous_hash != state.head:
        raise _Found(*_broken_link(connection, entry, expected, state.anchors.get(expected)))
    copies = (row["table_name"], row["register"], row["key"], row["revision"])
    if copies != (entry.table, entry.register, entry.key, entry.revision):
        raise _Found(Damage.EDITED, expected, place, "its look-up columns differ from its bytes")


def _stands(entry: Entry) -> str:
    """Say which entry stands where another should."""
    return f"in its place stands what was entry {entry.sequence}"


def _displaced(connection: Connection, entry: Entry, expected: int) -> Damage:
    """Tell why a displaced entry is here: its elders were removed, one was slipped in, or two moved.

    After a removal everything that follows is displaced by as much; after an insertion what follows is
    what belonged here, and so on; two that changed places leave the third where it was.
    """
    query = select(journal.c.entry).where(journal.c.sequence.in_([expected + 1, expected + 2]))
    after = [unseal(data).sequence for data in connection.scalars(query.order_by(journal.c.sequence))]
    if not after or after[0] == entry.sequence + 1:
        return Damage.REMOVED
    return Damage.INSERTED if after == [expected, expected + 1] else Damage.REORDERED


def _broken_link(
    connection: Connection, entry: Entry, expected: int, anchor: bytes | None
) -> tuple[Damage, int, str, str]:
    """Tell an entry edited with its hash from one put in its place, by who else knows it.

    When the entry after this one, or a checkpoint, knows it, this one is as written, so the one before
    is not. Of the newest entry nobody knows; then the one before is named.
    """
    query = select(journal.c.entry).where(journal.c.sequence == expected + 1)
    following = connection.execute(query).scalar()
    known = anchor if following is None else unseal(following).previous_hash
    if known is not None and known != entry.hash:
        words = "neither the entry before nor the one after knows it"
        return Damage.INSERTED, expected, f"entry {expected}", words
    before = expected - 1
    return Damage.EDITED, before, f"entry {before}", "the entry after it was written on another one"


def _follow(entry: Entry, state: _State) -> None:
    """Apply an entry to what is known of its row; raise _Found when it does not follow from it."""
    rows = state.rows
    row, place = (entry.table, entry.key), f"entry {entry.sequence}"
    revision, digest = rows.get(row, (0, None))
    if entry.revision != revision + 1 or entry.change.previous_document != digest:
        raise _Found(Damage.INSERTED, entry.sequence, place, "it does not continue its row's history")
    if entry.change.document is None:
        del rows[row]
    else:
        rows[row] = (entry.revision, canonical.digest(entry.change.document))


def _compare(connection: Connection, table: Table, state: _State) -> int:
    """Compare the rows of `table` with what the journal says; return how many were compared."""
    count = 0
    for row in _stream(connection, select(table)):
        count += 1
        key = row_key(table, row)
        said = state.rows.pop((table.name, key), None)
        if said is None:
            words = "the row is there, but no entry tells of it"
            raise _Found(Damage.BYPASSED, 0, f"{table.name} {key}", words)
        if said[1] != canonical.digest(document(table, row)):
            words = f"the row is not what revision {said[0]} made it"
            raise _Found(Damage.BYPASSED, 0, f"{table.name} {key}", words)
    return count


def _require_nothing_left(state: _State) -> None:
    """Raise _Found when the journal tells of a row that is not there."""
    for table, key in state.rows:
        raise _Found(Damage.BYPASSED, 0, f"{table} {key}", "the row is gone without an entry")

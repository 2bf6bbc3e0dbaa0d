# SPDX-License-Identifier: EUPL-1.2
"""The evidence log in storage: records in order, which stamp covers them, and which are archived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flagstone.blocks.exchange.store.evidence_tables import (
    evidence,
    evidence_archive,
    evidence_link,
    evidence_piece,
    evidence_stamp,
    evidence_standing,
)
from flagstone.blocks.exchange.store.rows import keep, one
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row, Select, and_, func, select
from flagstone.platform.storage.writing import Writing

STANDING = {"id": "stamping"}


def next_number(view: Reading) -> int:
    """Return the number that the next record gets; it was never used, also when old records are gone."""
    newest = (
        select(func.max(evidence.c.number)),
        select(func.max(evidence_stamp.c.last)),
        select(func.max(evidence_archive.c.last)),
    )
    return 1 + max(int(view.scalar(query) or 0) for query in newest)


def add(write: Writing, rows: Sequence[Mapping[str, Any]], pieces: Sequence[Mapping[str, Any]]) -> None:
    """Add records with their pieces; AlreadyThere when a number was taken meanwhile."""
    write.insert_many(evidence, rows)
    write.insert_many(evidence_piece, pieces)


def record(view: Reading, number: int) -> Row | None:
    """Return one record."""
    return one(view, evidence, {"number": number})


def records(view: Reading, first: int, last: int) -> list[Row]:
    """Return the records from `first` to `last`, in order."""
    span = evidence.c.number.between(first, last)
    return view.rows(select(evidence).where(span).order_by(evidence.c.number))


def found(view: Reading, message_id: str, client: str) -> list[Row]:
    """Return the records of a message of one client, in order."""
    where = and_(evidence.c.message_id == message_id, evidence.c.client == client)
    return view.rows(select(evidence).where(where).order_by(evidence.c.number))


def pieces(view: Reading, number: int) -> list[bytes]:
    """Return the sealed content of a record, in order."""
    query = select(evidence_piece.c.sealed).where(evidence_piece.c.record == number)
    return [bytes(row["sealed"]) for row in view.rows(query.order_by(evidence_piece.c.number))]


def stamped_through(view: Reading) -> int:
    """Return the number of the last record that a batch time-stamp covers."""
    return int(view.scalar(select(func.max(evidence_stamp.c.last))) or 0)


def unstamped(view: Reading, limit: int) -> list[tuple[int, str]]:
    """Return number and digest of the first records that wait for a batch time-stamp."""
    query = select(evidence.c.number, evidence.c.digest).where(*_waiting(view))
    return _digests(view, query.order_by(evidence.c.number).limit(limit))


def waiting(view: Reading) -> int:
    """Return how many records wait for a batch time-stamp."""
    return int(view.scalar(select(func.count()).select_from(evidence).where(*_waiting(view))) or 0)


def digests(view: Reading, first: int, last: int) -> list[tuple[int, str]]:
    """Return number and digest of the records that the stamp over `first` to `last` counts in."""
    query = select(evidence.c.number, evidence.c.digest).where(
        evidence.c.number.between(first, last), evidence.c.embedded.is_(False)
    )
    return _digests(view, query.order_by(evidence.c.number))


def _waiting(view: Reading) -> tuple[Any, Any]:
    return evidence.c.number > stamped_through(view), evidence.c.embedded.is_(False)


def _digests(view: Reading, query: Select[Any]) -> list[tuple[int, str]]:
    return [(int(row["number"]), str(row["digest"])) for row in view.stream(query)]


def add_stamp(write: Writing, row: Mapping[str, Any]) -> int:
    """Keep a time-stamp whose links are still to be written; return its number."""
    number = 1 + int(write.scalar(select(func.max(evidence_stamp.c.number))) or 0)
    write.insert(evidence_stamp, {**row, "number": number})
    return number


def unlinked_stamp(view: Reading) -> Row | None:
    """Return the oldest time-stamp whose links are not all written."""
    query = select(evidence_stamp).where(evidence_stamp.c.linked < evidence_stamp.c.last)
    return view.row(query.order_by(evidence_stamp.c.number).limit(1))


def link(write: Writing, stamp: int, chains: Sequence[tuple[int, bytes]], *, through: int) -> None:
    """Write how records are counted into `stamp`; all up to the record `through` are then."""
    write.insert_many(
        evidence_link, [{"record": number, "stamp": stamp, "chain": chain} for number, chain in chains]
    )
    write.update(evidence_stamp, {"number": stamp}, {"linked": through})


def stamp_of(view: Reading, number: int) -> Row | None:
    """Return time-stamp and `chain` of a record, None while it has none."""
    query = select(evidence_stamp, evidence_link.c.chain).where(
        evidence_link.c.record == number, evidence_stamp.c.number == evidence_link.c.stamp
    )
    return view.row(query)


def linked_through(view: Reading) -> int:
    """Return the last record before which each has its time-stamp and may be archived."""
    first_unlinked = unlinked_stamp(view)
    if first_unlinked is not None:
        return int(first_unlinked["linked"])
    left = view.scalar(select(func.min(evidence.c.number)).where(*_waiting(view)))
    if left is not None:
        return int(left) - 1
    return int(view.scalar(select(func.max(evidence.c.number))) or 0)


def standing(view: Reading) -> Row | None:
    """Return since when time-stamps fail."""
    return one(view, evidence_standing, STANDING)


def keep_standing(write: Writing, row: Mapping[str, str]) -> bool:
    """Remember since when time-stamps fail; tell whether anything changed."""
    return keep(write, evidence_standing, {**STANDING, **row})


def archived_through(view: Reading) -> int:
    """Return the last record that is in an archive."""
    query = select(func.max(evidence_archive.c.last)).where(evidence_archive.c.done.is_(True))
    return int(view.scalar(query) or 0)


def unfinished_archives(view: Reading) -> list[Row]:
    """Return the archives of a run that was cut off before its files were in place."""
    query = select(evidence_archive).where(evidence_archive.c.done.is_(False))
    return view.rows(query.order_by(evidence_archive.c.file))


def last_archive(view: Reading, group: str) -> Row | None:
    """Return the newest archive of a group."""
    where = and_(evidence_archive.c.group_name == group, evidence_archive.c.done.is_(True))
    query = select(evidence_archive).where(where).order_by(evidence_archive.c.run.desc())
    return view.row(query.limit(1))


def add_archives(write: Writing, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note the archives of one run before their files are put in place."""
    run = 1 + int(write.scalar(select(func.max(evidence_archive.c.run))) or 0)
    write.insert_many(evidence_archive, [{**row, "run": run, "done": False} for row in rows])


def finish_archives(write: Writing, files: Sequence[str]) -> None:
    """Note that the files of a run are in their place."""
    for file in files:
        write.update(evidence_archive, {"file": file}, {"done": True})


def drop_archives(write: Writing, files: Sequence[str]) -> None:
    """Forget the archives of a run whose files never came."""
    for file in files:
        write.erase(evidence_archive, {"file": file})


def old(view: Reading, before: datetime, through: int, limit: int) -> list[Row]:
    """Return records from before `before` that are archived (`through`), the oldest first."""
    where = and_(evidence.c.at < rfc3339(before), evidence.c.number <= through)
    return view.rows(select(evidence).where(where).order_by(evidence.c.number).limit(limit))


def erase(write: Writing, rows: Sequence[Row]) -> None:
    """Remove records with their pieces and links."""
    for row in rows:
        number = int(row["number"])
        for piece in range(int(row["pieces"])):
            write.erase(evidence_piece, {"record": number, "number": piece})
        if one(write, evidence_link, {"record": number}) is not None:
            write.erase(evidence_link, {"record": number})
        write.erase(evidence, {"number": number})

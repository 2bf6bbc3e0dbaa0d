# SPDX-License-Identifier: EUPL-1.2
"""What is asked of and added to the tables of decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flagstone.blocks.rules.store.tables import (
    appeals,
    archives,
    chains,
    decisions,
    kept_parts,
    reads,
    settlements,
)
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row, Select, and_, exists, func, insert, select
from flagstone.platform.storage.writing import Writing

CHAIN = "decisions"
PART_BYTES = 32_768
PARTS_MAX = 512
_BATCH = 200


def head(write: Writing) -> tuple[int, str]:
    """Return how many decisions there are and the digest of the newest, locked until the end."""
    row = write.row(select(chains).where(chains.c.name == CHAIN).with_for_update())
    return (row["count"], row["digest"]) if row else (0, "")


def chain(view: Reading) -> tuple[int, str]:
    """Return how many decisions there should be, and the digest of the newest."""
    row = view.row(select(chains).where(chains.c.name == CHAIN))
    return (row["count"], row["digest"]) if row else (0, "")


def append(write: Writing, row: Mapping[str, object]) -> None:
    """Add a decision's row at the end of the chain; `row` has every column."""
    write.insert(decisions, row)
    link = {"count": row["sequence"], "digest": row["digest"]}
    if row["sequence"] == 1:
        write.insert(chains, {"name": CHAIN, **link})
    else:
        write.update(chains, {"name": CHAIN}, link)


def keep(write: Writing, digest: str, content: bytes) -> None:
    """Keep bytes under their digest; what is there already stays."""
    known = select(kept_parts.c.digest).where(kept_parts.c.digest == digest, kept_parts.c.part == 0)
    if write.row(known) is not None:
        return
    parts = [content[at : at + PART_BYTES] for at in range(0, max(len(content), 1), PART_BYTES)]
    rows = [{"digest": digest, "part": at, "content": part} for at, part in enumerate(parts)]
    write.insert_many(kept_parts, rows)


def kept(view: Reading, digest: str) -> bytes | None:
    """Return the bytes kept under a digest, unverified; None when there are none."""
    query = select(kept_parts).where(kept_parts.c.digest == digest).order_by(kept_parts.c.part)
    rows = view.rows(query)
    return b"".join(bytes(row["content"]) for row in rows) if rows else None


def parts_by_digest(view: Reading, digests: Iterable[str]) -> dict[str, list[Row]]:
    """Return the rows that hold the bytes of some digests, by digest and in order."""
    found: dict[str, list[Row]] = {}
    wanted = kept_parts.c.digest.in_(sorted(set(digests)))
    for row in view.rows(select(kept_parts).where(wanted).order_by(kept_parts.c.digest, kept_parts.c.part)):
        found.setdefault(row["digest"], []).append(row)
    return found


def index_reads(write: Writing, name: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Note which parameters, as of which days, a set of reads has; a known set stays."""
    if pairs and write.row(select(reads.c.reads).where(reads.c.reads == name).limit(1)) is None:
        rows = [{"parameter": parameter, "day": day, "reads": name} for parameter, day in pairs]
        write.derive(insert(reads), rows)


def reads_of(view: Reading, name: str) -> list[Row]:
    """Return a set of reads, by parameter and day."""
    query = select(reads).where(reads.c.reads == name)
    return view.rows(query.order_by(reads.c.parameter, reads.c.day))


def decision(view: Reading, number: str) -> Row | None:
    """Return one decision."""
    return view.row(select(decisions).where(decisions.c.number == number))


def replacing(view: Reading, number: str) -> str:
    """Return the number of the decision that replaces one, empty when none does."""
    return view.scalar(select(decisions.c.number).where(decisions.c.replaces == number)) or ""


def of_subject(view: Reading, subject: str, most: int) -> list[Row]:
    """Return the newest decisions about a subject, the newest first."""
    theirs = select(decisions).where(decisions.c.subject == subject)
    return view.rows(theirs.order_by(decisions.c.sequence.desc()).limit(most))


def newest_of(view: Reading, subject: str, kind: str) -> str:
    """Return the number of the newest decision of a kind about a subject, empty when there is none."""
    theirs = select(decisions.c.number).where(decisions.c.subject == subject, decisions.c.kind == kind)
    return view.scalar(theirs.order_by(decisions.c.sequence.desc()).limit(1)) or ""


def newest(view: Reading, most: int, *, before: int = 0) -> list[Row]:
    """Return the newest decisions, or those before a place in the chain, the newest first."""
    query = select(decisions)
    if before:
        query = query.where(decisions.c.sequence < before)
    return view.rows(query.order_by(decisions.c.sequence.desc()).limit(most))


def after(view: Reading, sequence: int, most: int = _BATCH) -> list[Row]:
    """Return decisions after a place in the chain, in its order."""
    query = select(decisions).where(decisions.c.sequence > sequence)
    return view.rows(query.order_by(decisions.c.sequence).limit(most))


def count(view: Reading) -> int:
    """Count the rows of decisions."""
    return int(view.scalar(select(func.count()).select_from(decisions)))


def having_read(
    view: Reading, spans: Sequence[tuple[Sequence[str], str, str]]
) -> Iterator[tuple[Row, frozenset[str]]]:
    """Yield the decisions, not replaced, that read a parameter on a day of a span, with what they read.

    A span is the names under which a parameter is read, its first day, and the day after its last, empty
    where it has no end.
    """
    found: dict[str, set[str]] = {}
    for names, first, end in spans:
        within = [reads.c.parameter.in_(names), reads.c.day >= first]
        within += [reads.c.day < end] if end else []
        query = select(reads.c.reads, reads.c.parameter).where(and_(*within))
        for row in view.rows(query):
            found.setdefault(row["reads"], set()).add(row["parameter"])
    newer = decisions.alias("newer")
    stands = ~exists(select(newer.c.number).where(newer.c.replaces == decisions.c.number))
    for name in sorted(found):
        query = select(decisions).where(decisions.c.reads == name, stands)
        for row in view.rows(query.order_by(decisions.c.number)):
            yield row, frozenset(found[name])


def archive(view: Reading, digest: str) -> Row | None:
    """Return what is known of an archive."""
    return view.row(select(archives).where(archives.c.digest == digest))


def all_archives(view: Reading) -> list[Row]:
    """Return the archives, by when they were made."""
    return view.rows(select(archives).order_by(archives.c.made_at, archives.c.digest))


def add_archive(write: Writing, row: Mapping[str, object]) -> None:
    """Note an archive; one that is known stays."""
    if archive(write, str(row["digest"])) is None:
        write.insert(archives, row)


def add_appeal(write: Writing, row: Mapping[str, object]) -> None:
    """Add an appeal."""
    write.insert(appeals, row)


def add_settlement(write: Writing, row: Mapping[str, object]) -> None:
    """Settle an appeal; AlreadyThere when it is settled."""
    write.insert(settlements, row)


def appeal(view: Reading, number: str) -> Row | None:
    """Return one appeal with how it was settled."""
    return view.row(_appeals().where(appeals.c.number == number))


def appeals_of(view: Reading, decision_number: str) -> list[Row]:
    """Return the appeals against a decision, the oldest first."""
    query = _appeals().where(appeals.c.decision == decision_number)
    return view.rows(query.order_by(appeals.c.at, appeals.c.number))


def waiting(view: Reading, most: int) -> list[Row]:
    """Return the appeals that wait, the oldest first."""
    query = _appeals().where(settlements.c.appeal.is_(None))
    return view.rows(query.order_by(appeals.c.at, appeals.c.number).limit(most))


def lock_appeals(write: Writing, decision_number: str) -> list[Row]:
    """Return the appeals against a decision that no other write can add to until the end."""
    write.row(select(decisions.c.number).where(decisions.c.number == decision_number).with_for_update())
    return appeals_of(write, decision_number)


def _appeals() -> Select[Any]:
    joined = appeals.outerjoin(settlements, settlements.c.appeal == appeals.c.number)
    settled = (
        settlements.c.verdict.label("verdict"),
        settlements.c.decision.label("settled_by"),
        settlements.c.at.label("settled_at"),
        settlements.c.words.label("words"),
    )
    return select(appeals, *settled).select_from(joined)

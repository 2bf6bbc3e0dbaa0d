# SPDX-License-Identifier: EUPL-1.2
"""Checks all that is kept: each record with its signature and row, the chain, the archives, the indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flagstone.blocks.rules.contract.decision import Broken, Checked
from flagstone.blocks.rules.contract.decision_faults import ArchiveBroken
from flagstone.blocks.rules.model import canonical_json
from flagstone.blocks.rules.model.decisions import digest_of, pairs_of, read_of
from flagstone.blocks.rules.service.keeping import Means, flaws_of
from flagstone.blocks.rules.store import decisions as store
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row

_CHAIN = ""


def check(means: Means) -> Checked:
    """Return how many decisions there are and everything about them that is broken."""
    with means.database.reading() as view:
        broken = [*_decisions(means, view), *_archives(means, view)]
        return Checked(store.count(view), tuple(broken))


def _decisions(means: Means, view: Reading) -> Iterator[Broken]:
    sequence, digest = 0, ""
    indexed: set[str] = set()
    while rows := store.after(view, sequence):
        parts = store.parts_by_digest(view, (row[name] for row in rows for name in ("digest", "explanation")))
        for row in rows:
            content = _whole(parts.get(row["digest"], []))
            flaws = flaws_of(means, row, content)
            yield from (Broken(row["number"], flaw) for flaw in flaws)
            if row["sequence"] != sequence + 1 or row["previous"] != digest:
                yield Broken(row["number"], "it does not follow the decision before")
            told = _whole(parts.get(row["explanation"], []))
            if told is None or digest_of(told) != row["explanation"]:
                yield Broken(row["number"], "its explanation is gone or was changed")
            if content is not None and not flaws and row["reads"] not in indexed:
                indexed.add(row["reads"])
                yield from _index(view, row, content)
            sequence, digest = row["sequence"], row["digest"]
    if store.chain(view) != (sequence, digest):
        yield Broken(_CHAIN, f"the chain does not end with the decision that is number {sequence}")


def _whole(rows: Sequence[Row]) -> bytes | None:
    """Return kept bytes when each of their rows is there, in its place and untouched."""
    untouched = all(
        row["part"] == at and row["revision"] == 1 and row["deleted_at"] is None
        for at, row in enumerate(rows)
    )
    return b"".join(bytes(row["content"]) for row in rows) if rows and untouched else None


def _index(view: Reading, row: Row, content: bytes) -> Iterator[Broken]:
    """Yield that the index of what a decision read says something else."""
    said: Any = canonical_json.read(content)
    noted = [(each["parameter"], each["day"]) for each in store.reads_of(view, row["reads"])]
    if sorted(noted) != pairs_of(read_of(said)):
        yield Broken(row["number"], "the index of what it read was changed")


def _archives(means: Means, view: Reading) -> Iterator[Broken]:
    for row in store.all_archives(view):
        try:
            content = means.archives.read(row["digest"])
        except ArchiveBroken as broken:
            yield Broken(_CHAIN, f"the archive {broken.detail}")
            continue
        if len(content) != row["bytes"] or row["revision"] != 1 or row["deleted_at"] is not None:
            yield Broken(_CHAIN, f"the row of the archive {row['digest'][:16]} was changed")

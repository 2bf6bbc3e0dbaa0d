# SPDX-License-Identifier: EUPL-1.2
"""Archives of the evidence log: ZIP files of containers, each chained to the one before by `linkinginfo`.

A run writes one file a group beside its place, notes all of them, puts them in place, and notes that they
are there. A process that ends in between leaves at most files that the next run removes, or notes that it
completes: a file in its place is whole, and no record is archived twice or never.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import file_digest as digest_of_file
from pathlib import Path
from typing import Any

import structlog

from flagstone.blocks.exchange.model.linking import (
    LINKING_INFO,
    Link,
    LinkingInfo,
    archive_name,
    chained,
    file_digest,
    written,
)
from flagstone.blocks.exchange.service.evidence.assembling import container_of
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.blocks.exchange.store import evidence
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import Row

log = structlog.get_logger("flagstone.exchange")

ARCHIVER = job("archives of evidence")
REASON = Reason("Archives of evidence")
RECORDS_MAX = 10_000
GROUPS_MAX = 200
READ_AT_ONCE = 500
ERASED_AT_ONCE = 100
PARTIAL = ".partial"

Grouping = Callable[[str], str]
"""Returns the name of the group that a client's records are archived in, empty for all in one."""


def by_member(client: str) -> str:
    """Return the member's identifier: each member's records in archives of their own."""
    return "/".join(client.split("/")[:3])


def all_in_one(_client: str) -> str:
    """Return no group: everything in one archive."""
    return ""


@dataclass
class _File:
    """One archive while it is written; its content never is in memory as a whole."""

    group: str
    partial: Path
    zipped: zipfile.ZipFile
    before: Row | None
    links: list[tuple[str, str]] = field(default_factory=list)
    first_at: str = ""
    last_at: str = ""

    def add(self, name: str, content: bytes) -> None:
        """Write one file into the archive; its entry bears no time of its own."""
        self.zipped.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)

    @property
    def info(self) -> LinkingInfo:
        """Return the chain of what was added, which goes on from the archive before."""
        before = Link(self.before["link"], self.before["last_file"]) if self.before else Link()
        return chained(before, self.links)


class Archiver:
    """Writes archives into a folder; one process at a time."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        folder: Path,
        *,
        grouping: Grouping = all_in_one,
        records_max: int = RECORDS_MAX,
        probe: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Archive the records of `database` into `folder`; tests put a `probe` between the steps."""
        self._database = database
        self._sealer = sealer
        self._folder = folder
        self._grouping = grouping
        self._records_max = records_max
        self._probe = probe

    def work(self) -> list[Path]:
        """Archive everything that has its time-stamp; return the files, in order."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = self._complete()
        while files := self._run():
            made += files
        return made

    def retain(self, days: int) -> int:
        """Remove archived records of over `days` ago, some at a time; return how many went."""
        before = self._database.clock.now() - timedelta(days=days)
        reason = Reason(f"Evidence stays in the log for {days} days, then in the archives")
        removed = 0
        while True:
            with self._database.reading() as view:
                rows = evidence.old(view, before, evidence.archived_through(view), ERASED_AT_ONCE)
            if not rows:
                return removed
            with self._database.writing(ARCHIVER, reason) as write:
                evidence.erase(write, rows)
            removed += len(rows)

    def _complete(self) -> list[Path]:
        """End what an interrupted run began: put its files in place, or forget it; sweep what is half."""
        with self._database.reading() as view:
            rows = evidence.unfinished_archives(view)
        paths = [self._folder / row["file"] for row in rows]
        partials = [path.with_name(path.name + PARTIAL) for path in paths]
        whole = [
            _content(place if place.exists() else partial) == row["content"]
            for row, place, partial in zip(rows, paths, partials, strict=True)
        ]
        if rows and all(whole):
            self._place(rows)
        elif rows:
            self._forget(rows, [*paths, *partials])
            paths = []
        for left in self._folder.glob(f"*{PARTIAL}"):
            left.unlink()
        return paths

    def _forget(self, rows: list[Row], paths: Iterable[Path]) -> None:
        log.warning("archives are written again", files=len(rows))
        for path in paths:
            path.unlink(missing_ok=True)
        with self._database.writing(ARCHIVER, REASON) as write:
            evidence.drop_archives(write, [row["file"] for row in rows])

    def _run(self) -> list[Path]:
        """Write the archives of the next records; nothing when none wait."""
        with self._database.reading() as view:
            first = evidence.archived_through(view) + 1
            last = min(evidence.linked_through(view), first + self._records_max - 1)
        files, last = self._write(first, last)
        if not files:
            return []
        rows = [self._finished(each, first, last) for each in files]
        self._probe("written")
        with self._database.writing(ARCHIVER, REASON) as write:
            evidence.add_archives(write, rows)
        self._probe("noted")
        return self._place(rows)

    def _write(self, first: int, last: int) -> tuple[list[_File], int]:
        """Write the containers of `first` to `last` beside their place; return how far it came.

        More groups than 200 are left for the next run.
        """
        files: dict[str, _File] = {}
        with ExitStack() as stack:
            for number, record in self._records(first, last):
                group = self._grouping(record["client"])
                if group not in files and len(files) >= GROUPS_MAX:
                    return list(files.values()), number - 1
                if group not in files:
                    files[group] = stack.enter_context(self._begun(group, len(files)))
                self._add(files[group], record)
            for each in files.values():
                each.add(LINKING_INFO, written(each.info, each.before["file"] if each.before else ""))
        return list(files.values()), last

    def _records(self, first: int, last: int) -> Iterator[tuple[int, Row]]:
        """Yield the records in order, read some hundred at a time."""
        for at in range(first, last + 1, READ_AT_ONCE):
            with self._database.reading() as view:
                rows = evidence.records(view, at, min(last, at + READ_AT_ONCE - 1))
            yield from ((int(row["number"]), row) for row in rows)

    @contextmanager
    def _begun(self, group: str, place: int) -> Iterator[_File]:
        """Open the archive of a group, and close it with all that was written on the disk."""
        with self._database.reading() as view:
            before = evidence.last_archive(view, group)
        partial = self._folder / f"run-{place}{PARTIAL}"
        with partial.open("xb") as out:
            partial.chmod(0o600)
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
                yield _File(group, partial, zipped, before)
            out.flush()
            os.fsync(out.fileno())

    def _add(self, file: _File, record: Row) -> None:
        with self._database.reading() as view:
            container = container_of(view, self._sealer, record)
        file.add(container.name, container.content)
        file.links.append((container.name, file_digest(container.content)))
        file.first_at = file.first_at or record["at"]
        file.last_at = record["at"]

    def _finished(self, file: _File, first: int, last: int) -> dict[str, Any]:
        """Give a written archive its name, and return its row."""
        link = file.info.last
        span = parse_rfc3339(file.first_at), parse_rfc3339(file.last_at)
        name = archive_name(*span, link.digest, file.group)
        partial = self._folder / (name + PARTIAL)
        file.partial.rename(partial)
        return {
            "file": name,
            "group_name": file.group,
            "at": rfc3339(self._database.clock.now()),
            "first": first,
            "last": last,
            "records": len(file.links),
            "link": link.digest,
            "last_file": link.file,
            "content": _content(partial),
        }

    def _place(self, rows: Sequence[Mapping[str, Any]]) -> list[Path]:
        """Put the files of a run in their places, and note that they are there."""
        places = [self._folder / row["file"] for row in rows]
        for place in places:
            partial = place.with_name(place.name + PARTIAL)
            if partial.exists():
                partial.rename(place)
            self._probe("placed")
        _sync(self._folder)
        with self._database.writing(ARCHIVER, REASON) as write:
            evidence.finish_archives(write, [row["file"] for row in rows])
        return places


def _content(file: Path) -> str:
    """Return the hex SHA-512 of a file, empty where there is none."""
    try:
        with file.open("rb") as content:
            return digest_of_file(content, "sha512").hexdigest()
    except FileNotFoundError:
        return ""


def _sync(folder: Path) -> None:
    """Let the names in `folder` be on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

# SPDX-License-Identifier: EUPL-1.2
"""Searches of the registry over a million records beside plain FTS5 queries that answer the same.

Run it with `make bench-search`, or with fewer records: `python bench/search.py 100000`. Each search asks
for a page of 25 records and the count of all, as the desk does. The peer asks SQLite itself, in the same
file, for the same page and count. Rounds are interleaved. The last line is for machines.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from registers import BY, CODE, WHY, fill, open_register, parcel

from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.service.registry import Service
from flagstone.platform.storage.database import Database

RECORDS = 1_000_000
CHUNK = 5_000
ROUNDS = 40
PAGE = 25

PEER_PAGE = """
SELECT record.* FROM record_words JOIN record_text ON record_text.number = record_words.rowid
JOIN record ON record.register = record_text.register AND record.id = record_text.record_id
WHERE record_words MATCH ? AND record.deleted_at IS NULL ORDER BY record_words.rowid LIMIT ? OFFSET ?
"""
PEER_COUNT = "SELECT count(*) FROM record_words WHERE record_words MATCH ?"


def searches(count: int) -> dict[str, tuple[str, int]]:
    """Return what is searched for, and on which page, by name."""
    one = parcel(count // 2)
    return {
        "rare_word": (one["note"].split()[1], 1),
        "word": (one["farm"], 1),
        "common_prefix": (one["farm"][:2], 1),
        "common_prefix_page_40": (one["farm"][:2], 40),
        "two_words": (f"{one['farm']} {one['village'][:3]}", 1),
        "every_record": ("plan", 1),
    }


def build(database: Database, count: int) -> float:
    """Write `count` records; return how many a second."""
    began = time.perf_counter()
    for first in range(0, count, CHUNK):
        fill(database, range(first, min(first + CHUNK, count)))
        if sys.stderr.isatty():
            print(f"\r{first + CHUNK:,} records", end="", file=sys.stderr)
    return count / (time.perf_counter() - began)


def ours(service: Service, words: str, page: int) -> int:
    """Search as the desk does; return the count of all that match."""
    return service.find(BY, CODE, Query(words, page=page, page_size=PAGE), WHY).total


def peer(connection: sqlite3.Connection, words: str, page: int) -> int:
    """Ask SQLite itself for the same; return the count of all that match."""
    terms = " AND ".join(f'"{CODE}-{word}"*' for word in words.split())
    rows = connection.execute(PEER_PAGE, (terms, PAGE, (page - 1) * PAGE)).fetchall()
    assert rows
    return int(connection.execute(PEER_COUNT, (terms,)).fetchone()[0])


def milliseconds(work: Callable[[], int]) -> float:
    """Return how long `work` takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure(service: Service, file: Path, count: int) -> dict[str, float]:
    """Return the median and 99th percentile of each search, and the peer's median."""
    connection = sqlite3.connect(file)
    result: dict[str, float] = {}
    print(f"{'search':24}{'found':>10}{'p50 ms':>10}{'p99 ms':>10}{'peer p50':>10}{'peer p99':>10}")
    for name, (words, page) in searches(count).items():
        found, own, others = ours(service, words, page), [], []
        for _ in range(ROUNDS):
            own.append(milliseconds(lambda words=words, page=page: ours(service, words, page)))  # type: ignore[misc]
            others.append(milliseconds(lambda words=words, page=page: peer(connection, words, page)))  # type: ignore[misc]
        own.sort()
        others.sort()
        p50, p99 = statistics.median(own), own[int(len(own) * 0.99)]
        peer50, peer99 = statistics.median(others), others[int(len(others) * 0.99)]
        print(f"{name:24}{found:10,}{p50:10.1f}{p99:10.1f}{peer50:10.1f}{peer99:10.1f}")
        result |= {f"{name}_p50_ms": round(p50, 2), f"{name}_p99_ms": round(p99, 2)}
        result[f"{name}_vs_fts5"] = round(p50 / peer50, 2)
    connection.close()
    return result


def main() -> None:
    """Build, measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as folder:
        database, service = open_register(Path(folder))
        built = build(database, count)
        file = Path(folder) / "registry.sqlite"
        print(f"\n{count:,} records, {built:,.0f} written a second, {file.stat().st_size / 1e6:,.0f} MB")
        result = measure(service, file, count)
        database.close()
    head = {"at": datetime.now(UTC).date().isoformat(), "records": count, "built_per_second": round(built)}
    print(json.dumps(head | result))


if __name__ == "__main__":
    main()

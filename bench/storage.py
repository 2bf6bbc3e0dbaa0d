# SPDX-License-Identifier: EUPL-1.2
"""Audited writes and reads beside raw SQLAlchemy on the same tables, in one run, at equal durability.

Run it with `make bench-storage`. Two peers bracket the write: `rows` inserts the rows alone, `rows+journal`
inserts what the door inserts, the rows and as many journal rows of the same size. Rounds are interleaved;
the median counts. The last line is for machines.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import registers
from sqlalchemy import Connection, Select, insert, literal_column, select

from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.store.tables import SCHEMA
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import (
    BlockSchema,
    Column,
    Document,
    MetaData,
    Text,
    journaled_table,
)
from flagstone.platform.storage.tables import journal

ROUNDS = 7
SINGLES = 150
BATCH = 500
BY, WHY = job("bench"), Reason("Benchmark")

metadata = MetaData()
columns = (Column("id", Text, primary_key=True), Column("data", Document, nullable=False))
record = journaled_table("record", metadata, *columns)
MIGRATION = """
revision = "0001"
down_revision = None
def upgrade() -> None:
    from bench_tables import metadata
    from flagstone.platform.storage.sql import op
    metadata.create_all(op.get_bind())
"""


def document(number: int) -> dict[str, object]:
    """Return a record of about 300 bytes, like one of the population register."""
    return {
        "personal_code": f"4{number:010d}",
        "given_name": "Maarika-Helena",
        "family_name": f"Kivistik {number}",
        "birth_date": "1984-03-17",
        "status": "alive",
        "nationalities": ["XA"],
        "address_id": f"A-{number % 3000:05d}",
        "household": f"H-{number % 9000:05d}",
        "parents": [f"P-{number % 20000:06d}", f"P-{(number * 7) % 20000:06d}"],
        "email": f"person{number}@example.org",
    }


class Numbers:
    """Hands out numbers, none twice."""

    def __init__(self) -> None:
        self.next = 0

    def take(self, count: int) -> range:
        """Return the next `count` numbers."""
        self.next += count
        return range(self.next - count, self.next)


def open_database(folder: Path) -> Database:
    """Return a fresh database with the record table."""
    database = Database(
        BlockSchema("bench", metadata, folder),
        engine.sqlite(folder / "bench.sqlite"),
        "bench",
        clock=SystemClock(),
    )
    (folder / "versions").mkdir()
    migration.migrate(database)
    with database.writers.begin() as connection:
        metadata.create_all(connection)
    return database


def raw_rows(numbers: range) -> list[dict[str, object]]:
    """Return rows as raw SQLAlchemy inserts them."""
    return [{"id": str(n), "data": document(n), "revision": 1, "deleted_at": None} for n in numbers]


def journal_rows(connection: Connection, numbers: range, entry: bytes) -> list[dict[str, object]]:
    """Return as many journal rows of the usual size, without encoding or hashing anything."""
    last = connection.execute(
        select(journal.c.sequence).order_by(journal.c.sequence.desc()).limit(1)
    ).scalar()
    first = (last or 0) + 1
    return [
        {
            "sequence": first + offset,
            "table_name": "record",
            "register": "",
            "key": str(number),
            "revision": 1,
            "entry": entry,
            "hash": entry[:32],
        }
        for offset, number in enumerate(numbers)
    ]


def forms(database: Database, numbers: Numbers) -> dict[str, Callable[[int], None]]:
    """Return the three ways to write `size` rows in one transaction."""
    entry = os.urandom(620)

    def rows(size: int) -> None:
        with database.writers.begin() as connection:
            connection.execute(insert(record), raw_rows(numbers.take(size)))

    def rows_and_journal(size: int) -> None:
        taken = numbers.take(size)
        with database.writers.begin() as connection:
            connection.execute(insert(record), raw_rows(taken))
            connection.execute(insert(journal), journal_rows(connection, taken, entry))

    def audited(size: int) -> None:
        with database.writing(BY, WHY) as write:
            write.insert_many(record, [{"id": str(n), "data": document(n)} for n in numbers.take(size)])

    return {"rows": rows, "rows+journal": rows_and_journal, "audited": audited}


def rate(work: Callable[[], None], count: int) -> float:
    """Return how many of `count` things a second `work` does."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def writes(size: int, turns: int) -> dict[str, float]:
    """Return rows a second of each form, writing `turns` transactions of `size` rows a round."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        # each form has a database of its own, so that none pays for another's pages
        numbers, opened = Numbers(), {}
        for name in ("rows", "rows+journal", "audited"):
            place = Path(folder) / name.replace("+", "-")
            place.mkdir()
            opened[name] = open_database(place)
        for _ in range(ROUNDS):
            for name, database in opened.items():
                form = forms(database, numbers)[name]
                found.setdefault(name, []).append(
                    rate(lambda form=form: [form(size) for _ in range(turns)], size * turns)  # type: ignore[misc, arg-type]
                )
        for database in opened.values():
            database.close()
    return {name: statistics.median(rates) for name, rates in found.items()}


def reads() -> dict[str, float]:
    """Return single reads by key a second, through the door and with raw SQLAlchemy."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        forms(database, Numbers())["audited"](5_000)
        found: dict[str, list[float]] = {"raw": [], "door": []}

        def raw() -> None:
            for number in range(1_000):
                with database.readers.connect() as connection, connection.begin():
                    connection.execute(select(record).where(record.c.id == str(number))).mappings().first()

        def door() -> None:
            for number in range(1_000):
                with database.reading() as reading:
                    reading.row(select(record).where(record.c.id == str(number)))

        for _ in range(ROUNDS):
            found["raw"].append(rate(raw, 1_000))
            found["door"].append(rate(door, 1_000))
        database.close()
    return {name: statistics.median(rates) for name, rates in found.items()}


def repeat(form: Callable[[int], object], count: int) -> None:
    """Do `form` for the numbers up to `count`."""
    for number in range(count):
        form(number)


def registry_reads() -> dict[str, float]:
    """Return reads by id and pages by filter a second: the registry's service, and raw SQLAlchemy."""
    with tempfile.TemporaryDirectory() as folder:
        database, service = registers.open_register(Path(folder))
        registers.fill(database, range(5_000))
        table, village = SCHEMA.metadata.tables["record"], registers.parcel(0)["village"]
        live = (table.c.register == literal_column(f"'{registers.CODE}'"), table.c.deleted_at.is_(None))
        by_village = literal_column("(json_extract(record.data, '$.\"village\"'))") == village

        def raw(query: Select[Any]) -> list[Any]:
            with database.readers.connect() as connection, connection.begin():
                return list(connection.execute(query).mappings())

        def read(number: int) -> None:
            service.read(registers.BY, registers.CODE, f"{number:08d}", registers.WHY)

        def find(_: int) -> None:
            service.find(registers.BY, registers.CODE, Query(filters={"village": village}), registers.WHY)

        forms: dict[str, Callable[[int], object]] = {
            "read": read,
            "read raw": lambda number: raw(select(table).where(*live, table.c.id == f"{number:08d}")),
            "find": find,
            "find raw": lambda _: raw(select(table).where(*live, by_village).order_by(table.c.id).limit(25)),
        }
        found: dict[str, list[float]] = {name: [] for name in forms}
        for _ in range(ROUNDS):
            for name, form in forms.items():
                found[name].append(rate(partial(repeat, form, 300), 300))
        database.close()
    return {name: statistics.median(rates) for name, rates in found.items()}


def main() -> None:
    """Measure and print."""
    single, batch, read, registry = writes(1, SINGLES), writes(BATCH, 4), reads(), registry_reads()
    print(f"{'rows a second':28}{'single':>12}{'batch ' + str(BATCH):>12}")
    for name in single:
        print(f"{name:28}{single[name]:12.0f}{batch[name]:12.0f}")
    print(f"{'registry, a second':28}{'service':>12}{'raw':>12}")
    for name in ("read", "find"):
        print(f"{name:28}{registry[name]:12.0f}{registry[name + ' raw']:12.0f}")
    result = {
        "at": datetime.now(UTC).date().isoformat(),
        "single_vs_rows": round(single["audited"] / single["rows"], 2),
        "single_vs_rows_and_journal": round(single["audited"] / single["rows+journal"], 2),
        "batch_vs_rows": round(batch["audited"] / batch["rows"], 2),
        "batch_vs_rows_and_journal": round(batch["audited"] / batch["rows+journal"], 2),
        "read_vs_raw": round(read["door"] / read["raw"], 2),
        "reads_per_second": round(read["door"]),
        "registry_reads_per_second": round(registry["read"]),
        "registry_read_vs_raw": round(registry["read"] / registry["read raw"], 2),
        "registry_finds_per_second": round(registry["find"]),
        "registry_find_vs_raw": round(registry["find"] / registry["find raw"], 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

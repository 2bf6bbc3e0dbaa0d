# SPDX-License-Identifier: EUPL-1.2
"""A register of made-up parcels for benchmarks: three fields in full text, one field to filter by."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path

from flagstone.blocks.registry.model.definition_reader import parse_definition
from flagstone.blocks.registry.model.lineage import lineage
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store import derived
from flagstone.blocks.registry.store.tables import SCHEMA, record
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import SystemClock, rfc3339
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database

BY, WHY = Caller(job("bench")), Reason("Benchmark")
CODE = "parcels"
NAMES = [
    first + middle + last
    for first, middle, last in product(
        ("ka", "lo", "mi", "na", "pe", "ro", "sa", "te", "va", "ju"),
        ("ri", "la", "no", "su", "me", "to", "ha", "vi", "ne", "ki"),
        ("nd", "la", "ma", "st", "re", "vere", "maa", "li", "ke", "su"),
    )
]
DEFINITION = parse_definition(
    {
        "code": CODE,
        "version": "1.0",
        "title": {"en": "Parcels"},
        "kind": "locations",
        "owner": "XA/GOV/10000001",
        "key": "number",
        "fields": [
            {"code": "number", "type": "text", "title": {"en": "Number"}, "required": True},
            {"code": "farm", "type": "text", "title": {"en": "Farm"}, "search": True},
            {"code": "village", "type": "text", "title": {"en": "Village"}, "search": True, "filter": True},
            {"code": "note", "type": "text", "title": {"en": "Note"}, "search": True},
            {"code": "area", "type": "decimal", "title": {"en": "Hectares"}},
        ],
        "permits": {"anyone": ["list", "read"]},
    }
)
SHAPE = lineage([DEFINITION]).newest


class NoSecrets:
    """Seals nothing, for a register without secrets."""

    def seal(self, context: str, _plaintext: bytes, /) -> bytes:
        """Refuse."""
        raise ValueError(context)

    def open(self, context: str, _sealed: bytes, /) -> bytes:
        """Refuse."""
        raise ValueError(context)


def parcel(number: int) -> Mapping[str, str]:
    """Return one parcel: farm and village by chance that repeats, a word of its own in the note."""
    chance = number * 2_654_435_761 % 2**32
    return {
        "number": f"{number:08d}",
        "farm": NAMES[chance % 997],
        "village": NAMES[chance // 997 % 991],
        "note": f"plan {number:07d}",
        "area": f"{chance % 9_000}.{chance % 97:02d}",
    }


def open_register(folder: Path) -> tuple[Database, Service]:
    """Return a fresh database, and the service over it with the register published and empty."""
    location = engine.sqlite(folder / "registry.sqlite")
    database = Database(SCHEMA, location, "bench/bench/registry", clock=SystemClock())
    migration.migrate(database)
    service = Service(database, NoSecrets(), {})
    service.publish(BY, DEFINITION, WHY)
    return database, service


def fill(database: Database, numbers: range) -> None:
    """Write parcels through the audited door, with full text, in one transaction."""
    with database.writing(BY.actor, WHY) as write:
        at = rfc3339(write.at)
        rows = [
            {
                "register": CODE,
                "id": f"{number:08d}",
                "version": "1.0",
                "data": parcel(number),
                "valid_from": at[:10],
                "recorded_at": at,
            }
            for number in numbers
        ]
        written = write.insert_many(record, rows)
        derived.add(write, CODE, [derived.derive(SHAPE, row) for row in written])

# SPDX-License-Identifier: EUPL-1.2
"""What a register holds and tells: records, their history, who read them, searches and imports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from flagstone.blocks.registry.contract.register import Data
from flagstone.kernel.audit import ActorKind, Reason
from flagstone.kernel.ids import PersonCode

PAGE_SIZE_MAX = 200


BULK_MAX = 1_000


IMPORT_ROWS_MAX = 200_000


FINDINGS_MAX = 200


READINGS_MAX = 1_000
"""Most readings in one answer."""


OWN_ACCESS = "own access"
"""The purpose that is recorded when a person reads what concerns herself."""


@dataclass(frozen=True)
class Record:
    """A record as one version of its register shows it, with only the fields the caller may see.

    `valid_from` is when the fact became true in the world; `recorded_at` when the register learned it.
    """

    register: str
    id: str
    version: str
    revision: int
    data: Data
    valid_from: date
    recorded_at: datetime
    archived: bool = False


@dataclass(frozen=True)
class Revision:
    """One entry of a record's history: the record as it then was, who made it so and why."""

    record: Record
    operation: str
    actor_name: str
    organisation: str
    reason: Reason
    journal_sequence: int


@dataclass(frozen=True)
class Reading:
    """One read of a person's data (DRS-8): who, what, why, when.

    `on_behalf` is the end user as the asking member names him; the person concerned is not told.
    """

    id: str
    person: PersonCode
    register: str
    record_id: str
    fields: tuple[str, ...]
    actor_id: str
    actor_name: str
    organisation: str
    system: str
    reason: Reason
    at: datetime
    actor_kind: ActorKind = ActorKind.OFFICIAL
    on_behalf: str = field(default="", repr=False)


@dataclass(frozen=True)
class Query:
    """What to look for: words, exact values by field, an order, and a page.

    `search` matches every word as a prefix, without regard to case and accents. `order_by` is a
    field code, with `-` before it for descending. `page` counts from 1. `fields`, when not empty, are the
    only ones that are needed, and so the only ones that are shown and recorded as seen.
    """

    search: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    order_by: str = ""
    page: int = 1
    page_size: int = 25
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Page:
    """One page of records and the count of all that match."""

    records: tuple[Record, ...]
    total: int
    page: int
    page_size: int


@dataclass(frozen=True)
class Finding:
    """One thing wrong in an imported file: its row (1 is the first after the header) and column."""

    row: int
    column: str
    code: str
    message: str


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or with `dry_run` would do; nothing is written while findings remain."""

    register: str
    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    findings: tuple[Finding, ...]
    findings_left_out: int = 0

    @property
    def clean(self) -> bool:
        """Tell whether every row can be taken."""
        return not self.findings

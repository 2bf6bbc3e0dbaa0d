# SPDX-License-Identifier: EUPL-1.2
"""The promise of the registry, kept by `service.Service` and, to another site, by `client.Client`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Protocol

from flagstone.blocks.registry.contract.record import (
    ImportReport,
    Page,
    Query,
    Reading,
    Record,
    Revision,
)
from flagstone.blocks.registry.contract.register import Data, RegisterDefinition, Value
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.ids import PersonCode


class Registry(Protocol):
    """The promise of the registry; kept by `service.Service` and, to another site, by `client.Client`.

    Every method checks the caller's roles against the register's permits. A read of a register with
    persons records a `Reading` for each person shown, before it returns. Faults are those above.
    """

    def definitions(self, caller: Caller) -> tuple[RegisterDefinition, ...]:
        """Return the newest published version of each register the caller may use."""
        ...

    def definition(self, register: str, version: str = "") -> RegisterDefinition:
        """Return one version of a register, the newest published one by default."""
        ...

    def publish(self, caller: Caller, definition: RegisterDefinition, reason: Reason) -> None:
        """Publish a new version; BreakingChangeUndeclared when it silently breaks the one before."""
        ...

    def find(self, caller: Caller, register: str, query: Query, reason: Reason, *, version: str = "") -> Page:
        """Return the page of records that match `query`."""
        ...

    def read(
        self, caller: Caller, register: str, record_id: str, reason: Reason, *, version: str = ""
    ) -> Record:
        """Return one record by id."""
        ...

    def exists(
        self, caller: Caller, register: str, example: Data, reason: Reason, *, version: str = ""
    ) -> bool:
        """Tell whether a record has all of the values of `example`; a hit is a read of its persons' data."""
        ...

    def create(
        self,
        caller: Caller,
        register: str,
        data: Data,
        reason: Reason,
        *,
        version: str = "",
        valid_from: date | None = None,
    ) -> Record:
        """Register a record; RecordInvalid, RecordExists."""
        ...

    def update(
        self,
        caller: Caller,
        register: str,
        record_id: str,
        changes: Data,
        reason: Reason,
        *,
        version: str = "",
        expected_revision: int | None = None,
        valid_from: date | None = None,
    ) -> Record:
        """Change the named fields of a record; a null removes a field."""
        ...

    def create_many(
        self, caller: Caller, register: str, rows: Iterable[Data], reason: Reason, *, version: str = ""
    ) -> tuple[Record, ...]:
        """Register at most `BULK_MAX` records in one transaction, all or none."""
        ...

    def archive(self, caller: Caller, register: str, record_id: str, reason: Reason) -> None:
        """Archive a record: it leaves searches, its history stays (soft delete)."""
        ...

    def history(self, caller: Caller, register: str, record_id: str, reason: Reason) -> tuple[Revision, ...]:
        """Return every revision of a record, the newest first."""
        ...

    def as_of(
        self,
        caller: Caller,
        register: str,
        record_id: str,
        reason: Reason,
        *,
        valid_on: date,
        recorded_by: datetime,
    ) -> Record:
        """Return the record as it held on `valid_on`, by what was recorded up to `recorded_by`."""
        ...

    def read_log(self, caller: Caller, register: str, record_id: str) -> tuple[Reading, ...]:
        """Return who read a record, the newest first."""
        ...

    def readings_of(
        self,
        caller: Caller,
        person: PersonCode,
        register: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> tuple[Reading, ...]:
        """Return who read a person's data from `since` up to and not including `until`, the newest first.

        For that person herself (DRS-8), to whom readings that are hidden as yet are not shown, and for an
        auditor and the site's tracker, to whom they are. At most `READINGS_MAX`; QueryInvalid past that.
        """
        ...

    def count_readings_of(
        self,
        caller: Caller,
        person: PersonCode,
        register: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Return how many readings `readings_of` has to show to the caller."""
        ...

    def hidden_readings_of(
        self,
        caller: Caller,
        person: PersonCode,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Return how many readings of a person's data are hidden from her as yet; the same may ask."""
        ...

    def readings_by_message(self, caller: Caller, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return how many readings each message made, by its reference; for an auditor and the tracker."""
        ...

    def facts_about(self, caller: Caller, person: PersonCode, reason: Reason) -> tuple[Record, ...]:
        """Return every record that concerns `person`, from every register, for that person herself."""
        ...

    def load(
        self,
        caller: Caller,
        register: str,
        rows: Iterable[Mapping[str, Value]],
        reason: Reason,
        *,
        dry_run: bool,
    ) -> ImportReport:
        """Check and then take rows, by key: new ones are created, known ones updated, equal ones left."""
        ...

    def export(self, caller: Caller, register: str, query: Query, reason: Reason) -> Iterator[Record]:
        """Yield every record that matches `query`, ordered by id; paging is ignored."""
        ...

# SPDX-License-Identifier: EUPL-1.2
"""`Service`: the registry on a database of this site, as its contract promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from flagstone.blocks.registry.contract.record import ImportReport, Page, Query, Reading, Record, Revision
from flagstone.blocks.registry.contract.register import Data, RegisterDefinition, Value
from flagstone.blocks.registry.model.values import Checks
from flagstone.blocks.registry.service.catalogue import Catalogue
from flagstone.blocks.registry.service.history import History
from flagstone.blocks.registry.service.loading import Loading
from flagstone.blocks.registry.service.looking import Means
from flagstone.blocks.registry.service.reads import Reads
from flagstone.blocks.registry.service.secrets import Sealer, Secrets
from flagstone.blocks.registry.service.writes import Correction, Writes
from flagstone.blocks.registry.store.readings import Sought
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.database import Database


class Service:
    """Keeps `contract.Registry` on one database; safe to share between threads."""

    def __init__(self, database: Database, sealer: Sealer, checks: Checks) -> None:
        """Work on `database`, with `sealer` for secret fields and the country's named `checks`."""
        self._catalogue = Catalogue(database, checks)
        means = Means(database, self._catalogue, Secrets(sealer), checks)
        self._reads = Reads(means)
        self._history = History(means)
        self._writes = Writes(means)
        self._loading = Loading(means)

    def definitions(self, caller: Caller) -> tuple[RegisterDefinition, ...]:
        """See `contract.Registry.definitions`."""
        return self._catalogue.definitions(caller)

    def definition(self, register: str, version: str = "") -> RegisterDefinition:
        """See `contract.Registry.definition`."""
        return self._catalogue.lineage(register).at(version).definition

    def publish(self, caller: Caller, definition: RegisterDefinition, reason: Reason) -> None:
        """See `contract.Registry.publish`; also archives a version and keeps a draft, by its status."""
        self._catalogue.publish(caller, definition, reason)

    def find(self, caller: Caller, register: str, query: Query, reason: Reason, *, version: str = "") -> Page:
        """See `contract.Registry.find`."""
        return self._reads.find(caller, register, query, reason, version)

    def read(
        self, caller: Caller, register: str, record_id: str, reason: Reason, *, version: str = ""
    ) -> Record:
        """See `contract.Registry.read`."""
        return self._reads.read(caller, register, record_id, reason, version)

    def exists(
        self, caller: Caller, register: str, example: Data, reason: Reason, *, version: str = ""
    ) -> bool:
        """See `contract.Registry.exists`."""
        return self._reads.exists(caller, register, example, reason, version)

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
        """See `contract.Registry.create`."""
        return self._writes.create(caller, (register, version), data, reason, valid_from)

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
        """See `contract.Registry.update`."""
        correction = Correction(changes, expected_revision, valid_from)
        return self._writes.update(caller, (register, version), record_id, correction, reason)

    def create_many(
        self, caller: Caller, register: str, rows: Iterable[Data], reason: Reason, *, version: str = ""
    ) -> tuple[Record, ...]:
        """See `contract.Registry.create_many`."""
        return self._writes.create_many(caller, (register, version), iter(rows), reason)

    def archive(self, caller: Caller, register: str, record_id: str, reason: Reason) -> None:
        """See `contract.Registry.archive`."""
        self._writes.archive(caller, register, record_id, reason)

    def history(self, caller: Caller, register: str, record_id: str, reason: Reason) -> tuple[Revision, ...]:
        """See `contract.Registry.history`."""
        return self._history.history(caller, register, record_id, reason)

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
        """See `contract.Registry.as_of`."""
        return self._history.as_of(caller, (register, record_id), reason, valid_on, recorded_by)

    def read_log(self, caller: Caller, register: str, record_id: str) -> tuple[Reading, ...]:
        """See `contract.Registry.read_log`."""
        return self._history.read_log(caller, register, record_id)

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
        """See `contract.Registry.readings_of`."""
        return self._history.readings_of(caller, Sought(person, register, since, until), offset, limit)

    def count_readings_of(
        self,
        caller: Caller,
        person: PersonCode,
        register: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """See `contract.Registry.count_readings_of`."""
        return self._history.count_readings_of(caller, Sought(person, register, since, until))

    def hidden_readings_of(
        self,
        caller: Caller,
        person: PersonCode,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """See `contract.Registry.hidden_readings_of`."""
        return self._history.hidden_readings_of(caller, Sought(person, since=since, until=until))

    def readings_by_message(self, caller: Caller, since: datetime, until: datetime) -> Mapping[str, int]:
        """See `contract.Registry.readings_by_message`."""
        return self._history.readings_by_message(caller, since, until)

    def facts_about(self, caller: Caller, person: PersonCode, reason: Reason) -> tuple[Record, ...]:
        """See `contract.Registry.facts_about`."""
        return self._reads.facts_about(caller, person, reason)

    def load(
        self,
        caller: Caller,
        register: str,
        rows: Iterable[Mapping[str, Value]],
        reason: Reason,
        *,
        dry_run: bool,
    ) -> ImportReport:
        """See `contract.Registry.load`."""
        return self._loading.load(caller, register, rows, reason, dry_run=dry_run)

    def export(self, caller: Caller, register: str, query: Query, reason: Reason) -> Iterator[Record]:
        """See `contract.Registry.export`."""
        return self._reads.export(caller, register, query, reason)

# SPDX-License-Identifier: EUPL-1.2
"""`Log`: every reading of personal data in the order of time; keeps `contract.reading_log.ReadingLog`."""

from __future__ import annotations

from datetime import datetime

from flagstone.blocks.registry.contract.faults import NotPermitted, QueryInvalid
from flagstone.blocks.registry.contract.record import READINGS_MAX, Reading
from flagstone.blocks.registry.model import permits
from flagstone.blocks.registry.store import readings
from flagstone.kernel.audit import Caller
from flagstone.platform.storage.database import Database


class Log:
    """Reads the log of one database."""

    def __init__(self, database: Database) -> None:
        """Read the registry's `database`."""
        self._database = database

    def readings_between(
        self, caller: Caller, since: datetime, until: datetime, *, after: str = "", limit: int
    ) -> tuple[Reading, ...]:
        """See `contract.reading_log.ReadingLog`; at most READINGS_MAX, QueryInvalid past that."""
        if not permits.audits(caller):
            raise NotPermitted("reading everybody's log")
        if not 1 <= limit <= READINGS_MAX:
            raise QueryInvalid(f"at most {READINGS_MAX} readings")
        with self._database.reading() as view:
            return readings.between(view, since, until, after=after, limit=limit)

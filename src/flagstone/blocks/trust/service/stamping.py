# SPDX-License-Identifier: EUPL-1.2
"""The time-stamping authority (RFC 3161): a serial number once, and never a time before the last one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog

from flagstone.blocks.trust.contract.faults import ClockBehind
from flagstone.blocks.trust.contract.keys import Purpose
from flagstone.blocks.trust.model.stamping import Reserved, covers, require_forward, reserved
from flagstone.blocks.trust.service.issuing import no_probe
from flagstone.blocks.trust.service.ring import Ring
from flagstone.blocks.trust.service.terms import US, Means
from flagstone.blocks.trust.store import queries
from flagstone.blocks.trust.store.tables import stampings
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.timestamp_authority import (
    SYSTEM_FAILURE,
    TIME_NOT_AVAILABLE,
    Authority,
    grant,
    rejection,
)
from flagstone.platform.storage.faults import AlreadyThere, ChangedMeanwhile

RESERVING = Reason("reserve serial numbers of time-stamps")
ATTEMPTS = 5
SERIES = "tsa"
"""The one series of serial numbers of this authority, whatever key signs."""

log = structlog.get_logger("flagstone.trust")


class Stamping:
    """Stamps time; keeps `Stamper`. Safe to share between threads."""

    def __init__(self, means: Means, ring: Ring, *, probe: Callable[[str], None] = no_probe) -> None:
        """Sign with the newest active key for it in `ring`."""
        self._means, self._ring, self._probe = means, ring, probe
        self._block: Reserved | None = None
        self._next = 0
        self._last: datetime | None = None
        self._lock = threading.Lock()

    def stamp(self, query: bytes) -> bytes:
        """Return the DER TimeStampResp to a query; what cannot be granted is told in it (2.4.2)."""
        try:
            return self._granted(query)
        except Fault as fault:
            log.warning("time not stamped", code=fault.code)
            behind = isinstance(fault, ClockBehind)
            return rejection(TIME_NOT_AVAILABLE if behind else SYSTEM_FAILURE, fault.title)

    def next(self) -> tuple[int, datetime]:
        """Return a serial number that nobody else gets, and its time; ClockBehind."""
        with self._lock:
            now = self._means.now
            require_forward(self._last, now)
            if self._block is None or not covers(self._block, self._next, now):
                self._block = self._reserved()
                self._next, now = self._block.first, self._block.at
            serial, self._next, self._last = self._next, self._next + 1, now
            return serial, now

    def _granted(self, query: bytes) -> bytes:
        held = self._ring.held(Purpose.TIMESTAMPING)
        if held is None:
            return rejection(SYSTEM_FAILURE, "there is no key to stamp with yet")
        serial, now = self.next()
        self._probe("numbered")
        certificate, *above = (Certificate.read(each) for each in (held.certificate, *held.chain))
        authority = Authority(held.key, certificate, self._means.plan.policy, tuple(above))
        return grant(query, authority, serial=lambda: serial, now=now)

    def _reserved(self) -> Reserved:
        """Put the next serial numbers on record as given out; again when another process was quicker."""
        for _ in range(ATTEMPTS - 1):
            with suppress(ChangedMeanwhile, AlreadyThere):
                return self._reserved_once()
        return self._reserved_once()

    def _reserved_once(self) -> Reserved:
        """Reserve from what is on record; the time is taken after that was read, so it is not before it."""
        with self._means.database.writing(US.actor, RESERVING) as write:
            row = queries.stamping(write, SERIES)
            first = row["next_serial"] if row else 1
            last = parse_rfc3339(row["last"]) if row else None
            block = reserved(first, last, self._means.now)
            values = {"next_serial": block.end, "last": rfc3339(block.at)}
            if row is None:
                write.insert(stampings, {"key": SERIES, **values})
            else:
                write.update(stampings, {"key": SERIES}, values, expected_revision=row["revision"])
        return block

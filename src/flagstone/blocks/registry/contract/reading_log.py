# SPDX-License-Identifier: EUPL-1.2
"""The whole log of readings in the order of time, for whoever watches over it within the same site."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from flagstone.blocks.registry.contract.record import Reading
from flagstone.kernel.audit import Caller


class ReadingLog(Protocol):
    """Kept by `service.reading_log.Log` alone: no other site is told of everybody's readings."""

    def readings_between(
        self, caller: Caller, since: datetime, until: datetime, *, after: str = "", limit: int
    ) -> tuple[Reading, ...]:
        """Return readings from `since` up to and not including `until`, the oldest first, hidden ones too.

        Of those made at the instant `since` only the ones whose id follows `after`: give time and id of the
        last reading to go on behind it. For an auditor and the site's tracker; NotPermitted to others.
        """
        ...

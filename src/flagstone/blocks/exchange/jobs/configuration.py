# SPDX-License-Identifier: EUPL-1.2
"""What the exchange does on the clock: follow the directory, refresh descriptions, end the log."""

from __future__ import annotations

import structlog

from flagstone.blocks.exchange.model.descriptions import difference
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.log_search import retain
from flagstone.blocks.exchange.service.syncing import Sync
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.errors import Fault
from flagstone.platform.storage.database import Database

log = structlog.get_logger("flagstone.exchange")

SYNC_SECONDS = 60
REFRESHER = Caller(job("descriptions of services"))
DAILY = Reason("Descriptions are fetched anew each day")


def sync_directory(sync: Sync) -> None:
    """Follow the centre's directory; for a schedule each `SYNC_SECONDS` at every other site."""
    try:
        if sync.run():
            log.info("directory taken over")
    except Fault as fault:
        log.warning("directory not taken over", code=fault.code, detail=fault.detail)


def refresh_descriptions(service: Service) -> None:
    """Fetch the description of each service that says where it is; for a daily schedule.

    One that cannot be had or used stays as it was. Rights to endpoints that went are taken away.
    """
    for before in list(service.snapshot().services.values()):
        if not before.description_url or not before.enabled:
            continue
        try:
            after = service.refresh(REFRESHER, before.id, DAILY)
        except Fault as fault:
            log.warning("description not refreshed", service=str(before.id), code=fault.code)
            continue
        changed = difference(before.endpoints, after.endpoints)
        log.info(
            "description refreshed",
            service=str(before.id),
            came=[f"{each.method} {each.path}" for each in changed.came],
            went=[f"{each.method} {each.path}" for each in changed.went],
        )


def retain_log(database: Database, days: int) -> None:
    """Remove messages over `days` old from the log; for a daily schedule."""
    removed = retain(database, days)
    if removed:
        log.info("old messages removed", count=removed, days=days)

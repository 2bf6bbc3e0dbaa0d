# SPDX-License-Identifier: EUPL-1.2
"""What happens to evidence on the clock: time-stamps, archives, and the end of old records."""

from __future__ import annotations

import structlog

from flagstone.blocks.exchange.contract.evidence import StampRefused
from flagstone.blocks.exchange.service.evidence.archiving import Archiver
from flagstone.blocks.exchange.service.evidence.stamping import Stamping

log = structlog.get_logger("flagstone.exchange")


def stamp(stamping: Stamping) -> None:
    """Stamp what waits; for a schedule by the policy's interval. A refusal is noted and tried again."""
    try:
        count = stamping.work()
    except StampRefused as refused:
        found = stamping.decision()
        log.warning("no time-stamps", detail=refused.detail, messages_pass=found.passes)
        return
    if count:
        log.info("evidence stamped", records=count)


def archive(archiver: Archiver) -> None:
    """Archive what is stamped; for a schedule of some hours."""
    files = archiver.work()
    if files:
        log.info("evidence archived", files=[each.name for each in files])


def retain(archiver: Archiver, days: int) -> None:
    """Remove archived records over `days` old; for a daily schedule."""
    removed = archiver.retain(days)
    if removed:
        log.info("old evidence removed", records=removed, days=days)

# SPDX-License-Identifier: EUPL-1.2
"""What happens to the global configuration on the clock: published at the centre, fetched everywhere."""

from __future__ import annotations

import structlog

from flagstone.blocks.exchange.service.globalconf.following import Follower
from flagstone.blocks.exchange.service.globalconf.publishing import Publisher
from flagstone.kernel.errors import Fault

log = structlog.get_logger("flagstone.exchange")

PUBLISH_SECONDS = FETCH_SECONDS = 60
FIRST_SECONDS = 3


class First:
    """Fetches soon after a start, as long as nothing that counts is kept; then it has nothing to do."""

    def __init__(self, follower: Follower) -> None:
        """Fetch by `follower`."""
        self._follower = follower
        self._had = False

    def __call__(self) -> None:
        """Fetch unless a configuration counts; for a schedule each `FIRST_SECONDS`."""
        if self._had:
            return
        try:
            self._follower.configuration()
            self._had = True
        except Fault:
            fetch(self._follower)


def publish(publisher: Publisher) -> None:
    """Publish the configuration; for a schedule each `PUBLISH_SECONDS` at the centre."""
    try:
        publisher.keys.ensure()
        published = publisher.publish()
    except (Fault, OSError) as error:
        log.warning("configuration not published", error=getattr(error, "code", type(error).__name__))
        return
    log.info("configuration published", instance=published.instance, stamp=published.stamp)


def fetch(follower: Follower) -> None:
    """Fetch the configuration; for a schedule each `FETCH_SECONDS`."""
    try:
        records = follower.fetch()
    except (Fault, OSError) as error:
        log.warning("configuration not fetched", error=getattr(error, "code", type(error).__name__))
        return
    for each in records:
        if each.good:
            log.info("configuration fetched", instance=each.instance, version=each.version, url=each.url)
        else:
            codes = sorted({finding.code for finding in each.verdict.failed})
            log.warning("configuration not fetched", instance=each.instance, checks=codes)

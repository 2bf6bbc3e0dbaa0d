# SPDX-License-Identifier: EUPL-1.2
"""The whole log of readings, page by page, for the auditor and the tracker alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.contracts.registers import (
    CHECKS,
    CLERK,
    JAAN,
    MARI,
    PEOPLE,
    PLACES,
    SITE,
    WHY,
    definition,
    official,
    person,
    someone,
)
from tests.contracts.sealer import ToySealer

from flagstone.blocks.registry.contract.faults import NotPermitted, QueryInvalid
from flagstone.blocks.registry.contract.record import Reading
from flagstone.blocks.registry.service.reading_log import Log
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA
from flagstone.kernel.audit import Caller, job
from flagstone.platform.storage.database import Database

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

TRACKER = Caller(job("tracker"), frozenset({"tracker"}))


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database(SCHEMA)


def read_five(database: Database, clock: SetClock) -> None:
    """Read two persons five times, the last three at one moment."""
    registry = Service(database, ToySealer(), CHECKS)
    registry.publish(SITE, definition(PLACES), WHY)
    registry.publish(SITE, definition(PEOPLE), WHY)
    one, other = someone(registry, MARI).id, someone(registry, JAAN).id
    for number in (one, other, one, other, one):
        registry.read(CLERK, "people", number, WHY)
        if number == other or not clock.now().microsecond:
            clock.advance(timedelta(microseconds=1))


def test_goes_through_all_readings_in_order_of_time(database: Database, clock: SetClock) -> None:
    start = clock.now()
    read_five(database, clock)
    log, until = Log(database), clock.now() + timedelta(seconds=1)
    every = log.readings_between(TRACKER, start, until, limit=100)
    assert [each.at for each in every] == sorted(each.at for each in every)
    assert {each.person for each in every} == {MARI, JAAN}
    gone_through: list[Reading] = []
    since, after = start, ""
    while step := log.readings_between(TRACKER, since, until, after=after, limit=2):
        gone_through += step
        since, after = step[-1].at, step[-1].id
    assert gone_through == list(every)
    assert log.readings_between(TRACKER, until, until + timedelta(days=1), limit=10) == ()


def test_only_the_auditor_and_the_tracker_go_through(database: Database, clock: SetClock) -> None:
    log, now = Log(database), clock.now()
    assert log.readings_between(official("auditor"), now, now, limit=1) == ()
    for caller in (CLERK, person(MARI), person(MARI).__class__(person(MARI).actor, frozenset({"tracker"}))):
        with pytest.raises(NotPermitted):
            log.readings_between(caller, now, now, limit=1)
    for limit in (0, 1_001):
        with pytest.raises(QueryInvalid):
            log.readings_between(TRACKER, now, now, limit=limit)

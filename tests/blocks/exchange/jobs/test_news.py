# SPDX-License-Identifier: EUPL-1.2
"""What is scheduled carries an event from one register to the other and forgets it after its time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.blocks.exchange.service.news.rig import MARI, SITE, WHY, rig

from flagstone.blocks.exchange.contract.news import DeliveryQuery
from flagstone.blocks.exchange.jobs.news import HEARD, deliver_due, erase_old, publish, react_due
from flagstone.blocks.registry.contract.record import Query
from flagstone.kernel.clock import SetClock

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


def test_the_schedules_do_it_all(open_database: OpenDatabase, clock: SetClock) -> None:
    at = rig(open_database, clock)
    at.registry.create(SITE, "people", {"personal_code": MARI, "given_name": "Mari"}, WHY)
    for one in at.registers.outbox.pending(10):
        assert one.event in HEARD
        publish(at.heard, one.event, one.payload)
    assert (deliver_due(at.courier), react_due(at.inbox)) == (1, 1)
    assert at.registry.find(SITE, "permits", Query(), WHY).total == 1
    assert erase_old(at.news.upkeep, at.inbox) == 0
    clock.advance(timedelta(days=91))
    assert erase_old(at.news.upkeep, at.inbox) == 2  # the event here, and its arrival there
    assert at.news.deliveries(SITE, DeliveryQuery()).total == 0
    assert at.inbox.taken(SITE) == ()

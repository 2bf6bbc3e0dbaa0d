# SPDX-License-Identifier: EUPL-1.2
"""News leaves with the change or not at all, and each listener gets it at least once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere
from tests.platform.storage.toy import SCHEMA, stone

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@dataclass(frozen=True)
class StoneLaid:
    number: int
    colours: tuple[str, ...] = ()


def lay(database: Database, number: int) -> None:
    with database.writing(job("test"), Reason("Test")) as write:
        write.insert(stone, {"quarry": "n", "number": number, "data": {}, "polished": False})
        write.publish(StoneLaid(number, ("grey", "red")))


def taken(database: Database) -> list[tuple[int, str, int]]:
    return [(one.payload["number"], one.listener, one.attempts) for one in database.outbox.pending(100)]


def test_each_listener_gets_each_event_in_order(open_database: OpenDatabase, clock: SetClock) -> None:
    database = open_database(SCHEMA)
    database.outbox.subscribe("StoneLaid", ("archive", "map"))
    lay(database, 1)
    lay(database, 2)
    assert taken(database) == [(1, "archive", 0), (1, "map", 0), (2, "archive", 0), (2, "map", 0)]
    first = database.outbox.pending(1)[0]
    assert (first.event, first.payload, first.occurred_at) == (
        "StoneLaid",
        {"number": 1, "colours": ["grey", "red"]},
        clock.now(),
    )


def test_what_is_delivered_does_not_come_again(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    database.outbox.subscribe("StoneLaid", ("map",))
    lay(database, 1)
    [one] = database.outbox.pending(10)
    database.outbox.delivered(one.id, one.listener)
    database.outbox.delivered(one.id, one.listener)
    assert taken(database) == []


def test_a_failed_delivery_waits_and_comes_again(open_database: OpenDatabase, clock: SetClock) -> None:
    database = open_database(SCHEMA)
    database.outbox.subscribe("StoneLaid", ("map",))
    lay(database, 1)
    [one] = database.outbox.pending(10)
    database.outbox.failed(one.id, one.listener, "TimeoutError", clock.now() + timedelta(seconds=30))
    assert taken(database) == []
    clock.advance(timedelta(seconds=30))
    assert taken(database) == [(1, "map", 1)]


def test_a_given_up_delivery_waits_for_a_person(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    database.outbox.subscribe("StoneLaid", ("map",))
    lay(database, 1)
    [one] = database.outbox.pending(10)
    database.outbox.failed(one.id, one.listener, "ValueError", None)
    assert (taken(database), database.outbox.abandoned()) == ([], 1)
    assert database.outbox.retry() == 1
    assert (taken(database), database.outbox.abandoned()) == ([(1, "map", 0)], 0)


def test_news_of_an_undone_change_is_undone(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    database.outbox.subscribe("StoneLaid", ("map",))
    lay(database, 1)
    [first] = database.outbox.pending(10)
    with pytest.raises(AlreadyThere), database.writing(job("test"), Reason("Test")) as write:
        write.publish(StoneLaid(2))
        write.insert(stone, {"quarry": "n", "number": 1, "data": {}, "polished": False})
    database.outbox.delivered(first.id, first.listener)
    assert taken(database) == []


def test_an_event_that_nobody_listens_to_is_done_with(open_database: OpenDatabase) -> None:
    database = open_database(SCHEMA)
    lay(database, 1)
    assert taken(database) == []
    database.outbox.subscribe("StoneLaid", ("late",))
    assert taken(database) == []

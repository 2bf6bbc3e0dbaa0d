# SPDX-License-Identifier: EUPL-1.2
"""`InboxService`: events that are pushed to this site are kept by their id, then reacted to, once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import Event, State, Taken
from flagstone.blocks.exchange.contract.news_faults import EventUnexpected, NewsNotPermitted
from flagstone.blocks.exchange.contract.news_plan import NewsPlan, Reaction
from flagstone.blocks.exchange.model.news import at_home, check_payload, governs, oversees, pause, system_of
from flagstone.blocks.exchange.model.news_schema import encoded
from flagstone.blocks.exchange.service.news.reacting import Reactor
from flagstone.blocks.exchange.store import news_inbox as store
from flagstone.blocks.exchange.store.news_tables import arrivals, reactions
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Fault
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere
from flagstone.platform.storage.sql import Row

log = structlog.get_logger("flagstone.news")

BATCH = 100
LIST_MAX = 1_000
RETRY_MAX = 1_000
KEEP_DAYS = 90
STEP = 200
INBOX = job("reactions to events")
LATER = Reason("State of a reaction to an event")


class InboxService:
    """Keeps `contract.Inbox` on one database; reactions run when `react_due` is called."""

    def __init__(
        self,
        database: Database,
        plan: NewsPlan,
        reactor: Reactor,
        *,
        owner: ClientId | None = None,
        probe: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Take what the reactions of `plan` wait for; `probe` is told each step.

        Roles count here only in the name of the member `owner`.
        """
        self._database = database
        self._owner = owner
        self._types = {each.id: each for each in plan.types}
        self._reactions = {each.code: each for each in plan.reactions}
        self._reactor = reactor
        self._probe = probe

    def take(self, caller: Caller, event: Event) -> bool:
        """See `contract.Inbox.take`."""
        if system_of(caller) != event.type.room:
            raise NewsNotPermitted("an event comes from its own room")
        awaiting = [each for each in self._reactions.values() if each.event == event.type]
        event_type = self._types.get(event.type)
        if not awaiting or event_type is None:
            raise EventUnexpected
        check_payload(event_type, event.payload)
        with self._database.reading() as view:
            if store.arrived(view, event.id):
                return False
        return self._keep(caller, event, awaiting)

    def taken(self, caller: Caller, *, state: State | None = None, limit: int = 100) -> tuple[Taken, ...]:
        """See `contract.Inbox.taken`."""
        if not oversees(at_home(caller, self._owner)):
            raise NewsNotPermitted
        with self._database.reading() as view:
            rows = store.taken_rows(view, state, min(max(limit, 1), LIST_MAX))
        return tuple(store.taken_of(row) for row in rows)

    def retry(self, caller: Caller, reason: Reason) -> int:
        """See `contract.Inbox.retry`; at most 1,000 at once."""
        if not governs(at_home(caller, self._owner)):
            raise NewsNotPermitted
        with self._database.reading() as view:
            rows = store.abandoned_reactions(view, RETRY_MAX)
        if rows:
            with self._database.writing(caller.actor, reason) as write:
                for row in rows:
                    again = {"state": State.WAITING.value, "attempts": 0, "next_at": rfc3339(write.at)}
                    write.update(reactions, store.reaction_key(row), again)
        return len(rows)

    def react_due(self) -> int:
        """Do every reaction that is due once, the oldest event first; return how many.

        What fails waits for its next attempt, and later ones go on.
        """
        with self._database.reading() as view:
            due = store.due_reactions(view, rfc3339(self._database.clock.now()), BATCH)
        for row in due:
            self._react(row)
        return len(due)

    def erase_old(self, days: int = KEEP_DAYS) -> int:
        """Erase events that came longer ago and have no reaction left to do; return how many."""
        before = rfc3339(self._database.clock.now() - timedelta(days=days))
        with self._database.reading() as view:
            old = store.old_arrivals(view, before, STEP)
        if old:
            with self._database.writing(INBOX, Reason(f"Events are kept for {days} days")) as write:
                for event_id in old:
                    for row in store.reactions_to(write, event_id):
                        write.erase(reactions, store.reaction_key(row))
                    write.erase(arrivals, {"event": event_id})
        return len(old)

    def _keep(self, caller: Caller, event: Event, awaiting: list[Reaction]) -> bool:
        """Write an arrival with what is to be done on it; False when another push came first."""
        try:
            with self._database.writing(caller.actor, Reason("An event came", "", event.id)) as write:
                now = rfc3339(write.at)
                write.insert(arrivals, _arrival(event, now))
                write.insert_many(reactions, [_waiting(event, each, now) for each in awaiting])
        except AlreadyThere:
            return False
        self._probe("event.taken")
        return True

    def _react(self, row: Row) -> None:
        """Do one reaction and set its mark."""
        with self._database.reading() as view:
            arrival = store.arrived(view, row["event"])
        reaction = self._reactions.get(row["reaction"])
        self._probe("reaction.due")
        marks: dict[str, Any] = {"attempts": row["attempts"] + 1, "last_fault": ""}
        try:
            if arrival is None or reaction is None:
                raise EventUnexpected
            records = self._reactor.react(reaction, store.arrived_event(arrival))
            marks |= {"state": State.ACKNOWLEDGED.value, "records": records}
        except Fault as fault:
            marks |= self._failed(row, fault.code)
        except Exception as error:  # noqa: BLE001 - one broken reaction must not stop all later ones
            marks |= self._failed(row, type(error).__name__)
        self._probe("reaction.done")
        with self._database.writing(INBOX, LATER) as write:
            marks["changed_at"] = rfc3339(write.at)
            write.update(reactions, store.reaction_key(row), marks)
        self._probe("reaction.marked")

    def _failed(self, row: Row, fault: str) -> dict[str, str]:
        """Return the marks of a failed attempt; without a next one the reaction is given up."""
        longer = pause(row["attempts"] + 1, secrets.randbelow(1_000) / 1_000)
        log.warning("reaction failed", reaction=row["reaction"], error=fault, abandoned=longer is None)
        if longer is None:
            return {"last_fault": fault, "state": State.ABANDONED.value}
        return {"last_fault": fault, "next_at": rfc3339(self._database.clock.now() + longer)}


def _arrival(event: Event, now: str) -> dict[str, Any]:
    """Return the row of an event that came."""
    return {
        "event": event.id,
        "room": str(event.type.room),
        "type": event.type.code,
        "sequence": event.sequence,
        "at": rfc3339(event.at),
        "taken_at": now,
        "payload": encoded(event.payload),
    }


def _waiting(event: Event, reaction: Reaction, now: str) -> dict[str, Any]:
    """Return the row of a reaction that is to be done."""
    return {
        "event": event.id,
        "reaction": reaction.code,
        "state": State.WAITING.value,
        "attempts": 0,
        "records": 0,
        "changed_at": now,
        "next_at": now,
        "last_fault": "",
    }

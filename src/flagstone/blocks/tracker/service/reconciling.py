# SPDX-License-Identifier: EUPL-1.2
"""Both ends agree: what the exchange's answers told of usages, and the records there are of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flagstone.blocks.tracker import store
from flagstone.blocks.tracker.contract import Messages, PeriodInvalid, Reconciliation, SignalKind
from flagstone.blocks.tracker.model.reconciliation import MARGIN, Recorded, Told, added, compare
from flagstone.blocks.tracker.model.signals import Pattern
from flagstone.blocks.tracker.model.usages import member_code
from flagstone.blocks.tracker.service.terms import US, Means
from flagstone.blocks.tracker.service.watching import Watching
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.ids import fresh_uuid

NAMED_MAX = 500
"""Most message ids that a journaled outcome names; the rest are counted in the answer alone."""

RECONCILING = Reason("compare the exchange's log with the records of use")


class Reconciling:
    """The use case of reconciliation."""

    def __init__(self, means: Means, watching: Watching) -> None:
        """Work with `means`; `watching` raises the signal."""
        self._means, self._watching = means, watching

    def reconcile(self, messages: Messages, since: datetime, until: datetime) -> Reconciliation:
        """Compare a period, keep the outcome, and raise a signal when a record is missing."""
        if since >= until:
            raise PeriodInvalid("the period ends before it begins")
        wider = (since - MARGIN, until + MARGIN)
        told = Told(tuple(messages(since, until)), tuple(messages(*wider)))
        within, ours = self._records(since, until)
        found = compare((since, until), told, Recorded(within, self._records(*wider)[0], ours.keys()))
        with self._means.database.writing(US.actor, RECONCILING) as write:
            row = {
                "id": str(fresh_uuid(write.at)),
                "since": rfc3339(since),
                "until": rfc3339(until),
                "made_at": rfc3339(write.at),
                "messages": found.messages,
                "records": found.records,
                "missing": list(found.missing[:NAMED_MAX]),
                "surplus": list(found.surplus[:NAMED_MAX]),
                "unsaid": found.unsaid,
            }
            write.insert(store.reconciliations, row)
            if not found.complete:
                self._watching.raise_one(write, self._pattern(found))
        return found

    def _records(self, since: datetime, until: datetime) -> tuple[dict[str, int], Mapping[str, int]]:
        """Return how many records each message has, and how many of them are the tracker's own."""
        with self._means.database.reading() as view:
            rows = store.counts_by_message(view, since, until)
        ours = {row["message_id"]: row["records"] for row in rows}
        return added(self._means.registry.readings_by_message(US, since, until), ours), ours

    def _pattern(self, found: Reconciliation) -> Pattern:
        """Return the missing records as something to look at."""
        kind, owner = SignalKind.RECORD_MISSING, member_code(self._means.terms.owner)
        mark = f"{kind.value}/{rfc3339(found.since)}/{rfc3339(found.until)}"
        return Pattern(mark, kind, owner, "", "", found.since.date(), len(found.missing))

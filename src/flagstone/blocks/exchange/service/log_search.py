# SPDX-License-Identifier: EUPL-1.2
"""Looking at the message log: each look is itself recorded, and old records go after their time."""

from __future__ import annotations

from datetime import datetime, timedelta

from flagstone.blocks.exchange.contract.faults import MessageUnknown, QueryInvalid
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.contract.log import Exchanged, LogPage, LogQuery, Side, Traffic
from flagstone.blocks.exchange.model.roles import require_auditor, require_onlooker
from flagstone.blocks.exchange.model.traffic import Counted, span_seconds, traffic_of
from flagstone.blocks.exchange.service.log_rows import Rows
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.blocks.exchange.store import messages
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.database import Database

PAGE_SIZE_MAX = 500
PAGE_MAX = 10_000
ERASED_AT_ONCE = 200
LOOK = Reason("Search of the message log")


class LogSearch:
    """Searches the log of one server."""

    def __init__(self, database: Database, sealer: Sealer, server: ServerId) -> None:
        """Search in `database`; only operators and auditors of the owner of `server` may."""
        self._database = database
        self._rows = Rows(sealer)
        self._server = server

    def search(self, caller: Caller, query: LogQuery) -> LogPage:
        """See `contract.Exchange.search`; header blocks come only for one message or exchange."""
        require_onlooker(caller, self._server)
        if not (1 <= query.page_size <= PAGE_SIZE_MAX and 1 <= query.page <= PAGE_MAX):
            raise QueryInvalid(f"a page has 1 to {PAGE_SIZE_MAX} exchanges")
        with self._database.reading() as view:
            rows, total = messages.search(view, query)
        with self._database.writing(caller.actor, LOOK) as write:
            messages.note_search(write, _words(query), len(rows))
        heads = bool(query.message_id or query.exchange)
        return LogPage(tuple(self._rows.exchanged(row, heads=heads) for row in rows), total)

    def uncover(self, caller: Caller, exchange: str, side: Side, reason: Reason) -> Exchanged:
        """See `contract.Exchange.uncover`; also a look that finds nothing is written down."""
        require_auditor(caller, self._server)
        with self._database.reading() as view:
            rows, _total = messages.search(view, LogQuery(exchange=exchange, side=side, page_size=1))
        with self._database.writing(caller.actor, reason) as write:
            looked = {"exchange": exchange, "side": side.value, "uncovered": "yes"}
            messages.note_search(write, looked, len(rows))
        if not exchange or not rows:
            raise MessageUnknown
        return self._rows.exchanged(rows[0], heads=True)

    def traffic(self, caller: Caller, since: datetime, until: datetime, spans: int) -> tuple[Traffic, ...]:
        """See `contract.Exchange.traffic`."""
        require_onlooker(caller, self._server)
        try:
            seconds = span_seconds(since, until, spans)
        except ValueError as error:
            raise QueryInvalid(str(error)) from error
        first = int(since.timestamp())
        begin = datetime.fromtimestamp(first, since.tzinfo)
        with self._database.reading() as view:
            rows = messages.traffic(view, first, int(until.timestamp()), seconds)
            return tuple(traffic_of((Counted(**row) for row in rows), begin, seconds))


def retain(database: Database, days: int) -> int:
    """Remove what began over `days` ago, some at a time; return how many exchanges went.

    The journal keeps that each was there; its content there is sealed as it was in the log.
    """
    before = database.clock.now() - timedelta(days=days)
    reason = Reason(f"The message log is kept for {days} days")
    removed = 0
    while True:
        with database.reading() as view:
            keys = messages.older(view, before, ERASED_AT_ONCE)
        if not keys:
            return removed
        with database.writing(job("retention of the message log"), reason) as write:
            messages.erase(write, keys)
        removed += len(keys)


def _words(query: LogQuery) -> dict[str, str]:
    """Return what was looked for, as text."""
    parts = {
        "exchange": query.exchange,
        "message_id": query.message_id,
        "client": str(query.client or ""),
        "service": str(query.service or ""),
        "side": query.side.value if query.side else "",
        "since": rfc3339(query.since) if query.since else "",
        "until": rfc3339(query.until) if query.until else "",
        "fault": query.fault,
        "failed_only": "yes" if query.failed_only else "",
        "page": str(query.page),
    }
    return {name: text for name, text in parts.items() if text}

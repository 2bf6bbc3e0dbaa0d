# SPDX-License-Identifier: EUPL-1.2
"""The message log in storage: what passed, how it ended, who looked at it, and what is old enough to go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from flagstone.blocks.exchange.contract.log import LogQuery
from flagstone.blocks.exchange.store.tables import is_fault, log_search, message_request, message_response
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import ColumnElement, Row, Select, Table, and_, case, func, or_, select
from flagstone.platform.storage.writing import Writing

Key = tuple[str, str]
"""Exchange and side."""

SERVER_ERROR = 500
_joined = and_(
    message_response.c.exchange == message_request.c.exchange,
    message_response.c.side == message_request.c.side,
)
_failed = or_(is_fault, message_response.c.status >= SERVER_ERROR)


def add(write: Writing, requests: list[dict[str, Any]], responses: list[dict[str, Any]]) -> None:
    """Add records whose keys are not there yet."""
    write.insert_many(message_request, requests)
    write.insert_many(message_response, responses)


def requests_there(view: Reading, keys: Iterable[Key]) -> set[Key]:
    """Return which of `keys` have a request already."""
    return _there(view, message_request, keys)


def responses_there(view: Reading, keys: Iterable[Key]) -> set[Key]:
    """Return which of `keys` have a response already."""
    return _there(view, message_response, keys)


def _there(view: Reading, table: Table, keys: Iterable[Key]) -> set[Key]:
    wanted = set(keys)
    if not wanted:
        return set()
    exchanges = {exchange for exchange, _ in wanted}
    rows = view.rows(select(table.c.exchange, table.c.side).where(table.c.exchange.in_(exchanges)))
    return wanted & {(row["exchange"], row["side"]) for row in rows}


def search(view: Reading, query: LogQuery) -> tuple[list[Row], int]:
    """Return one page of requests with their responses (names begin with `response_`), and the count."""
    answered = [
        column.label(f"response_{column.name}")
        for column in message_response.columns
        if column.name not in {"exchange", "side", "revision", "deleted_at"}
    ]
    conditions = list(_conditions(query))
    outer = message_request.outerjoin(message_response, _joined)
    found = (
        select(message_request, *answered)
        .select_from(outer)
        .where(*conditions)
        .order_by(message_request.c.at.desc(), message_request.c.exchange, message_request.c.side)
        .limit(query.page_size)
        .offset((query.page - 1) * query.page_size)
    )
    total = view.scalar(select(func.count()).select_from(outer).where(*conditions))
    return view.rows(found), int(total)


def traffic(view: Reading, since: int, until: int, seconds: int) -> Iterator[Row]:
    """Yield how often each duration came, by span, service and side, for requests from `since` until `until`.

    Times are seconds since 1970; a span has `seconds`. Columns are those of `model.traffic.Counted`.
    """
    query: Select[Any] = (
        select(
            ((message_request.c.second - since) // seconds).label("span"),
            message_request.c.service,
            message_request.c.side,
            message_response.c.milliseconds,
            func.count().label("count"),
            func.sum(case((_failed, 1), else_=0)).label("failed"),
        )
        .select_from(message_request.join(message_response, _joined))
        .where(message_request.c.at >= _at(since), message_request.c.at < _at(until))
        .group_by("span", message_request.c.service, message_request.c.side, message_response.c.milliseconds)
        .order_by("span", message_request.c.service, message_request.c.side, message_response.c.milliseconds)
    )
    return view.stream(query)


def _at(second: int) -> str:
    """Return a second since 1970 as the log has it."""
    return rfc3339(datetime.fromtimestamp(second, UTC))


def note_search(write: Writing, query: Mapping[str, str], found: int) -> None:
    """Write down that somebody looked at the log."""
    write.insert(log_search, {"id": str(fresh_uuid(write.at)), "query": dict(query), "found": found})


def older(view: Reading, than: datetime, limit: int) -> list[Key]:
    """Return the keys of at most `limit` exchanges that began before `than`, the oldest first."""
    query = select(message_request.c.exchange, message_request.c.side).where(
        message_request.c.at < rfc3339(than)
    )
    rows = view.rows(query.order_by(message_request.c.at).limit(limit))
    return [(row["exchange"], row["side"]) for row in rows]


def erase(write: Writing, keys: Iterable[Key]) -> None:
    """Remove exchanges from the log, with their responses."""
    wanted = list(keys)
    answered = responses_there(write, wanted)
    for exchange, side in wanted:
        key = {"exchange": exchange, "side": side}
        write.erase(message_request, key)
        if (exchange, side) in answered:
            write.erase(message_response, key)


def _conditions(query: LogQuery) -> Iterator[ColumnElement[bool]]:
    """Yield what must hold for an exchange to match."""
    request = message_request.c
    for column, value in (
        (request.exchange, query.exchange),
        (request.message_id, query.message_id),
        (request.client, str(query.client) if query.client else ""),
        (request.service, str(query.service) if query.service else ""),
        (request.side, query.side.value if query.side else ""),
        (message_response.c.fault, query.fault),
    ):
        if value:
            yield column == value
    if query.fault:
        yield is_fault
    if query.since is not None:
        yield request.at >= rfc3339(query.since)
    if query.until is not None:
        yield request.at < rfc3339(query.until)
    if query.failed_only:
        yield _failed

# SPDX-License-Identifier: EUPL-1.2
"""The message log: searched without a person's data in any address, shown with what names persons covered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Path as PathParameter
from fastapi import Query as QueryParameter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid, MessageUnknown
from flagstone.blocks.exchange.contract.log import Exchanged, LogQuery, Side
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.console.asking import (
    LOOK,
    NOTHING_FILLED,
    PREFIX,
    Filled,
    FormOf,
    attempt,
    filled,
)
from flagstone.blocks.exchange.web.console.header_block import header_block
from flagstone.blocks.exchange.web.console.parts import Desk, caller_of, offered
from flagstone.blocks.exchange.web.console.searches import Searches
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import Routes, role

PAGE_SIZE = 25
SINCE = {
    "hour": (_("the last hour"), timedelta(hours=1)),
    "day": (_("the last day"), timedelta(days=1)),
    "week": (_("the last week"), timedelta(days=7)),
    "ever": (_("as long as the log goes back"), None),
}
SIDES = {Side.CONSUMER: _("asked from here"), Side.PROVIDER: _("answered here")}

PageNumber = Annotated[int, QueryParameter(ge=1, le=100_000)]
ExchangeId = Annotated[str, PathParameter(max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


class Messages:
    """The pages under `/desk/exchange/messages`."""

    def __init__(self, desk: Desk) -> None:
        """Search the log of `desk`."""
        self._desk = desk
        self._searches = Searches(desk.clock)

    def declare(self, routes: Routes) -> None:
        """Add the pages to `routes`."""
        routes.get("/messages", access=LOOK)(self.search_form)
        routes.post("/messages", access=LOOK)(self.search)
        routes.get("/messages/found/{handle}", access=LOOK)(self.results)
        routes.get("/messages/{side}/{exchange}", access=LOOK)(self.message)
        routes.post("/messages/{side}/{exchange}", access=role("auditor"))(self.uncover)

    def search_form(self, request: Request) -> Response:
        """Show the search form."""
        return self._search_page(request, Filled({"since": "day"}))

    def search(self, request: Request, form: FormOf) -> Response:
        """Keep the search and lead to what it finds."""
        sent = filled(form)
        query = query_of(sent, self._desk.clock)
        if isinstance(query, Filled):
            return self._search_page(request, query)
        handle = self._searches.keep(_owner(request), query)
        return RedirectResponse(f"{PREFIX}/messages/found/{handle}", 303)

    def _search_page(self, request: Request, form: Filled) -> Response:
        snapshot = self._desk.exchange.snapshot()
        return self._desk.show(
            request, "messages", form, snapshot=snapshot, services=offered(snapshot), spans=SINCE, sides=SIDES
        )

    def results(self, request: Request, handle: str, page: PageNumber = 1) -> Response:
        """Show one page of exchanges, the newest first."""
        query = self._searches.find(_owner(request), handle)
        found = self._desk.exchange.search(caller_of(request), replace(query, page=page, page_size=PAGE_SIZE))
        return self._desk.show(
            request,
            "messages_found",
            found=found,
            page=page,
            page_size=PAGE_SIZE,
            address=f"{PREFIX}/messages/found/{handle}?page=",
            back=handle,
            sides=SIDES,
        )

    def message(self, request: Request, side: Side, exchange: ExchangeId) -> Response:
        """Show one exchange with what may name persons covered."""
        return self._covered(request, side, exchange, NOTHING_FILLED)

    def uncover(self, request: Request, side: Side, exchange: ExchangeId, form: FormOf) -> Response:
        """Show one exchange whole to an auditor who says why."""
        sent, seen = filled(form), list[Exchanged]()
        exchanges = self._desk.exchange

        def act(reason: Reason) -> None:
            seen.append(exchanges.uncover(caller_of(request), exchange, side, reason))

        said = attempt(sent, act)
        if said:
            return self._covered(request, side, exchange, said)
        return self._page(request, seen[0], NOTHING_FILLED, uncovered=True)

    def _covered(self, request: Request, side: Side, exchange: str, form: Filled) -> Response:
        query = LogQuery(exchange=exchange, side=side, page_size=1)
        found = self._desk.exchange.search(caller_of(request), query).exchanges
        if not found:
            raise MessageUnknown
        return self._page(request, found[0], form, uncovered=False)

    def _page(self, request: Request, found: Exchanged, form: Filled, *, uncovered: bool) -> Response:
        answer = found.response
        context: dict[str, Any] = {
            "asked": header_block(found.request.head, uncovered=uncovered),
            "answered": header_block(answer.head, uncovered=uncovered) if answer else None,
            "may_uncover": current(request).holds("auditor") and not uncovered,
        }
        return self._desk.show(
            request, "message", form, found=found, uncovered=uncovered, sides=SIDES, **context
        )


def query_of(form: Filled, clock: Clock) -> LogQuery | Filled:
    """Return what `form` looks for, or the form with what is wrong with it."""
    flaws: list[Flaw] = []
    span = SINCE.get(form.text("since"), SINCE["day"])[1]
    side = next((each for each in Side if each.value == form.text("side")), None)
    query = LogQuery(
        message_id=form.text("message")[:300],
        client=_read(form, "client", names.client_named, flaws),
        service=_read(form, "service", names.service_named, flaws),
        side=side,
        since=_ago(clock, span),
        fault=form.text("fault")[:200],
        failed_only=form.text("failed") == "yes",
    )
    return form.wrong(*flaws) if flaws else query


def _ago(clock: Clock, span: timedelta | None) -> datetime | None:
    return None if span is None else clock.now() - span


def _read(form: Filled, name: str, read: Callable[[str], Any], flaws: list[Flaw]) -> Any:
    if not form.text(name):
        return None
    try:
        return read(form.text(name))
    except IdentifierInvalid:
        flaws.append(Flaw(f"/{name}", _("Write the identifier with a slash between its parts")))
        return None


def _owner(request: Request) -> str:
    who = current(request)
    return f"{who.session} {who.caller.actor.id}"

# SPDX-License-Identifier: EUPL-1.2
"""The exchange's pages and interfaces on the web port; messages have their own doors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flagstone.blocks.exchange.web.console.console import MENU as EXCHANGE_MENU
from flagstone.blocks.exchange.web.console.console import console_routes
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.blocks.exchange.web.directory import DirectoryApi
from flagstone.blocks.exchange.web.news import NewsApi
from flagstone.kernel.clock import Clock
from flagstone.platform.http.pages import Pages
from flagstone.platform.http.routes import Routes

if TYPE_CHECKING:
    from flagstone.app.site import Site

__all__ = ["EXCHANGE_MENU", "exchange_routes"]


def exchange_routes(site: Site, pages: Pages, clock: Clock) -> Sequence[Routes]:
    """Return the operators' console, and at the centre the directory; nothing without an exchange."""
    exchange = site.services.exchange
    if exchange is None:
        return ()
    service = exchange.service
    desk = Desk(service, service, pages, clock, is_centre=exchange.is_centre, status=exchange.path.status)
    centre = (DirectoryApi(service).routes(),) if exchange.is_centre else ()
    return (console_routes(desk), *_news_routes(site), *centre)


def _news_routes(site: Site) -> Sequence[Routes]:
    """Return GovStack's paths for events."""
    found = site.services.announcing
    return NewsApi(found.news, found.inbox, found.room).routes() if found else ()

# SPDX-License-Identifier: EUPL-1.2
"""The whole console: every page under `/desk/exchange`, for operators to change and auditors to look at."""

from __future__ import annotations

from flagstone.blocks.exchange.web.console.asking import LOOK, PREFIX
from flagstone.blocks.exchange.web.console.clients import Clients
from flagstone.blocks.exchange.web.console.configuration import ConfigurationPage
from flagstone.blocks.exchange.web.console.members import Members
from flagstone.blocks.exchange.web.console.messages import Messages
from flagstone.blocks.exchange.web.console.overview import Overview
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.blocks.exchange.web.console.rights import Rights
from flagstone.blocks.exchange.web.console.services import Services
from flagstone.blocks.exchange.web.console.traffic import TrafficPages
from flagstone.platform.http.language import marked as _
from flagstone.platform.http.pages import MenuItem
from flagstone.platform.http.routes import Routes

MENU = (MenuItem(PREFIX, _("Exchange"), LOOK.roles),)


def console_routes(desk: Desk) -> Routes:
    """Return the pages of the console."""
    routes = Routes(PREFIX)
    for part in (Overview, Members, Clients, Services, Rights, Messages, TrafficPages, ConfigurationPage):
        part(desk).declare(routes)
    return routes

# SPDX-License-Identifier: EUPL-1.2
"""The pages of the wizard and of its checks, beside the console."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.onboarding import Onboarding
from flagstone.blocks.exchange.web.console.asking import PREFIX
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.blocks.exchange.web.onboarding.checking import Checking
from flagstone.blocks.exchange.web.onboarding.wizard import Wizard
from flagstone.platform.http.routes import Routes


def onboarding_routes(desk: Desk, onboarding: Onboarding) -> Routes:
    """Return the pages under `/desk/exchange/onboard`."""
    routes = Routes(PREFIX)
    Checking(desk, onboarding).declare(routes)
    Wizard(desk, onboarding).declare(routes)
    return routes

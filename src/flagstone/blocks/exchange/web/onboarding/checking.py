# SPDX-License-Identifier: EUPL-1.2
"""The nine checks on a page: each green or red, with what is wrong and what to do."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import Colour, Onboarding
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.console.asking import LOOK, Filled, Named
from flagstone.blocks.exchange.web.console.parts import Desk, caller_of
from flagstone.blocks.exchange.web.onboarding.words import shown
from flagstone.platform.http.routes import Routes


class Checking:
    """The page at `/desk/exchange/onboard/checks`."""

    def __init__(self, desk: Desk, onboarding: Onboarding) -> None:
        """Run the checks of `onboarding`."""
        self._desk = desk
        self._onboarding = onboarding

    def declare(self, routes: Routes) -> None:
        """Add the page to `routes`."""
        routes.get("/onboard/checks", access=LOOK)(self.checks)

    def checks(self, request: Request, service: Named, client: Named) -> Response:
        """Run the nine checks and show what they came to."""
        offered, caller = names.service_named(service), names.client_named(client)
        results = self._onboarding.checks(caller_of(request), offered, caller)
        green = sum(result.colour is Colour.GREEN for result in results)
        systems = self._desk.exchange.snapshot().directory.subsystems
        return self._desk.show(
            request,
            "onboard_checks",
            Filled({"client": client}),
            checks=[shown(result) for result in results],
            green=green,
            service=offered,
            client=caller,
            clients=sorted(each.id for each in systems if each.id != offered.provider),
        )


def checks_path(service: ServiceId, client: ClientId) -> str:
    """Return the way to the checks of `service` with a first call by `client`."""
    return f"/onboard/checks?service={quote(str(service), safe='')}&client={quote(str(client), safe='')}"

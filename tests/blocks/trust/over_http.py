# SPDX-License-Identifier: EUPL-1.2
"""An authority's HTTP form within one process: `Client`, the routes, and a token for each caller."""

from __future__ import annotations

from fastapi.testclient import TestClient
from tests.blocks.registry.web.over_http import CallersByToken, InProcess

from flagstone.blocks.trust.client import Client
from flagstone.blocks.trust.service.service import Service
from flagstone.blocks.trust.web.api import EnrollingApi
from flagstone.blocks.trust.web.protocol import Protocols
from flagstone.platform.http.application import Application, Edge, Keepers, assemble


def application(service: Service, callers: CallersByToken) -> Application:
    """Return the authority's interfaces without its pages."""
    return assemble(
        [EnrollingApi(service).routes(), Protocols(service, service.means.database.clock).routes()],
        edge=Edge("Aralia", "0.1", frozenset({"testserver", "127.0.0.1"})),
        keepers=Keepers(bearers=callers),
    )


def over_http(service: Service) -> Client:
    """Return the authority as another site sees it."""
    callers = CallersByToken()
    return Client(InProcess(TestClient(application(service, callers))), callers.token)

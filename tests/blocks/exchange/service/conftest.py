# SPDX-License-Identifier: EUPL-1.2
"""A site onto whose exchange systems are brought, with a door that answers as told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.blocks.exchange.service.exchanges import (
    PlainSealer,
    interior,
)
from tests.blocks.exchange.service.onboarding_site import address
from tests.empty import placed

from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.onboarding import Steps
from flagstone.blocks.exchange.service.trying import Trials
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.registry.service.registry import Service as RegistryService
from flagstone.blocks.registry.store.tables import SCHEMA as REGISTRY_SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.storage.database import Database


class Answering(BaseHTTPRequestHandler):
    """Answers every GET with the status and headers that its server has."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        for name, value in self.server.headers.items():  # type: ignore[attr-defined]
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.status, server.headers, server.seen = 404, {}, []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def registry(tmp_path: Path, clock: SetClock) -> Iterator[RegistryService]:
    where = placed(REGISTRY_SCHEMA, tmp_path / "registry.sqlite")
    database = Database(REGISTRY_SCHEMA, where, "aralia/test/registry", clock=clock)
    yield RegistryService(database, PlainSealer(), {})
    database.close()


@pytest.fixture
def exchange(tmp_path: Path, clock: SetClock) -> Iterator[Service]:
    where = placed(SCHEMA, tmp_path / "exchange.sqlite")
    database = Database(SCHEMA, where, "aralia/test/exchange", clock=clock)
    yield interior(database)
    database.close()


@pytest.fixture
def trials(door: HTTPServer) -> Trials:
    return Trials(lambda: address(door), lambda: address(door), "s3cret", lambda: None)


@pytest.fixture
def steps(exchange: Service, registry: RegistryService, trials: Trials, clock: SetClock) -> Steps:
    return Steps(exchange, registry, trials, clock)

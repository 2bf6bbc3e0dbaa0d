# SPDX-License-Identifier: EUPL-1.2
"""A registry's HTTP form within one process: `Client`, the routes, and a token for each caller."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.testclient import TestClient

from flagstone.blocks.registry.client import Client
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.web.caller import Purposes
from flagstone.blocks.registry.web.registers import RegistersApi
from flagstone.kernel.audit import Caller
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.client import Answer
from flagstone.platform.http.principal import Principal


class CallersByToken:
    """Gives each caller a token and finds the caller again."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller] = {}

    def token(self, caller: Caller) -> str:
        token = f"caller-{len(self._callers)}"
        self._callers[token] = caller
        return token

    def find(self, token: str) -> Principal | None:
        caller = self._callers.get(token)
        return Principal(caller) if caller else None


class InProcess:
    """The other site, called without a network."""

    def __init__(self, browser: TestClient) -> None:
        self._browser = browser

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        answer = self._browser.request(method, path, headers=dict(headers or {}), content=body)
        return Answer(answer.status_code, dict(answer.headers), answer.content)


def over_http(registry: Registry) -> Client:
    """Return `registry` as another site sees it."""
    callers = CallersByToken()
    app = assemble(
        [RegistersApi(registry, Purposes()).routes()],
        edge=Edge("Aralia", "0.1", frozenset({"testserver"})),
        keepers=Keepers(bearers=callers),
    )
    return Client(InProcess(TestClient(app)), callers.token)

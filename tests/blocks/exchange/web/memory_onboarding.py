# SPDX-License-Identifier: EUPL-1.2
"""An onboarding that lives in memory: it offers what it is told and makes the checks red on demand."""

from __future__ import annotations

from typing import BinaryIO

from tests.blocks.exchange.web.memory import MemoryExchange

from flagstone.blocks.exchange.contract.faults import FileRefused
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import (
    Api,
    Check,
    CheckResult,
    Colour,
    Columns,
    Offering,
    Preview,
    Why,
)
from flagstone.blocks.exchange.contract.service import Right, ServiceDefinition, ServiceKind
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Flaw


class MemoryOnboarding:
    """Keeps `Onboarding`; `red` is what the checks find wrong."""

    def __init__(self, exchange: MemoryExchange) -> None:
        self.exchange = exchange
        self.red: dict[Check, Why] = {}
        self.files: list[tuple[Columns, bytes]] = []

    def preview(self, caller: Caller, csv: BinaryIO) -> Preview:
        lines = csv.read().decode().splitlines()
        if len(lines) < 2:
            raise FileRefused(flaws=(Flaw("row 1", "the file has no rows"),))
        columns = tuple(lines[0].split(","))
        examples = dict(zip(columns, lines[1].split(","), strict=False))
        return Preview(columns, examples, len(lines) - 1, frozenset(columns) & {"code", "name"})

    def offer_file(
        self, caller: Caller, offering: Offering, columns: Columns, csv: BinaryIO, reason: Reason
    ) -> ServiceDefinition:
        self.files.append((columns, csv.read()))
        return self._offer(caller, offering, reason, "/registry/v1")

    def offer_register(
        self, caller: Caller, offering: Offering, register: str, reason: Reason
    ) -> ServiceDefinition:
        return self._offer(caller, offering, reason, f"/registry/v1/{register}")

    def offer_api(self, caller: Caller, offering: Offering, api: Api, reason: Reason) -> ServiceDefinition:
        return self._offer(caller, offering, reason, api.url)

    def _offer(self, caller: Caller, offering: Offering, reason: Reason, url: str) -> ServiceDefinition:
        service = ServiceDefinition(
            offering.service, ServiceKind.REST, url, offering.title, personal=offering.personal
        )
        self.exchange.offer(caller, service, reason)
        rights = [Right(each, offering.service, purpose=offering.purpose) for each in offering.clients]
        self.exchange.give(caller, rights, reason)
        return service

    def checks(self, caller: Caller, service: ServiceId, client: ClientId) -> tuple[CheckResult, ...]:
        names = {"service": str(service), "client": str(client), "code": "server.x", "seconds": "3"}
        return tuple(
            CheckResult(each, Colour.RED if each in self.red else Colour.GREEN, self.red.get(each), names)
            for each in Check
        )

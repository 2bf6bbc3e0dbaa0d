# SPDX-License-Identifier: EUPL-1.2
"""Assessments ask a register of their own site directly, and another site's by a numbered message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, cast

from flagstone.app.facts import MESSAGE_ID, AskedRegisters
from flagstone.blocks.exchange.client import Door, ThroughExchange
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.registry.client import BASE
from flagstone.blocks.registry.contract.record import Page, Query, Record
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.client import Answer

ME = PersonCode("100")
WHY = Reason("Assessing", "General Act § 7", "request")
SYSTEM = Caller(Actor(ActorKind.JOB, "assessments"))
DATA = {"personal_code": ME, "year": "2025"}


class Here:
    """A registry that notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Caller, str, Query, Reason]] = []

    def find(self, caller: Caller, register: str, query: Query, reason: Reason) -> Page:
        self.asked.append((caller, register, query, reason))
        instant = datetime(2026, 11, 1, tzinfo=UTC)
        record = Record(register, "1", "1.0", 1, DATA, date(2026, 11, 1), instant)
        return Page((record,), 1, 1, 100)


class Wire:
    """Our own server on the exchange, which answers that nothing was found."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, str], Any]] = []

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        self.sent.append((path, dict(headers or {}), json.loads(body)))
        found = {"records": [], "total": 0, "page": 1, "page_size": 100}
        return Answer(200, {}, json.dumps(found).encode())


def test_a_register_of_the_site_is_read_as_its_own_system(clock: SetClock) -> None:
    here = Here()
    registers = AskedRegisters(cast(Registry, here), SYSTEM, clock)
    registers.know("incomes", "XA/GOV/10000107", None)
    heard = registers.ask("incomes", {"personal_code": ME}, frozenset({"year"}), ME, WHY)
    (caller, register, query, reason) = here.asked[0]
    assert (caller, register, query.fields) == (SYSTEM, "incomes", frozenset({"year"}))
    assert (reason.purpose, reason.legal_basis) == (WHY.purpose, WHY.legal_basis)
    assert reason.message_reference == heard.query != ""
    assert heard.source == "XA/GOV/10000107/incomes"
    assert heard.records == (DATA,)
    assert heard.at == clock.now()


def test_another_sites_register_is_asked_by_a_message_that_names_the_person_and_why(clock: SetClock) -> None:
    here, wire = Here(), Wire()
    client = ClientId("XA", "GOV", "10000107", "assessments")
    service = ServiceId(ClientId("XA", "GOV", "10000001", "registry"), "registry")
    registers = AskedRegisters(cast(Registry, here), SYSTEM, clock)
    through = ThroughExchange(Door(wire, client, "secret"), service, prefix=BASE)
    registers.know("individuals", "XA/GOV/10000001", through)
    heard = registers.ask("individuals", {"personal_code": ME}, frozenset({"birth_date"}), ME, WHY)
    (path, headers, body) = wire.sent[0]
    assert path.endswith("/registry/registry/registers/individuals/find")
    assert headers[MESSAGE_ID] == heard.query
    assert headers["X-Road-UserId"] == f"XA{ME}"
    assert headers["X-Road-Client"].endswith("assessments")
    assert headers["Flagstone-Legal-Basis"] == "General%20Act%20%C2%A7%207"
    assert (body["filters"], body["fields"]) == ({"personal_code": ME}, ["birth_date"])
    assert heard.records == ()
    assert here.asked == []
